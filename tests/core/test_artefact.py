"""Artefacts: what goes in comes out, and nothing forged or broken gets through."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness import catalogue
from strangeness.core import artefact
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import FileError
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.nearest_neighbours import NearestNeighbours


class Leaf(eqx.Module):
    value: Any


class Pair(eqx.Module):
    left: Any
    right: Any = eqx.field(static=True)


TABLE = {"Leaf": Leaf, "Pair": Pair}
SAMPLES: list[Any] = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array(3.5),
    np.asfortranarray(np.eye(3, dtype=np.uint32)),
    np.zeros((0, 2), bool),
    np.float64(2.5),
    jnp.arange(3.0),
    ("tanh", 3, None, True, [1.5, "x"]),
    {"a": np.arange(2), "b": {"c": (1,)}},
    Leaf(Pair(np.arange(2), "static")),
]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, eqx.Module):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))  # type: ignore[arg-type]
    if isinstance(a, (np.ndarray, np.generic, jax.Array)):
        return np.asarray(a).dtype == b.dtype and np.array_equal(a, b) and not isinstance(b, jax.Array)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("value", SAMPLES, ids=range(len(SAMPLES)))
def test_round_trip_of_values(tmp_path: Path, value: Any) -> None:
    artefact.save(tmp_path / "a", Leaf(value), about={"detector": "toy", "seed": 1})
    back, about = artefact.load(tmp_path / "a", TABLE)
    assert same(Leaf(value), back) and about == {"detector": "toy", "seed": 1}


@pytest.mark.parametrize("detector", [Mahalanobis(), NearestNeighbours(k=3)])
def test_a_loaded_scorer_scores_the_same(tmp_path: Path, rng: np.random.Generator, detector: Any) -> None:
    batch = make_batch(rng.normal(size=(64, 3)))
    scorer = detector.fit_scorer(ArraySource(batch), key=jax.random.key(0))
    artefact.save(tmp_path / "a", scorer)
    assert np.array_equal(catalogue.load(tmp_path / "a")[0](batch), scorer(batch))


class Stateful:
    """Neither an array nor a JSON value."""


@pytest.mark.parametrize(
    "value", [lambda x: x, Stateful(), jax.nn.relu, {1, 2}, b"raw", np.array([None], object), 1j]
)
def test_what_could_run_code_is_not_saved(tmp_path: Path, value: Any) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises((TypeError, ValueError)):
        artefact.save(tmp_path / "a", Leaf(value))
    assert (tmp_path / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def forge(
    path: Path, value: Any, members: dict[str, bytes] | None = None, *, packed: int = 0, **changes: Any
) -> Path:
    tree = {"format": artefact.FORMAT, "version": artefact.VERSION, "about": {}, "value": value, **changes}
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("strangeness.json", json.dumps(tree))
        for name, content in (members or {}).items():
            archive.writestr(name, content)
    return path


def leaf(value: Any) -> dict[str, Any]:
    return {"class": "Leaf", "fields": {"value": value}}


ARRAY = leaf({"array": 0})
HUGE = (
    b"\x93NUMPY\x01\x00\x46\x00"
    + b"{'descr':'<f8','fortran_order':False,'shape':(10000000000000,)}".ljust(69)
    + b"\n"
)
FORGED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "newer": (
        lambda p: forge(p, leaf({"json": 1}), version=99),
        "has artefact version 99, this program reads up to 1. Update",
    ),
    "version as text": (
        lambda p: forge(p, leaf({"json": 1}), version="1"),
        "is not an artefact or is damaged",
    ),
    "other format": (
        lambda p: forge(p, leaf({"json": 1}), format="other"),
        "is not an artefact or is damaged",
    ),
    "unknown class": (
        lambda p: forge(p, {"class": "Leav", "fields": {}}),
        "unknown class 'Leav'. .*Did you mean Leaf",
    ),
    "module path": (
        lambda p: forge(p, {"class": "equinox._serialisation", "fields": {}}),
        "unknown class 'equinox._serial",
    ),
    "builtin": (
        lambda p: forge(p, {"class": "os.system", "fields": {"command": "true"}}),
        "unknown class 'os.system'",
    ),
    "class as list": (lambda p: forge(p, {"class": ["Leaf"], "fields": {}}), "is damaged"),
    "missing field": (
        lambda p: forge(p, {"class": "Leaf", "fields": {}}),
        r"stores \[\] for Leaf, which has \['value'\]",
    ),
    "extra field": (
        lambda p: forge(p, {"class": "Leaf", "fields": {"value": {"json": 1}, "more": {"json": 1}}}),
        r"stores \['more', 'value'\] for Leaf",
    ),
    "fields as list": (lambda p: forge(p, {"class": "Leaf", "fields": ["value"]}), "is damaged"),
    "unknown node": (lambda p: forge(p, leaf({"eval": "1"})), "is damaged"),
    "node as text": (lambda p: forge(p, leaf("class")), "is damaged"),
    "no array": (lambda p: forge(p, ARRAY), "is damaged"),
    "path for an array": (lambda p: forge(p, leaf({"array": "../0"})), "is damaged"),
    "pickled array": (
        lambda p: forge(p, ARRAY, {"0.npy": npy(np.array([{}], object))}),
        "is damaged .*allow_pickle",
    ),
    "bare pickle": (lambda p: forge(p, ARRAY, {"0.npy": b"\x80\x04K\x01."}), "is damaged"),
    "huge shape": (lambda p: forge(p, ARRAY, {"0.npy": HUGE}), "is damaged"),
    "deep": (lambda p: deep(p), "is damaged"),
    "no zip": (lambda p: write(p, b"junk"), "is not an artefact or is damaged"),
    "empty": (lambda p: write(p, b""), r"is empty \(0 bytes\)"),
    "empty zip": (lambda p: write(p, b"PK\x05\x06" + bytes(18)), "is not an artefact or is damaged"),
    "truncated": (lambda p: cut(p), "is not an artefact or is damaged"),
    "spoiled stream": (lambda p: spoil(p), "is not an artefact or is damaged"),
    "huge member": (lambda p: lie(p), r"claims \d{10} bytes and may have"),
    "bombs": (lambda p: bomb(p, 10), r"claims 31\d{7} bytes and may have"),
    "more than it claims": (lambda p: understate(p), "is damaged"),
    "huge tree": (lambda p: huge_tree(p), "'strangeness.json' claims"),
    "packed in another way": (
        lambda p: forge(p, ARRAY, {"0.npy": npy(np.zeros(9))}, packed=zipfile.ZIP_LZMA),
        "packed in another way",
    ),
    "two members of one name": (lambda p: twice(p), "two members have one name"),
    "one array for two": (
        lambda p: forge(p, leaf({"tuple": [{"array": 0}] * 2}), {"0.npy": npy(np.zeros(9))}),
        "is damaged",
    ),
    "about as a list": (lambda p: forge(p, leaf({"json": 1}), about=[]), "is damaged"),
    "about without end": (lambda p: forge(p, leaf({"json": 1}), about={"a": float("inf")}), "not finite"),
    "about too deep": (lambda p: forge(p, leaf({"json": 1}), about=nested(200)), "more than 100 deep"),
    "value too deep": (lambda p: forge(p, {"tuple": [nested(200)]}), "more than 100 deep"),
} | {
    f"array of {name}": (
        lambda p, array=array: forge(p, ARRAY, {"0.npy": npy(array)}),
        "'0.npy' holds",
    )
    for name, array in {
        "text": np.array(["a"]),
        "bytes": np.array([b"a"]),
        "complex numbers": np.zeros(2, complex),
        "dates": np.zeros(2, "datetime64[s]"),
        "records": np.zeros(2, [("a", "f8")]),
        "long numbers": np.zeros(2, np.longdouble),
    }.items()
}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def deep(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("strangeness.json", "[" * 200_000)
    return path


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"json": 1}
    for _ in range(levels):
        node = {"a": node}
    return node


def bomb(path: Path, members: int) -> Path:
    """300 kB that claim 310 MB together."""
    part = bytes(310_000_000 // members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("strangeness.json", json.dumps({}))
        for index in range(members):
            archive.writestr(f"{index}.npy", part)
    assert path.stat().st_size < 400_000
    return path


def huge_tree(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("strangeness.json", b"[" + b" " * 2**24)
    return path


def understate(path: Path) -> Path:
    """An archive whose directory claims 100 bytes for an array of 8 kB."""
    raw = bytearray(saved(path))
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    return write(path, bytes(raw))


def twice(path: Path) -> Path:
    forge(path, leaf({"json": 1}))
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("strangeness.json", "{}")
    return path


def saved(path: Path) -> bytes:
    artefact.save(path, Leaf(np.random.default_rng(0).normal(size=1000)))
    return path.read_bytes()


def cut(path: Path) -> Path:
    return write(path, saved(path)[:-300])


def spoil(path: Path) -> Path:
    raw = bytearray(saved(path))
    raw[1000:1050] = bytes(50)
    return write(path, bytes(raw))


def lie(path: Path) -> Path:
    """An archive whose directory claims 4 GiB for the array (field at byte 24 of its entry)."""
    raw = bytearray(saved(path))
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = (2**32 - 16).to_bytes(4, "little")
    return write(path, bytes(raw))


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_broken_artefact_is_refused(tmp_path: Path, name: str) -> None:
    make, message = FORGED[name]
    with pytest.raises(FileError, match=message) as caught:
        artefact.load(make(tmp_path / "model.strange"), TABLE)
    assert "model.strange" in str(caught.value) and "\n" not in str(caught.value)


def test_a_forged_activation_is_refused_by_its_module(tmp_path: Path) -> None:
    network = {"class": "Network", "fields": {"layers": {"tuple": []}, "activation": {"json": "os.system"}}}
    with pytest.raises(FileError, match=r"unknown activation 'os.system'"):
        catalogue.load(forge(tmp_path / "a", network))


def test_a_missing_artefact(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        artefact.load(tmp_path / "a", TABLE)


@pytest.mark.parametrize("share", np.linspace(0.01, 0.99, 25))
def test_truncated_at_any_length(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a"
    raw = saved(path)
    write(path, raw[: int(share * len(raw))])
    with pytest.raises(FileError, match="is not an artefact or is damaged"):
        artefact.load(path, TABLE)


def test_arrays_of_another_order_or_byte_order_come_back_as_numbers(tmp_path: Path) -> None:
    array = np.arange(6.0).reshape(2, 3)
    for stored in (np.asfortranarray(array), array.astype(">f8")):
        back, _ = artefact.load(forge(tmp_path / "a", ARRAY, {"0.npy": npy(stored)}), TABLE)
        assert np.array_equal(back.value, array) and back.value.dtype == np.dtype(float)
