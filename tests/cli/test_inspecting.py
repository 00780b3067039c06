"""``strangeness inspect``: numbers against those of the whole file, pictures, doubts and one-line errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strangeness.cli.inspecting import described
from strangeness.cli.sketches import bars, shades
from strangeness.events.detect import LAYOUTS
from tests.cli.conftest import Answer
from tests.events.roots import made_up, nanoaod, write

Command = Callable[..., Answer]


def sample(path: Path, n: int = 500) -> Path:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 6, n)
    lists = {
        f"constituents_{name}": pa.array([rng.exponential(0.1, count).astype(np.float32) for count in counts])
        for name in ("pt", "d_eta", "d_phi")
    }
    mass = rng.uniform(10, 200, n)
    mass[7] = np.nan
    columns = {"mass": mass, "tau21": rng.uniform(size=n), "label": np.arange(n) % 3, "flat": np.ones(n)}
    pq.write_table(pa.table({**columns, **lists}), path)
    return path


def test_numbers_are_those_of_the_file(strangeness: Command, tmp_path: Path) -> None:
    path = sample(tmp_path / "jets.h5")
    answer = strangeness("inspect", path, "--json")
    assert answer.code == 0 and answer.err == ""
    found: dict[str, Any] = json.loads(answer.out)
    table = pq.read_table(path)
    mass = np.delete(table["mass"].to_numpy(), 7)
    assert found["layout"] == "parquet" and found["events"] == 500 and found["sampled"] == 500
    assert found["labels"] == {"0": 167, "1": 167, "2": 166}
    column = found["columns"]["mass"]
    assert (column["smallest"], column["largest"], column["missing"]) == (mass.min(), mass.max(), 1)
    assert column["median"] == np.median(mass)
    low, high = np.quantile(mass, [0.01, 0.99])
    inside = (mass >= low) & (mass <= high)
    assert sum(column["histogram"]["counts"]) == inside.sum()
    lengths = np.array([len(row) for row in table["constituents_pt"].to_pylist()])
    lists = found["constituents"]
    assert (lists["fewest"], lists["most"], lists["without"]) == (0, lengths.max(), np.sum(lengths == 0))
    assert lists["mean"] == pytest.approx(lengths.mean()) and lists["relative"]
    # All particles stand at positive angles: the picture is dark in its upper right quarter alone.
    picture = np.array(lists["picture"])
    assert picture.shape == (20, 40) and picture[:10, 20:].sum() == pytest.approx(1.0)
    assert found["provenance"]["file"] == "jets.h5" and found["suspicion"] is None


def test_text_shows_the_same_with_pictures(strangeness: Command, tmp_path: Path) -> None:
    out = strangeness("inspect", sample(tmp_path / "jets.parquet"), "--quiet").out
    lines = out.splitlines()
    assert lines[0].endswith(f"jets.parquet: {LAYOUTS['parquet']}")
    assert lines[1] == "500 events; label 0: 167, 1: 167, 2: 166"
    assert any(line.startswith("mass") and "█" in line for line in lines)
    assert any(line.startswith("constituents, around the jet's axis: 0 to 5") for line in lines)
    assert sum(line.startswith("|") and line.endswith("|") for line in lines) == 20
    assert "file: jets.parquet" in lines
    assert max(map(len, lines[1:])) <= 110


def test_medians_of_a_long_file_are_of_events_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.cli.survey._MOST_EVENTS", 2000)
    values = np.random.default_rng(1).normal(size=200_000)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": values}), path)
    found = described(path)
    assert found["events"] == 200_000 and found["sampled"] == 2000
    assert found["columns"]["x"]["largest"] == values.max()
    # The median of 2,000 normal numbers has the standard deviation 1.25 / sqrt(2000) = 0.028.
    assert abs(found["columns"]["x"]["median"]) < 5 * 0.028


def test_a_doubt_about_the_unit_is_told_and_goes_with_it(strangeness: Command, tmp_path: Path) -> None:
    path = nanoaod(tmp_path / "mev.root", made_up(20, scale=1000.0))
    doubt = strangeness("inspect", path).out
    assert "Not GeV? The median of 'mjj' is" in doubt
    settled = strangeness("inspect", path, "--unit", "MeV").out
    assert "Not GeV?" not in settled
    assert "left_out_below_two_fat_jets: " in settled and "in the detector's frame" in settled
    jets = json.loads(strangeness("inspect", path, "--layout", "nanoaod-jets", "--unit", "MeV", "--json").out)
    assert jets["layout"] == "nanoaod-jets" and jets["events"] == sum(
        len(event.jets) for event in made_up(20)
    )


def test_weights_and_columns_without_a_number(strangeness: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,weight\n,0.5\n,2\n")
    answer = strangeness("inspect", path)
    assert "weights from 0.5 to 2, sum 2.5" in answer.out
    column = json.loads(strangeness("inspect", path, "--json").out)["columns"]["x"]
    assert column["median"] is None and column["missing"] == 2


def test_errors_are_one_line(strangeness: Command, tmp_path: Path) -> None:
    both = write(tmp_path / "b.root", "mine", {"x": np.arange(3.0)}, beside=True)
    assert "holds 2 trees (Runs, mine)" in strangeness("inspect", both).error()
    assert strangeness("inspect", both, "--tree", "mine").code == 0
    assert "no file" in strangeness("inspect", tmp_path / "none").error()
    (tmp_path / "junk").write_bytes(b"\0\1\2")
    assert "is no known format" in strangeness("inspect", tmp_path / "junk").error()
    assert "unknown unit 'TeV'" in strangeness("inspect", both, "--tree", "mine", "--unit", "TeV").error()
    assert (
        "unknown layout 'rot'. Did you mean root" in strangeness("inspect", both, "--layout", "rot").error()
    )


def test_sketches() -> None:
    assert bars([0, 1, 4, 8]) == " ▁▄█"
    assert bars([0, 0]) == "  " and bars([]) == ""
    # Three decades in four shades: a factor 10 ** 0.75 each.
    assert shades(np.array([[1.0, 0.1, 0.0], [0.01, 1e-4, 0.5]])) == ["█▓ ", "▒ █"]
    assert shades(np.zeros((1, 2))) == ["  "]
