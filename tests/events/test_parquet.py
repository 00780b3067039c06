"""Our Parquet files: round trips, chunks, shipped-sample columns, and refusals."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events import Constituents, Events, read, read_chunks
from strangeness.events.parquet import write_parquet


def written(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def assert_equal(a: Events, b: Events) -> None:
    assert list(a.features) == list(b.features)
    for name in a.features:
        assert a.features[name].dtype == b.features[name].dtype
        assert np.array_equal(a.features[name], b.features[name], equal_nan=True)
    assert np.array_equal(a.id, b.id)
    assert np.array_equal(a.weight, b.weight)
    assert (a.truth is None) == (b.truth is None)
    assert a.truth is None or np.array_equal(a.truth, b.truth)
    assert (a.constituents is None) == (b.constituents is None)
    if a.constituents is not None and b.constituents is not None:
        assert a.constituents.relative == b.constituents.relative
        for field in ("offsets", "pt", "eta", "phi"):
            assert np.array_equal(getattr(a.constituents, field), getattr(b.constituents, field))


def by_falling_pt(events: Events) -> Events:
    """The lists of each event sorted one by one."""
    if events.constituents is None:
        return events
    lists = events.constituents
    order = [
        first + place
        for first, last in pairwise(lists.offsets)
        for place in sorted(range(last - first), key=lambda place: -lists.pt[first + place])
    ]
    pick = np.array(order, np.int64)
    tidy = replace(lists, pt=lists.pt[pick], eta=lists.eta[pick], phi=lists.phi[pick])
    return replace(events, constituents=tidy)


finite32 = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
taken_names = {"id", "weight", "label", "constituents"}


@st.composite
def any_events(draw: st.DrawFn) -> Events:
    n = draw(st.integers(1, 12))
    columns = draw(st.lists(names.filter(lambda name: name not in taken_names), max_size=3, unique=True))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    lists = None
    if draw(st.booleans()) or not columns:
        counts = draw(arrays(np.int64, n, elements=st.integers(0, 4)))
        eta, phi = (draw(arrays(np.float32, int(counts.sum()), elements=finite32)) for _ in range(2))
        pt = draw(arrays(np.float32, int(counts.sum()), elements=st.floats(0, 5000, width=32)))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        lists = Constituents(offsets, pt, eta, phi, relative=draw(st.booleans()))
    return Events(
        features={name: draw(arrays(dtype, n)) for name in columns},
        id=draw(arrays(np.uint32, (n, 2))),
        weight=draw(arrays(np.float64, n, elements=st.floats(-1e6, 1e6))),
        constituents=lists,
        truth=draw(st.none() | arrays(np.int64, n, elements=st.integers(-5, 5))),
        provenance={"note": draw(st.text(max_size=5))},
    )


@given(any_events(), st.integers(1, 13))
def test_what_is_written_is_read_whatever_the_chunk(
    tmp_path_factory: pytest.TempPathFactory, made: Events, chunk: int
) -> None:
    path = tmp_path_factory.mktemp("round") / "trip.parquet"
    write_parquet(made, path)
    back = read(path, unit="GeV")
    assert_equal(by_falling_pt(made), back)
    assert back.provenance["note"] == made.provenance["note"]
    parts = list(read_chunks(path, chunk, unit="GeV"))
    assert max(map(len, parts)) <= chunk
    assert np.array_equal(np.concatenate([part.id for part in parts]), made.id)


def test_truth_is_written_only_if_there_is_some(events: Events, tmp_path: Path) -> None:
    write_parquet(events.without_truth(), tmp_path / "a.parquet")
    assert "label" not in pq.read_schema(tmp_path / "a.parquet").names
    assert read(tmp_path / "a.parquet").truth is None
    write_parquet(events, tmp_path / "b.parquet")
    assert read(tmp_path / "b.parquet", label=None).truth is None
    assert set(read(tmp_path / "b.parquet", label=None).features) == {"mjj", "mj1"}


def test_columns_as_in_the_shipped_samples(tmp_path: Path) -> None:
    half = [np.array([3.0, 1.0], np.float16), np.array([], np.float16), np.array([2.0], np.float16)]
    lists = {
        f"constituents_{name}": pa.array(half, pa.list_(pa.float16())) for name in ("pt", "d_eta", "d_phi")
    }
    ids = np.array([2**64 - 1, 5, 2**40], np.uint64)
    path = written(
        tmp_path / "jets.parquet",
        pt=np.array([551, 600, 649], np.float32),
        multiplicity=np.array([2, 0, 1], np.int32),
        name=["a", "b", "c"],
        **lists,
        label=np.array([0, 2, 1], np.int8),
        id=ids,
    )
    jets = read(path)
    assert list(jets.features) == ["pt", "multiplicity"]
    assert jets.features["pt"].dtype == np.float32 and jets.features["multiplicity"].dtype == np.float64
    assert np.array_equal(as_uint64(jets.id), ids)
    assert jets.truth.tolist() == [0, 2, 1]
    assert jets.constituents is not None and jets.constituents.relative
    assert jets.constituents.pt.dtype == np.float32 and jets.constituents.pt.tolist() == [3, 1, 2]
    assert jets.constituents.offsets.tolist() == [0, 2, 2, 3]
    assert np.all(jets.weight == 1)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 2)]
)
@pytest.mark.parametrize(
    ("names", "relative"), [(("pt", "d_eta", "d_phi"), True), (("pt", "eta", "phi"), False)]
)
def test_bare_list_names_and_kinds_of_list(
    tmp_path: Path, kind: pa.DataType, names: tuple[str, ...], relative: bool
) -> None:
    column = pa.array([[1.0, 2.0], [3.0, 4.0]], kind)
    path = written(tmp_path / "a.parquet", **dict.fromkeys(names, column), mass=[1.0, 2.0])
    lists = read(path).constituents
    assert lists is not None and lists.relative is relative
    assert lists.phi.tolist() == [2, 1, 4, 3]  # the larger pt first


def test_identities_are_made_from_the_stem_and_the_row(tmp_path: Path) -> None:
    path = written(tmp_path / "sample.parquet", mjj=np.arange(10.0))
    assert np.array_equal(read(path).id, identities("sample", 10))
    assert np.array_equal(
        np.concatenate([part.id for part in read_chunks(path, 3)]), identities("sample", 10)
    )
    assert np.array_equal(read(path, name="other").id, identities("other", 10))


def test_signed_identities_keep_their_bits(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", mjj=[1.0, 2.0], id=np.array([-1, 7], np.int64))
    assert as_uint64(read(path).id).tolist() == [2**64 - 1, 7]


def test_only_named_columns_are_read_and_checked(events: Events, tmp_path: Path) -> None:
    spoiled = replace(events, features={**events.features, "bad": np.where(np.arange(23) == 20, np.nan, 0.0)})
    path = tmp_path / "a.parquet"
    write_parquet(spoiled, path)
    chosen = read(path, columns=["mj1"])
    assert list(chosen.features) == ["mj1"] and chosen.constituents is None
    assert read(path, columns=["constituents"]).constituents is not None
    assert np.isnan(read(path).features["bad"][20])
    with pytest.raises(FileError, match=r"'bad' of '.*a\.parquet' holds nan in event 20"):
        list(read_chunks(path, 6, columns=["bad"]))


def test_chunks_do_not_hold_the_file(tmp_path: Path) -> None:
    n, columns = 40_000, {f"x{i}": np.random.default_rng(i).normal(size=40_000) for i in range(8)}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=2_000)
    before = pa.total_allocated_bytes()
    seen = [
        (len(part), pa.total_allocated_bytes() - before)
        for part in read_chunks(tmp_path / "a.parquet", 1_000)
    ]
    assert sum(count for count, _ in seen) == n
    # All columns take 2.56 MB; two row groups, decoded and raw, 0.26 MB each, may be alive.
    assert max(held for _, held in seen) < n * 8 * 8 / 3


def test_an_absurd_claim_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.columns.ABSURD_BYTES", 2**20)
    path = written(tmp_path / "a.parquet", mjj=np.zeros(10**6))
    with pytest.raises(FileError, match=r"has \d+ bytes and claims to unpack to 4000000"):
        read(path)


def test_refusals(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    x = np.arange(3.0)
    cases: list[tuple[dict[str, object], dict[str, object], str]] = [
        ({"mjj": x, "mj1": x}, {"columns": ["mj"]}, "has no column 'mj'. Did you mean"),
        ({"mjj": x}, {"label": "is_signal"}, "no label column 'is_signal'"),
        ({"mjj": x, "label": x}, {"columns": ["label"]}, "the column 'label' of .* is truth"),
        ({"mjj": x}, {"columns": ["constituents"]}, "has no constituents"),
        ({"mjj": x[:0]}, {}, "holds no event"),
        ({"mjj": x, "label": x + 0.5}, {}, "the label 'label' of .* is 0.5 in event 0"),
        ({"mjj": x, "label": pa.array([0, None, 1])}, {}, "'label' of .* holds nan in event 1"),
        ({"mjj": x, "weight": np.array([1, np.inf, 1])}, {}, "'weight' of .* holds inf in event 1"),
        ({"mjj": pa.array([True, None, False])}, {"columns": ["mjj"]}, "'mjj' of .* holds nan in event 1"),
        ({"mjj": x, "id": x}, {}, "'id' of .* is float64"),
        ({"mjj": x, "id": pa.array([1, None, 3])}, {}, "'id' of .* has missing values"),
    ]
    for columns, options, message in cases:
        written(path, **columns)
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value) and "a.parquet" in str(caught.value)


@pytest.mark.parametrize("other", [[[1.0], [2.0]], [[1.0, 2.0], None]])
def test_lists_that_disagree_are_refused(tmp_path: Path, other: list[object]) -> None:
    lists = pa.array([[1.0, 2.0], [3.0]])
    path = written(tmp_path / "a.parquet", pt=lists, d_eta=lists, d_phi=pa.array(other))
    with pytest.raises(FileError, match=r"the lists 'pt' and 'd_phi' of .* differ in length or are missing"):
        read(path)


def test_particles_must_be_finite(tmp_path: Path) -> None:
    lists = pa.array([[1.0, np.nan], [3.0]])
    path = written(tmp_path / "a.parquet", pt=lists, d_eta=lists, d_phi=lists)
    with pytest.raises(FileError, match=r"a constituent of .* has pt = nan in event 0"):
        read(path)


def test_doubled_columns_and_spoiled_metadata_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_arrays([pa.array([1.0])] * 2, ["mjj", "mjj"]), path)
    with pytest.raises(FileError, match="has two columns 'mjj'"):
        read(path)
    for text in (b"{", b"[1]"):
        pq.write_table(pa.table({"mjj": [1.0]}).replace_schema_metadata({b"strangeness": text}), path)
        with pytest.raises(FileError, match=r"the metadata of .* are not a JSON object"):
            read(path)


def test_the_writer_refuses_what_it_could_not_read_back(events: Events, tmp_path: Path) -> None:
    for name in ("id", "weight", "label", "constituents", "constituents_pt"):
        with pytest.raises(InputError, match=f"a feature is called '{name}'"):
            write_parquet(replace(events, features={name: np.zeros(23)}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="there is no event to write"):
        write_parquet(events.take(np.array([], np.int64)), tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []
