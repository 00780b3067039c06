"""Memory of a search and of scoring when the file of data grows threefold: it is read in chunks."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.cases import Case, Measured, Raw

SIZES = {"100 MB": 100e6, "300 MB": 300e6}
PARTICLES, GROUP = 60, 32_768
FEATURES = ("mj1", "mj2", "tau21_1", "tau21_2", "tau32_1", "tau32_2")
_TOML = """
seed = 1
out = "run"
[data]
file = "data.parquet"
[reference]
file = "reference.parquet"
[representation]
features = ["mj1", "mj2", "tau21_1", "tau21_2"]
[detector]
name = "mahalanobis"
[search]
range = [2700, 7000]
pseudo_experiments = 200
controls = false
[checks]
simulated = 200
toys = 20
pseudo_experiments = 100
"""
_CHILD = """
import json, sys
from strangeness.cli import main
code = main(sys.argv[1:])
from strangeness.methods.comparison import peak_memory
print(json.dumps({"code": code, "peak": peak_memory() * 1e6}))
"""


def write_events(path: Path, wanted: float, seed: int) -> int:
    """Write about ``wanted`` bytes of dijets with particles and return how many events they are."""
    rng, rows = np.random.default_rng(seed), 0
    with pq.ParquetWriter(path, _table(rng, 8).schema) as writer:
        while path.stat().st_size < wanted:
            writer.write_table(_table(rng, GROUP))
            rows += GROUP
    return rows


def _table(rng: np.random.Generator, n: int) -> pa.Table:
    """Features without meaning in an exponential mjj spectrum, and particles that hardly compress."""
    offsets = np.arange(n + 1, dtype=np.int32) * PARTICLES
    columns: dict[str, Any] = {name: rng.random(n, dtype=np.float32) for name in FEATURES}
    columns["mjj"] = (2700 - 500 * np.log1p(-rng.random(n) * -np.expm1(-8.0))).astype(np.float32)
    for name, scale in (("pt", 50.0), ("d_eta", 0.4), ("d_phi", 0.4)):
        values = (scale * rng.random((n, PARTICLES), dtype=np.float32)).astype(np.float16)
        falling = -np.sort(-values, axis=1) if name == "pt" else values
        columns[f"constituents_{name}"] = pa.ListArray.from_arrays(offsets, falling.ravel())
    return pa.table(columns)


def _run(folder: Path, *arguments: str) -> float:
    """Peak resident memory in bytes of a command in a process of its own."""
    command = [sys.executable, "-c", _CHILD, *arguments, "--quiet"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    reply = json.loads(said.splitlines()[-1])
    if reply["code"]:
        raise RuntimeError(f"{arguments[0]} failed in {folder}")
    return float(reply["peak"])


@cache
def _peaks(seed: int) -> dict[str, dict[str, float]]:
    """Peak memory of both commands at both sizes."""
    found: dict[str, dict[str, float]] = {"search": {}, "score": {}, "events": {}}
    for label, size in SIZES.items():
        with tempfile.TemporaryDirectory(prefix="memory-") as name:
            folder = Path(name)
            found["events"][label] = write_events(folder / "data.parquet", size, seed)
            write_events(folder / "reference.parquet", 100e6, seed + 1)
            (folder / "analysis.toml").write_text(_TOML, encoding="utf-8")
            found["search"][label] = _run(folder, "search", "analysis.toml")
            found["score"][label] = _run(folder, "score", "run/chain.strange", "data.parquet")
    return found


def _shard(index: int, seed: int) -> Raw:
    return _peaks(seed)


def _growth(raws: Sequence[Raw], command: str) -> Measured:
    """How much more memory the larger file takes, relative to the smaller."""
    small, large = ([raw[command][label] for raw in raws] for label in SIZES)
    return Measured(
        float(np.median(np.array(large) / np.array(small))) - 1, ours=max(large), rival=max(small)
    )


def _agree(committed: Raw, again: Raw) -> list[str]:
    """Peaks of repeated runs: within a fifth."""
    pairs = [
        (f"{command} {label}", committed[command][label], again[command][label])
        for command in ("search", "score")
        for label in SIZES
    ]
    return [
        f"{name}: {a / 1e6:.0f} MB committed, {b / 1e6:.0f} again"
        for name, a, b in pairs
        if abs(a - b) > 0.2 * a
    ]


_ROWS = {
    command: f"{command}: memory at 300 MB over that at 100 MB, less 1" for command in ("search", "score")
}
CASES = [
    Case(
        "memory",
        tuple(_ROWS.values()),
        _shard,
        1,
        lambda raws: {row: _growth(raws, command) for command, row in _ROWS.items()},
        agree=_agree,
    )
]
