"""Small events and the files that hold them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from strangeness.core.identity import identities
from strangeness.events import Constituents, Events


def make_events(n: int = 23, seed: int = 3) -> Events:
    """Events with two features, signed weights, truth and 0 to 6 particles each."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 7, n)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    pt, eta, phi = rng.exponential(size=(3, offsets[-1])).astype(np.float32)
    return Events(
        features={"mjj": rng.uniform(2700.0, 7000.0, n), "mj1": rng.exponential(80.0, n).astype(np.float32)},
        id=identities("made", n),
        weight=rng.normal(1.0, 1.0, n),
        constituents=Constituents(offsets, pt, eta, phi),
        truth=rng.integers(0, 3, n),
        provenance={"generator": "toy", "seed": seed},
    )


@pytest.fixture
def events() -> Events:
    return make_events()


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Path]:
    """Writes arrays to an .npz file and returns its path."""

    def write(name: str = "sample", **arrays: object) -> Path:
        path = tmp_path / f"{name}.npz"
        np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
        return path

    return write
