"""``strangeness generate``: killed and resumed, refused where it must be, and what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from strangeness.core.files import sha256
from strangeness.core.identity import as_uint64
from strangeness.events.generation.claim import claimed
from strangeness.events.generation.request import Request, requested
from strangeness.events.reading import read
from strangeness.events.toys.named import TOYS
from tests.cli.test_interrupted import files_of_at_most

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")

SIGNAL = ("generate", "wprime", "--events", "250", "--seed", "3", "--quiet")
"""Two shards of 250 events, about 180 rows each."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed, in one process."""
    from strangeness.cli import main

    folder = tmp_path_factory.mktemp("whole")
    assert main([*SIGNAL, "--out", str(folder / "s.parquet"), "--work", str(folder / "work")]) == 0
    return folder


def test_a_killed_run_goes_on_and_loses_or_doubles_nothing(whole: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "s.parquet", tmp_path / "work"
    program = "import sys; from strangeness.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *SIGNAL, "--out", str(out), "--work", str(work)]
    run = subprocess.Popen([*command, "--workers", "2"], start_new_session=True)
    end = time.monotonic() + 120
    while not list(work.rglob("*.npz")):
        assert run.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    made = {path.name: path.stat().st_mtime_ns for path in work.rglob("0*.npz")}
    assert not out.exists() and len(made) < 3
    subprocess.run(command, check=True)
    assert sha256(out) == sha256(whole / "s.parquet")
    after = {path.name: path.stat().st_mtime_ns for path in work.rglob("0*.npz")}
    assert made.items() <= after.items()  # what was there was not made again
    rows = pq.read_table(out).to_pydict()
    assert len(set(rows["id"])) == len(set(zip(rows["mjj"], rows["eta1"], rows["eta2"], strict=True))) == 250
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.parquet", "work"]


def test_the_file_says_how_it_was_made_and_can_be_read(strangeness, whole: Path) -> None:
    events = read(whole / "s.parquet")
    assert len(events) == 250 and set(np.asarray(events.truth)) == {1}
    assert "pthat" not in events.features
    said = json.loads(strangeness("inspect", whole / "s.parquet", "--json").out)
    assert "34:m0 = 3500.0" in json.dumps(said)
    again = strangeness(*SIGNAL, "--out", whole / "again.parquet", "--work", whole / "work", "--json")
    part = json.loads(again.out)["parts"][0]
    assert part["kept"] == 250 and part["generated"] == 250 * part["shards"]


def test_a_manifest_lists_the_shards(strangeness, whole: Path, tmp_path: Path) -> None:
    where = ("--out", tmp_path / "s.parquet", "--work", whole / "work", "--manifest", tmp_path / "m.json")
    assert strangeness(*SIGNAL, *where).code == 0
    said = json.loads((tmp_path / "m.json").read_text())
    assert said["file"]["sha256"] == sha256(tmp_path / "s.parquet")
    assert said["rows"] == sum(rows for _, rows, _, _ in said["shards"]) >= 250
    for number, _, generated, checksum in said["shards"]:
        assert generated == 250
        assert checksum == sha256(whole / "work" / said["folder"] / f"{number:05d}.npz")


def test_two_runs_into_one_file_and_other_settings_are_refused(strangeness, tmp_path: Path) -> None:
    out = tmp_path / "s.parquet"
    where = ("--out", out, "--work", tmp_path / "work")
    with claimed(out, {"seed": 3}):
        assert f"another run is writing '{out}'" in strangeness(*SIGNAL, *where).error()
    before = requested(Request("wprime", 250)).describe(4)
    with pytest.raises(ZeroDivisionError), claimed(out, before):
        raise ZeroDivisionError
    said = strangeness(*SIGNAL, *where).error()
    assert "had seed = 4, not 3" in said and ".s.parquet.run" in said
    out.write_text("mine")
    assert "exists" in strangeness(*SIGNAL, *where).error()
    assert out.read_text() == "mine"


def test_a_full_disk_leaves_no_file(strangeness, whole: Path, tmp_path: Path) -> None:
    where = ("--out", tmp_path / "s.parquet", "--work", whole / "work")
    with files_of_at_most(5000):
        assert "cannot write" in strangeness(*SIGNAL, *where).error()
    assert [path.name for path in tmp_path.iterdir()] == [".s.parquet.run"]
    with files_of_at_most(100):
        assert "cannot write" in strangeness(*SIGNAL, *where).error()
    assert strangeness(*SIGNAL, *where).code == 0
    assert sha256(tmp_path / "s.parquet") == sha256(whole / "s.parquet")


def test_a_window_without_jets_is_given_up_early(strangeness, tmp_path: Path) -> None:
    where = ("--out", tmp_path / "s.parquet", "--work", tmp_path / "work", "--quiet")
    low = strangeness("generate", "dijet", "--events", "9000", "--window", "50", "60", *where).error()
    assert "none of 2" in low and "pTHat window" in low
    (tmp_path / ".s.parquet.run").unlink()
    heavy = ("generate", "wprime", "--events", "9000", "--pt-min", "6000")
    assert "of 1000 events of 'wprime-3500-500-100' none passes" in strangeness(*heavy, *where).error()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wprme",), "no process is called 'wprme'. Did you mean wprime"),
        (("wprime", "--set", "mass"), "'mass' is no parameter. Write --set mass=4000"),
        (("wprime", "--rows", "rows"), "rows of 'rows'. Choose jets or dijets"),
        (("wprime", "--workers", "0"), "0 workers. Give 1 to 256"),
        (("dijet", "--pythia", "PhaseSpace:pTHatMinn = 3"), "Did you mean PhaseSpace:pTHatMin"),
    ],
    ids=range(5),
)
def test_mistakes_are_named(strangeness, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    where = ("--events", "5", "--out", tmp_path / "s.parquet", "--work", tmp_path / "work", "--quiet")
    assert said in strangeness("generate", *arguments, *where).error()
    assert not (tmp_path / "s.parquet").exists()


def test_processes_are_listed(strangeness) -> None:
    assert "--set: mass 3500, x 500, y 100" in strangeness("list", "--processes").out
    rows = json.loads(strangeness("list", "--processes", "--json").out)
    assert {"name", "summary", "citation", "parameters"} == set(rows[0])


@pytest.mark.parametrize("name", sorted(TOYS))
def test_a_toy_is_a_file_of_its_own_events(strangeness, tmp_path: Path, name: str) -> None:
    first, again, other = (tmp_path / f"{name}-{i}.parquet" for i in range(3))
    assert "of the toy" in strangeness("generate", name, "--events", "300", "--out", first).out
    strangeness("generate", name, "--events", "300", "--out", again)
    strangeness("generate", name, "--events", "300", "--out", other, "--seed", "2")
    assert first.read_bytes() == again.read_bytes()
    events, others = read(first), read(other)
    # a Poisson number lies within five of its deviations
    assert abs(len(events) - 300) < 5 * 300**0.5
    assert not set(as_uint64(events.id)) & set(as_uint64(others.id))


def test_a_toy_refuses_what_belongs_to_others(strangeness, tmp_path: Path) -> None:
    where = ("--events", "5", "--out", tmp_path / "t.parquet")
    assert "takes no 'mpi'" in strangeness("generate", "blobs", "--mpi", *where).error()
    assert "takes no 'cuts'" in strangeness("generate", "blobs", "--radius", "1", *where).error()
    wrong = strangeness("generate", "blobs", "--set", "dimension=3", *where).error()
    assert "no parameter 'dimension'. Did you mean dimensions" in wrong
    assert (
        "Give a whole number from 2 to 20"
        in strangeness("generate", "phase-space", "--set", "particles=2.5", *where).error()
    )
    assert not (tmp_path / "t.parquet").exists()
