"""Making samples: resumable, nothing lost or doubled, and described; Pythia replaced by a quick stand-in."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from strangeness.core.errors import FileError, InputError, Interrupted
from strangeness.core.files import sha256
from strangeness.core.identity import as_uint64, identities
from strangeness.events.generation import __main__ as command
from strangeness.events.generation import catalogue, make, shards, store
from strangeness.events.generation.catalogue import DIJETS, JETS, Part, Sample
from strangeness.events.generation.processes import QCD, wprime
from strangeness.events.generation.resample import Grid

PAIRS = dataclasses.replace(
    DIJETS, parts=tuple(dataclasses.replace(part, number=25) for part in DIJETS.parts), shard_events=10
)
SINGLES = dataclasses.replace(
    JETS,
    parts=tuple(dataclasses.replace(part, number=8) for part in JETS.parts),
    grid=Grid(pt_bins=2, eta_bins=2),
    shard_events=10,
)


def stand_in(sample: Sample, part: Part, number: int, seed: int) -> tuple[dict[str, Any], Counter[str]]:
    """Ten rows a shard; the first column tells part and event apart from all others."""
    place = sample.parts.index(part)
    rng = np.random.default_rng([seed, place, number])
    event = np.arange(10 * number, 10 * number + 10)
    mark = 1000.0 * (place + 1) + event
    counts = Counter(generated=10, selected=12, matched=10)
    if sample.grid is None:
        return {"mjj": mark, "event": event}, counts
    size = rng.integers(1, 4, 10)
    columns = {"pt": rng.uniform(550, 650, 10), "eta": rng.uniform(-2, 2, 10), "mark": mark, "event": event}
    columns["constituents_count"] = size
    columns["constituents_pt"] = np.repeat(mark, size).astype(np.float16)
    return columns, counts


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "generate", stand_in)
    monkeypatch.setattr(catalogue, "versions", lambda: {"pythia8mc": "0"})


def table(path: Path) -> dict[str, Any]:
    return pq.read_table(path).to_pydict()


def test_the_rows_are_the_first_ones_and_each_comes_once(tmp_path: Path) -> None:
    said = make.make_sample(PAIRS, tmp_path / "a.parquet", tmp_path / "work")
    rows = table(tmp_path / "a.parquet")
    assert sorted(rows["mjj"]) == [1000.0 + k for k in range(25)] + [2000.0 + k for k in range(25)]
    assert all(
        (mark >= 2000.0) == (label == 1) for mark, label in zip(rows["mjj"], rows["label"], strict=True)
    )
    assert rows["id"] == as_uint64(identities("dijets", 50)).tolist()
    assert [part["shards"] for part in said["parts"]] == [3, 3]
    assert said["parts"][0]["unmatched_fraction"] == pytest.approx(1 / 6, abs=1e-4)
    assert said == store.read_metadata(tmp_path / "a.parquet")
    assert said["multiparton_interactions"] == said["pile_up"] == "off"


@pytest.mark.parametrize("sample", [PAIRS, SINGLES], ids=["dijets", "jets"])
@pytest.mark.parametrize("stop_at", [0, 2, 4])
def test_a_stopped_run_goes_on_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: Sample, stop_at: int
) -> None:
    make.make_sample(sample, tmp_path / "whole.parquet", tmp_path / "one")
    calls = []

    def stopping(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == stop_at + 1:
            raise KeyboardInterrupt
        return stand_in(*arguments)

    monkeypatch.setattr(shards, "generate", stopping)
    with pytest.raises(Interrupted, match="same command again"):
        make.make_sample(sample, tmp_path / "resumed.parquet", tmp_path / "two")
    assert not (tmp_path / "resumed.parquet").exists()
    assert not list((tmp_path / "two").rglob(".*"))
    make.make_sample(sample, tmp_path / "resumed.parquet", tmp_path / "two")
    assert sha256(tmp_path / "resumed.parquet") == sha256(tmp_path / "whole.parquet")
    made = [(part.process.name, number) for _, part, number, _ in calls]
    assert len(set(made)) == len(made) - 1  # only the shard that was stopped is made again


def test_jets_are_flat_and_keep_their_constituents(tmp_path: Path) -> None:
    said = make.make_sample(SINGLES, tmp_path / "j.parquet", tmp_path / "work")
    rows = table(tmp_path / "j.parquet")
    assert np.bincount(rows["label"]).tolist() == [8, 8, 8]
    assert len(set(rows["mark"])) == 24
    for label in range(3):
        mine = np.array(rows["label"]) == label
        cells = SINGLES.grid.cells(np.array(rows["pt"])[mine], np.array(rows["eta"])[mine])  # type: ignore[union-attr]
        assert np.bincount(cells).tolist() == [2, 2, 2, 2]
    for mark, pt in zip(rows["mark"], rows["constituents_pt"], strict=True):
        assert set(pt) == {float(np.float16(mark))}
    assert all(part["shared_events"] == 0 for part in said["parts"])


def test_another_seed_or_another_detector_never_shares_shards(tmp_path: Path) -> None:
    part = PAIRS.parts[0]
    worse = dataclasses.replace(PAIRS.detector, track_minimum=1.0)
    prints = {
        PAIRS.fingerprint(part, 1),
        PAIRS.fingerprint(part, 2),
        dataclasses.replace(PAIRS, detector=worse).fingerprint(part, 1),
        PAIRS.fingerprint(PAIRS.parts[1], 1),
    }
    assert len(prints) == 4
    more = dataclasses.replace(PAIRS, parts=(dataclasses.replace(part, number=99), PAIRS.parts[1]))
    assert more.fingerprint(more.parts[0], 1) == PAIRS.fingerprint(part, 1)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    make.make_sample(PAIRS, tmp_path / "a.parquet", tmp_path / "work")
    shard = sorted((tmp_path / "work").rglob("*.npz"))[0]
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(FileError, match="Delete it"):
        make.make_sample(PAIRS, tmp_path / "b.parquet", tmp_path / "work")


def test_cuts_that_leave_nothing_end_with_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = {"mjj": np.zeros(0), "event": np.zeros(0, dtype=int)}
    monkeypatch.setattr(shards, "generate", lambda *_: (empty, Counter(generated=10)))
    with pytest.raises(InputError, match="none passes the cuts"):
        make.make_sample(PAIRS, tmp_path / "a.parquet", tmp_path / "work")


def test_rounding_keeps_fifteen_bits() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, 10_000) * 10.0 ** rng.integers(-5, 6, 10_000)
    kept = store.rounded(values)
    assert np.abs(kept / values - 1).max() <= 2.0**-16 * 1.01  # half a step, and that of float32 itself
    assert not (kept.view(np.uint32) & 0xFF).any()
    assert store.rounded(np.array([0.0, 1.0, -2.5])).tolist() == [0.0, 1.0, -2.5]


def test_the_manifest_describes_every_file(tmp_path: Path) -> None:
    make.make_sample(PAIRS, tmp_path / "out" / "dijets.parquet", tmp_path / "work")
    said = store.write_manifest(tmp_path / "out")["samples"]["dijets"]
    assert said["sha256"] == sha256(tmp_path / "out" / "dijets.parquet")
    assert (said["rows"], said["columns"]) == (50, ["mjj", "label", "id"])


def test_seeds_and_masses_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="not in 1"):
        QCD.lines(0)
    with pytest.raises(InputError, match="cannot decay"):
        wprime(500.0, 400.0, 200.0)
    assert "34:m0 = 4500.0" in wprime(4500.0, 250.0, 250.0).settings


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "signal.parquet")
    common = ["--out", out, "--work", str(tmp_path / "work")]
    assert (
        command.main(["resonance", *common, "--masses", "4500", "250", "250", "--number", "7", "--manifest"])
        == 0
    )
    assert len(table(tmp_path / "signal.parquet")["mjj"]) == 7
    assert (tmp_path / "manifest.json").exists()
    assert command.main(["jetz", *common]) == 2
    assert "jets" in capsys.readouterr().err
