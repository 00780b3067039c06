"""A circuit goes through ``search``, its artefact and ``score``, with exact values and with shots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from strangeness.catalogue import load
from strangeness.report.schema import read_report
from tests.cli.samples import workspace

CIRCUIT = """name = "quantum-autoencoder"
qubits = 2
layers = 1
shots = 40
training = { epochs = 2, batch_size = 256, learning_rate = 0.1, chunk = 1 }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished run of a circuit that is measured by shots."""
    from strangeness.cli import main

    folder = tmp_path_factory.mktemp("circuit")
    path = workspace(folder)
    path.write_text(path.read_text().replace('name = "mahalanobis"', CIRCUIT))
    assert main(["search", str(path), "--quiet"]) == 0
    return folder


def test_a_stored_circuit_gives_the_scores_of_the_search(strangeness, run: Path) -> None:
    """Shots belong to events and the key of the chain: the same again, in any company, to the last bit."""
    report = read_report(run / "run" / "result.json")
    assert report.searches[0].costs[0].name == "quantum-autoencoder"
    assert "quantum-autoencoder" in (run / "run" / "report.html").read_text(encoding="utf-8")
    out = run / "again.parquet"
    assert strangeness("score", run / "run" / "chain.strange", run / "data.parquet", "--out", out).code == 0
    again, before = (pq.read_table(path).to_pydict() for path in (out, run / "run" / "scores.parquet"))
    mine = dict(zip(again["id"], zip(again["score"], again["p"], strict=True), strict=True))
    assert [mine[i] for i in before["id"]] == list(zip(before["score"], before["p"], strict=True))
    shares = np.array(before["score"], float) * 40
    assert np.allclose(shares, np.round(shares), atol=1e-4) and np.unique(np.round(shares)).size > 5
    chain, _ = load(run / "run" / "chain.strange")
    assert 0 < chain.scorer.collapse < 2
