"""Files that were forged, broken or never meant for us: one line, exit code 2, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strangeness import catalogue
from strangeness.chain import FittedChain
from strangeness.core import artefact
from strangeness.core.errors import FileError, StrangenessError
from tests.cli import hostile
from tests.cli.samples import columns, write


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the artefact of every kind of chain."""
    folder = tmp_path_factory.mktemp("chains")
    for name in hostile.CHAINS:
        hostile.stored(folder / name, name)
    return folder


_AGAIN = """
import sys
from pathlib import Path
import numpy as np
from strangeness import catalogue
from tests.cli.hostile import CHAINS, events
folder = Path(sys.argv[1])
for name in CHAINS:
    chain, _ = catalogue.load(folder / name)
    score = chain.score(events(30, 8), seed=4)
    np.savez(folder / f"{name}.npz", score=score, p=chain.p_values(score, events(30, 8), seed=4))
"""


def test_every_chain_scores_the_same_in_a_new_process(chains: Path, repository: Path) -> None:
    """One process reads and scores them all; to the last bit, p-values too."""
    subprocess.run([sys.executable, "-c", _AGAIN, str(chains)], cwd=repository, check=True)
    for name in hostile.CHAINS:
        chain, _ = catalogue.load(chains / name)
        score = chain.score(hostile.events(30, 8), seed=4)
        again = np.load(chains / f"{name}.npz")
        assert np.array_equal(score, again["score"]), name
        assert np.array_equal(chain.p_values(score, hostile.events(30, 8), seed=4), again["p"]), name


def test_every_class_that_may_be_stored_is_in_one_of_these_chains(chains: Path, tmp_path: Path) -> None:
    """But the maps that no detector takes."""
    alone = [each.fit_map([hostile.events()], key=None) for each in hostile.ALONE]  # type: ignore[arg-type]
    found = {type(map_).__name__ for map_ in alone}
    for name in hostile.CHAINS:
        found |= set(_classes(hostile.parts(chains / name)[0]))
    assert found == set(catalogue.storable())
    for map_ in alone:
        artefact.save(tmp_path / "a", map_)
        assert catalogue.load(tmp_path / "a")[0] == map_


def _classes(node: Any) -> list[str]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node["class"]] if isinstance(node, dict) and "class" in node else []
    return own + [name for child in inner for name in _classes(child)]


@pytest.mark.parametrize(
    "name", ["classifier", "trees", "isolation", "mahalanobis", "neighbours", "ensemble"]
)
def test_mutated_artefacts_are_refused_or_score_finite_numbers(
    chains: Path, tmp_path: Path, name: str
) -> None:
    """Flipped bits, and trees and arrays that were changed with their checksums: 40 of each chain."""
    rng = np.random.default_rng(7)
    batch = hostile.events(20, 9)
    outcomes = [_outcome(_mutant(rng, chains / name, tmp_path / "a", index), batch) for index in range(40)]
    assert "refused" in outcomes and "scored" in outcomes


def _mutant(rng: np.random.Generator, good: Path, path: Path, index: int) -> Path:
    if index % 5:
        return hostile.written(path, *hostile.mutated(rng, *hostile.parts(good)))
    raw = bytearray(good.read_bytes())
    raw[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
    path.write_bytes(raw)
    return path


def _outcome(path: Path, batch: Any) -> str:
    try:
        chain, _ = catalogue.load(path)
        if not isinstance(chain, FittedChain):
            return "other"
        score = chain.score(batch)
        p = chain.p_values(score, batch)
    except StrangenessError as error:
        assert "\n" not in str(error)
        assert not isinstance(error, FileError) or str(path) in str(error)
        return "refused"
    assert np.all(np.isfinite(score)) and np.all((p > 0) & (p <= 1))
    return "scored"


Change = Callable[[dict[str, Any], list[np.ndarray]], None]


def _fields(tree: dict[str, Any], *names: str | int) -> dict[str, Any]:
    """The fields of a part of the stored chain."""
    node = tree["value"]
    for name in names:
        node = node[name] if isinstance(name, int) or name == "tuple" else node["fields"][name]
    return node["fields"]


def _json(value: Any, field: str, *part: str | int) -> Change:
    return lambda tree, arrays: _fields(tree, *part).update({field: {"json": value}})


def _array(change: Callable[[np.ndarray], np.ndarray], field: str, *part: str | int) -> Change:
    def apply(tree: dict[str, Any], arrays: list[np.ndarray]) -> None:
        index = _fields(tree, *part)[field]["array"]
        arrays[index] = change(arrays[index])

    return apply


def _class(name: str, *part: str) -> Change:
    def apply(tree: dict[str, Any], arrays: list[np.ndarray]) -> None:
        holder = tree["value"]
        for step in part:
            holder = holder["fields"][step]
        holder["class"] = name

    return apply


def _with(index: Any, value: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        array[index] = value
        return array

    return change


LAYER = ("scorer", "network", "layers", "tuple", 0)
NULL = ("null", "nulls", "tuple", 1)
TREES = ("feature", "left", "right")
FORGED: dict[str, tuple[str, Change, str]] = {
    "a bias of another length": (
        "classifier",
        _array(lambda a: a[:-1], "bias", *LAYER),
        "the field '.*' of Dense",
    ),
    "layers that do not fit": (
        "classifier",
        _array(lambda a: a[:2], "weight", *LAYER),
        "CWoLaScorer cannot score",
    ),
    "an activation of another type": (
        "classifier",
        _json({"x": 1}, "activation", "scorer", "network"),
        "a dict",
    ),
    "an unknown activation": (
        "classifier",
        _json("tahn", "activation", "scorer", "network"),
        "mean tanh|'tahn'",
    ),
    "a scale of zero": (
        "classifier",
        _array(lambda a: 0 * a, "scale", "scorer", "standardiser"),
        "not above 0",
    ),
    "weights without end": ("classifier", _array(lambda a: a * np.nan, "weight", *LAYER), "not finite"),
    "features as a number": (
        "linear",
        _json(5, "features", "map"),
        "the field 'features' of KinematicMap is 5",
    ),
    "fewer features": ("linear", _json(["a"], "features", "map"), "'features' of KinematicMap is a list"),
    "a map of two features": (
        "linear",
        lambda tree, arrays: _fields(tree, "map")["features"]["tuple"].pop(0) and None,
        r"the map makes rows of shape \(2,\) and LinearScorer takes \(3,\)",
    ),
    "scores that are not sorted": (
        "trees",
        _array(lambda a: a[::-1], "ordered", *NULL),
        "not finite and rising",
    ),
    "scores without end": ("trees", _array(_with(-1, np.inf), "ordered", *NULL), "not finite and rising"),
    "no score": ("trees", _array(lambda a: a[:0], "ordered", *NULL), "0 scores"),
    "edges that fall": ("trees", _array(lambda a: a[::-1], "edges", "null"), "Mondrian edges"),
    "an edge too many": (
        "trees",
        _array(lambda a: np.append(a, 9e9), "edges", "null"),
        "3 nulls for 5 edges",
    ),
    "a seldom number": ("trees", _json(-1.0, "n_eff", *NULL), "count as -1"),
    **{
        f"{kind}: {table} outside": (
            kind,
            _array(_with((0, 0), 10**6), table, "scorer"),
            "points outside 0 to",
        )
        for kind in ("trees", "isolation")
        for table in TREES
    },
    "negative inputs": ("trees", _json(-3, "n_inputs", "scorer"), "of -3 features"),
    "endless depth": ("isolation", _json(10**9, "depth", "scorer"), "trees 1000000000 deep"),
    "no neighbour": ("neighbours", _json(0, "k", "scorer"), "0 neighbours among"),
    "members without a width": (
        "ensemble",
        _array(lambda a: a[:1], "width", "scorer"),
        "EnsembleScorer is an array",
    ),
    "an unknown mean": ("ensemble", _json("mode", "combine", "scorer"), "'combine' of ensemble is 'mode'"),
    "a member of no row": (
        "ensemble",
        _json([], "members", "scorer"),
        "'members' of EnsembleScorer is a list",
    ),
    "endless pixels": ("images", _json(10**9, "pixels", "map"), "images of 1000000000 pixels"),
    "other pixels": ("images", _json(40, "pixels", "map"), r"makes rows of shape \(40, 40, 1\)"),
    "an image without end": (
        "images",
        lambda tree, arrays: _fields(tree, "scorer").update(
            {"shape": {"tuple": [{"json": 10**9}, {"json": 10**9}, {"json": 1}]}}
        ),
        "rows of shape",
    ),
    "a kernel of another size": (
        "images",
        _array(lambda a: a[:2], "kernel", "scorer", "network", "encoder", "tuple", 0),
        "the field 'kernel' of Convolution",
    ),
    "a scorer for a map": ("linear", _class("LinearScorer", "map"), "stores .* for LinearScorer"),
    "a misspelt class": (
        "linear",
        _class("LinerScorer", "scorer"),
        "unknown class 'LinerScorer'.*LinearScorer",
    ),
    "a command for a class": ("linear", _class("os.system", "scorer"), "unknown class 'os.system'"),
    "a module for a class": (
        "linear",
        _class("equinox._serialisation", "scorer"),
        "unknown class 'equinox._ser",
    ),
    "a class that is not for files": (
        "linear",
        _class("Mahalanobis", "scorer"),
        "unknown class 'Mahalanobis'",
    ),
    "from a newer version": ("linear", lambda tree, arrays: tree.update(version=7), "version 7.*Update"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_chain_is_refused_before_it_is_used(chains: Path, tmp_path: Path, what: str) -> None:
    name, change, said = FORGED[what]
    tree, arrays = hostile.parts(chains / name)
    change(tree, arrays)
    path = hostile.written(tmp_path / "forged.strange", tree, arrays)
    with pytest.raises(FileError, match=said) as caught:
        catalogue.load(path)
    assert "forged.strange" in str(caught.value) and "\n" not in str(caught.value)


def _bad_artefacts(folder: Path, good: Path) -> list[Path]:
    """Artefacts that each command must refuse."""
    made = []
    for what, (name, change, _) in FORGED.items():
        tree, arrays = hostile.parts(good.parent / name)
        change(tree, arrays)
        made.append(hostile.written(folder / f"{what}.strange", tree, arrays))
    raw = good.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        made.append(folder / f"{share}.strange")
        made[-1].write_bytes(raw[: int(share * len(raw))])
    return [*made, *_no_files(folder)]


def _no_files(folder: Path) -> list[Path]:
    """What is nothing that any command reads."""
    contents = {
        "empty": b"",
        "noise": np.random.default_rng(1).bytes(3000),
        "text": b"hello\n",
        "list": b"[]",
        "number": b"5",
        "nested": b"[" * 100_000,
        "digits": b"1" * 6000,
        "encoding": b"\xff\xfe{}",
        "format": b'{"format": "strangeness.report/1"}',
        "surrogate": b'{"format": "\\ud800"}',
        "parquet": b"PAR1" + bytes(100) + b"PAR1",
        "root": b"root" + bytes(1000),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(1000),
    }
    for name, content in contents.items():
        (folder / f"bad.{name}").write_bytes(content)
    (folder / "loop").symlink_to("loop")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    others = [folder / name for name in ("loop", "folder", "pipe", "missing", "x" * 300, "bad.text/under")]
    return [*(folder / f"bad.{name}" for name in contents), *others]


def test_every_command_refuses_bad_artefacts(strangeness, chains: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "data.parquet", columns(40, 1))
    bad = tmp_path / "bad"
    bad.mkdir()
    for path in _bad_artefacts(bad, chains / "linear"):
        before = sorted(tmp_path.rglob("*"))
        for command in (
            ["score", path, data, "--out", tmp_path / "s.parquet"],
            ["show", path],
            ["cite", path],
        ):
            strangeness(*command).error()
        strangeness("report", path, "--out", tmp_path / "page.html").error()
        assert sorted(tmp_path.rglob("*")) == before


def _bad_events(folder: Path) -> list[Path]:
    some = columns(40, 1)
    n = len(some["mjj"])
    tables: dict[str, dict[str, Any]] = {
        "no rows": {name: values[:0] for name, values in some.items()},
        "no columns": {},
        "words": {**some, "a": ["x"] * n},
        "missing values": {**some, "a": pa.array([None] * n, pa.float64())},
        "infinite values": {**some, "a": np.full(n, np.inf)},
        "lists": {**some, "a": [[1.0]] * n},
        "records": {**some, "a": [{"q": 1}] * n},
        "dates": {**some, "mjj": pa.array([0] * n, pa.timestamp("s"))},
    }
    for name, table in tables.items():
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    return [*(folder / f"{name}.parquet" for name in tables), *_no_files(folder)]


def test_every_command_refuses_bad_events(strangeness, chains: Path, tmp_path: Path, monkeypatch) -> None:
    """Of a file with columns that it can tell apart, ``inspect`` says what they are."""
    good, bad = write(tmp_path / "good.parquet", columns(40, 1)), tmp_path / "bad"
    bad.mkdir()
    monkeypatch.chdir(tmp_path)
    for path in _bad_events(bad):
        before = sorted(tmp_path.rglob("*"))
        strangeness("score", chains / "linear", path, "--out", "s.parquet", "--quiet").error()
        few = ["--detectors", "pca", "--seeds", 1, "--features", "a,b,mjj", "--workers", 0]
        strangeness("compare", path, good, *few, "--out", "compared", "--quiet").error()
        options = ["--reference", good, "--detector", "pca", "--features", "a,b", "--range", 3000, 6000]
        strangeness("search", path, *options, "--out", "run", "--quiet").error()
        if path in bad.iterdir() and path.is_file():
            config = path.rename(path.with_suffix(".toml"))
            strangeness("search", config).error()
            config.rename(path)
        if path.suffix != ".parquet" or path.stem.startswith("bad"):
            strangeness("inspect", path).error()
        assert sorted(tmp_path.rglob("*")) == before


def test_numbers_that_no_histogram_holds_can_be_inspected(strangeness, tmp_path: Path) -> None:
    for value in (1e300, -1.7e308, 5e-324):
        write(tmp_path / "a.parquet", {**columns(40, 1), "a": np.linspace(0.999999999999, 1, 40) * value})
        assert strangeness("inspect", tmp_path / "a.parquet").code == 0


def test_what_a_file_says_of_itself_is_shown_as_text(strangeness, chains: Path, tmp_path: Path) -> None:
    """Also control sequences, and a configuration that is none."""
    path = tmp_path / "a.strange"
    chain, _ = catalogue.load(chains / "linear")
    artefact.save(path, chain, about={"configuration": [1], "no\x1b[2Jte": "\x1b[31mred\n", "half": "\ud800"})
    said = strangeness("show", path)
    assert said.code == 0 and "\x1b" not in said.out and "\\u001b[31mred\\u000a" in said.out
    assert json.loads(strangeness("show", path, "--json").out)["half"] == "\ud800"
    assert strangeness("cite", path).code == 0
    data = write(tmp_path / "data.parquet", columns(40, 1))
    assert "does not say which search" in strangeness("score", path, data).error()


@pytest.mark.parametrize("about", [{"seed": 2**40}, {"seed": -1}, {"search": {}}, {"search": 5}])
def test_a_chain_of_no_search_scores_nothing(strangeness, chains: Path, tmp_path: Path, about: Any) -> None:
    chain, _ = catalogue.load(chains / "linear")
    configuration = {**hostile.ABOUT["configuration"], **about}
    artefact.save(tmp_path / "a", chain, about={"configuration": configuration})
    data = write(tmp_path / "data.parquet", columns(40, 1))
    out = tmp_path / "s.parquet"
    assert "does not say which search" in strangeness("score", tmp_path / "a", data, "--out", out).error()
    assert not out.exists()


def test_scores_that_overflow_are_not_written(strangeness, chains: Path, tmp_path: Path) -> None:
    tree, arrays = hostile.parts(chains / "mahalanobis")
    _array(lambda a: np.full_like(a, 3e38), "whitening", "scorer")(tree, arrays)
    path = hostile.written(tmp_path / "a", tree, arrays)
    data = write(tmp_path / "data.parquet", {**columns(40, 1), "c": np.ones(40)})
    out = tmp_path / "s.parquet"
    assert "a score of inf" in strangeness("score", path, data, "--out", out, "--quiet").error()
    assert not out.exists()
