"""Hits around jets: in events and batches, to files and back in any chunks, to images, and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource
from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import identities
from strangeness.events import Constituents, Events, Hits, concatenate_events, read, read_chunks
from strangeness.events.parquet import write_parquet
from strangeness.events.source import EventFile, without_features
from strangeness.representations import CalorimeterImages
from strangeness.representations.calorimeter_images import calorimeter_images

NAMES = ("layer", "d_eta", "d_phi", "pt")


def jets(n: int = 40, seed: int = 1, *, particles: bool = False, name: str = "jets") -> Events:
    """Jets with 1 to 30 hits each in the middle of a window, and as many particles if wanted."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 31, n)
    offsets, total = np.concatenate([[0], np.cumsum(counts)]), int(counts.sum())
    layer = rng.integers(0, 3, total).astype(np.int8)
    eta, phi = rng.uniform(-0.8, 0.8, (2, total)).astype(np.float32)
    pt = rng.exponential(10, total).astype(np.float32)
    order = np.lexsort((-pt, np.repeat(np.arange(n), counts)))
    lists = Constituents(offsets, pt[order], eta[order], phi[order]) if particles else None
    return Events(
        features={"mass": rng.uniform(10, 100, n)},
        id=identities(name, n),
        weight=np.ones(n),
        constituents=lists,
        truth=rng.integers(0, 2, n),
        hits=Hits(offsets, layer, eta, phi, pt),
    )


def rows_of(events: Events) -> list[NDArray[np.float32]]:
    """The hits of each jet, (hits, 4), read one by one."""
    assert events.hits is not None
    flat = np.stack([np.asarray(column, np.float32) for column in events.hits.columns], axis=1)
    ends = zip(events.hits.offsets[:-1], events.hits.offsets[1:], strict=True)
    return [flat[low:high] for low, high in ends]


def same(a: list[NDArray[Any]], b: list[NDArray[Any]]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_hits_go_where_their_jets_go() -> None:
    events = jets(particles=True)
    before = rows_of(events)
    order = np.random.default_rng(2).permutation(len(events))
    assert same(rows_of(events.take(order)), [before[i] for i in order])
    mask = np.asarray(events.truth) == 1
    assert same(rows_of(events.take(mask)), [before[i] for i in np.flatnonzero(mask)])
    assert same(rows_of(events.take(np.array([], int))), [])
    assert same(rows_of(events.without_truth()), before)
    parts = [events.take(np.arange(7)), events.take(np.arange(7, len(events)))]
    assert same(rows_of(concatenate_events(parts)), before)
    assert without_features(events).hits is None


def test_events_without_hits_leave_none_behind() -> None:
    events = jets()
    bare = Events(events.features, events.id, events.weight)
    assert concatenate_events([events, bare]).hits is None
    assert "hits" not in bare.batch().x


def test_a_batch_holds_padded_hits_beside_the_particles() -> None:
    events = jets(particles=True)
    batch = events.batch()
    x = batch.x["hits"]
    most = max(map(len, rows_of(events)))
    assert x.dtype == np.float32 and x.shape == (len(events), most, 4)
    for padded, row in zip(x, rows_of(events), strict=True):
        assert np.array_equal(padded[: len(row)], row) and not padded[len(row) :].any()
    assert events.constituents is not None
    assert np.array_equal(batch.x["constituents"], events.constituents.padded())
    assert np.array_equal(batch.take(np.array([5, 2])).x["hits"], x[[5, 2]])


def test_a_file_gives_back_the_hits_in_any_chunks(tmp_path: Path) -> None:
    events = jets(particles=True)
    path = tmp_path / "jets.parquet"
    write_parquet(events, path)
    schema = pq.read_schema(path)
    assert {"hits_layer", "hits_d_eta", "hits_d_phi", "hits_pt"} <= set(schema.names)
    back = read(path)
    assert same(rows_of(back), rows_of(events))
    assert back.hits is not None and back.hits.layer.dtype == np.int8
    for chunk in (1, 7, 40, 1000):
        parts = list(read_chunks(path, chunk))
        assert same(rows_of(concatenate_events(parts)), rows_of(events))
        assert max(map(len, parts)) <= chunk
    again = tmp_path / "again.parquet"
    write_parquet(back, again)
    assert same(rows_of(read(again)), rows_of(events))


def test_hits_are_read_only_where_they_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "jets.parquet"
    write_parquet(jets(particles=True), path)
    alone = read(path, columns=["hits"])
    assert alone.hits is not None and alone.constituents is None and not alone.features
    without = read(path, columns=["mass", "constituents"])
    assert without.hits is None and without.constituents is not None
    file = EventFile(path)
    assert file.available() == ("mass", "constituents", "hits")
    assert all(events.hits is None for events in file.only(["mass"]))
    assert file.only(["mass"]).chunk == file.chunk > file.only(["hits"]).chunk
    write_parquet(Events(jets().features, jets().id, jets().weight), path)
    assert EventFile(path).available() == ("mass",)
    with pytest.raises(InputError, match="has no hits"):
        read(path, columns=["hits"])


def test_a_column_of_numbers_may_be_called_hits(tmp_path: Path) -> None:
    path = tmp_path / "jets.parquet"
    pq.write_table(pa.table({"hits": [3.0, 4.0]}), path)
    assert read(path).features["hits"].tolist() == read(path, columns=["hits"]).features["hits"].tolist()
    assert read(path).hits is None
    lines = tmp_path / "jets.csv"
    lines.write_text("hits,mass\n3,1\n4,2\n")
    assert read(lines, columns=["hits"]).features["hits"].tolist() == [3, 4]
    lines.write_text("mass\n1\n2\n")
    with pytest.raises(InputError, match="has no hits"):
        read(lines, columns=["hits"])


@pytest.mark.parametrize("pixels", [12, 40, 125])
def test_a_file_becomes_the_images_of_its_hits(tmp_path: Path, pixels: int) -> None:
    events = jets(20)
    path = tmp_path / "jets.parquet"
    write_parquet(events, path)
    made = CalorimeterImages(pixels, normalisation="sum")
    whole = read(path, columns=["hits", "mass"]).batch()
    fitted = made.fit_map(ArraySource(whole), key=jax.random.key(0))
    images = np.asarray(fitted(whole).x)
    one_by_one = np.concatenate([calorimeter_images(row[None], pixels) for row in rows_of(events)])
    shares = one_by_one / one_by_one.sum(axis=(1, 2, 3), keepdims=True)
    # sums in another order, in single precision
    assert np.allclose(images, shares, rtol=1e-5, atol=1e-7)
    parts = [np.asarray(fitted(chunk.batch()).x) for chunk in read_chunks(path, 6, columns=["hits"])]
    assert np.array_equal(np.concatenate(parts), images)


def test_a_unit_scales_the_pt_of_hits_alone(tmp_path: Path) -> None:
    path = tmp_path / "jets.parquet"
    write_parquet(jets(), path)
    gev, mev = read(path), read(path, unit="MeV")
    assert gev.hits is not None and mev.hits is not None
    assert np.array_equal(mev.hits.pt, gev.hits.pt / np.float32(1000))
    assert np.array_equal(mev.hits.eta, gev.hits.eta) and np.array_equal(mev.hits.layer, gev.hits.layer)


def columns(**changed: Any) -> dict[str, Any]:
    """Two jets of two hits and one hit, with some columns other than they should be; None leaves one out."""
    good: dict[str, Any] = {
        "mass": [1.0, 2.0],
        "hits_layer": pa.array([[0, 2], [1]], pa.list_(pa.int8())),
        "hits_d_eta": [[0.1, 0.2], [0.3]],
        "hits_d_phi": [[0.1, 0.2], [0.3]],
        "hits_pt": [[5.0, 6.0], [7.0]],
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def test_layers_may_be_stored_as_any_number(tmp_path: Path) -> None:
    path = tmp_path / "jets.parquet"
    for kind in (pa.int8(), pa.uint8(), pa.int64(), pa.float32()):
        pq.write_table(pa.table(columns(hits_layer=pa.array([[0, 2], [1]], pa.list_(kind)))), path)
        hits = read(path).hits
        assert hits is not None and hits.layer.dtype == np.int8 and hits.layer.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hits_pt": [[5.0], [7.0]]}, "'hits_layer' and 'hits_pt' .* differ in length or are missing"),
        ({"hits_pt": [[5.0, 6.0], None]}, "'hits_layer' and 'hits_pt' .* differ in length or are missing"),
        ({"hits_layer": [None, [1]]}, "differ in length or are missing"),
        ({"hits_d_eta": None}, "'hits_layer' and no lists of numbers 'hits_d_eta'"),
        ({"hits_pt": [["5", "6"], ["7"]]}, "no lists of numbers 'hits_pt'"),
        ({"hits_layer": [[0, 3], [1]]}, "is in layer 3 in event 0. Give 0 tracks"),
        ({"hits_layer": [[0, 1], [-1]]}, "is in layer -1 in event 1"),
        ({"hits_layer": [[0.5, 1], [1]]}, "is in layer 0.5 in event 0"),
        ({"hits_layer": [[0, None], [1]]}, "has layer = nan in event 0"),
        ({"hits_d_phi": [[0.1, 0.2], [np.inf]]}, "a hit of .* has phi = inf in event 1"),
        ({"hits_d_eta": [[0.1, np.nan], [0.1]]}, "a hit of .* has eta = nan in event 0"),
        ({"hits_pt": [[5.0, 6.0], [-7.0]]}, "a hit of .* has pt = -7 in event 1"),
        ({"hits_pt": [[5.0, 6.0], [None]]}, "a hit of .* has pt = nan in event 1"),
    ],
    ids=range(13),
)
def test_malformed_lists_are_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path = tmp_path / "jets.parquet"
    pq.write_table(pa.table(columns(**changed)), path)
    for wanted in (None, ["hits"]):
        with pytest.raises(FileError, match=said) as refusal:
            read(path, columns=wanted)
        assert "\n" not in str(refusal.value)
    assert read(path, columns=["mass"]).hits is None


def test_too_long_lists_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "jets.parquet"
    many = [0.0] * 10_001
    pq.write_table(pa.table({f"hits_{name}": [many] for name in NAMES}), path)
    with pytest.raises(FileError, match=r"event 0 of .* has 10001 hits"):
        read(path)


def test_a_feature_cannot_take_the_name_of_hits(tmp_path: Path) -> None:
    events = jets()
    for name in ("hits", "hits_pt"):
        wrong = Events({name: np.ones(len(events))}, events.id, events.weight, hits=events.hits)
        with pytest.raises(InputError, match="has its own meaning"):
            write_parquet(wrong, tmp_path / "jets.parquet")


def test_lists_must_fit_the_events() -> None:
    events = jets(3)
    assert events.hits is not None
    with pytest.raises(InputError, match="2 lists of hits for 3 events"):
        Events(events.features, events.id, events.weight, hits=events.hits.take(np.arange(2)))
    with pytest.raises(InputError, match="hits have offsets from 0 to 2 for"):
        Hits(np.array([0, 2]), np.zeros(1, np.int8), *np.zeros((3, 1), np.float32))
