"""Small toy samples for the command line: a falling mass spectrum and three features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

QUICK = """
seed = 3
out = "run"

[data]
file = "data.parquet"

[reference]
file = "reference.parquet"

[representation]
features = ["a", "b", "c"]

[detector]
name = "mahalanobis"

[calibration]
bins = 4

[search]
range = [3000, 6000]
alpha = 0.1
relative_width = 0.05
pseudo_experiments = 200
{search}

[checks]
simulated = 200
toys = 20
pseudo_experiments = 100
"""


def columns(n: int, seed: int, signal: int = 0) -> dict[str, np.ndarray]:
    """``n`` background events, exponential in mjj, and ``signal`` at 4 TeV with larger features."""
    rng = np.random.default_rng(seed)
    mass = 3000 + rng.exponential(600, 3 * n)
    mass = np.concatenate([mass[mass < 6000][:n], rng.normal(4000, 80, signal)])
    features = rng.normal(size=(n + signal, 3))
    features[n:] += 3.0
    label = np.repeat([0, 1], [n, signal]).astype(np.int8)
    return {"mjj": mass, "a": features[:, 0], "b": features[:, 1], "c": features[:, 2], "label": label}


def write(path: Path, values: dict[str, np.ndarray]) -> Path:
    """A Parquet file of columns."""
    pq.write_table(pa.table(values), path)
    return path


def workspace(folder: Path, *, search: str = "controls = false", **replaced: str) -> Path:
    """Data, reference and ``analysis.toml`` in ``folder``; returns the configuration's path."""
    write(folder / "data.parquet", columns(1200, 1, signal=60))
    write(folder / "reference.parquet", columns(4000, 2))
    text = QUICK.format(search=search)
    for old, new in replaced.items():
        text = text.replace(old, new)
    path = folder / "analysis.toml"
    path.write_text(text)
    return path


def shifted(folder: Path, name: str, by: float) -> Path:
    """A copy of the reference with the feature ``a`` moved."""
    values = columns(4000, 2)
    return write(folder / name, {**values, "a": values["a"] + by})
