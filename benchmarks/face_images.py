"""Jet images against the same steps written plainly in NumPy on padded arrays."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import alternate, peak_bytes, ratios_agree, speed_ratio
from harness.cases import Case, Measured, Raw
from strangeness.core.batch import ArraySource, Batch
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.representations import JetImages

HALF_WIDTH = 0.7
# Plain NumPy stays in the cache with this many padded jets at once; more made it slower.
AT_ONCE = 1_000
# The same machine gives ratios within this factor from day to day.
STEADY = ratios_agree(2.0)


def _jets() -> Batch:
    return read(sample_path("jets")).batch()


def plain_images(constituents: NDArray[np.float32], pixels: int) -> NDArray[np.float32]:
    """Centred, rotated, flipped images over their largest pixel, ``float32`` (n, pixels, pixels)."""
    parts = range(0, len(constituents), AT_ONCE)
    return np.concatenate([_plain(constituents[i : i + AT_ONCE], pixels) for i in parts])


def _plain(constituents: NDArray[np.float32], pixels: int) -> NDArray[np.float32]:
    pt, eta, phi = np.moveaxis(constituents.astype(np.float64), 2, 0)
    total = pt.sum(axis=1)
    eta = eta - ((pt * eta).sum(axis=1) / total)[:, None]
    phi = phi - ((pt * phi).sum(axis=1) / total)[:, None]
    mixed, difference = (pt * eta * phi).sum(axis=1), (pt * (eta**2 - phi**2)).sum(axis=1)
    angle = (0.5 * np.arctan2(2 * mixed, difference))[:, None]
    x = eta * np.sin(angle) - phi * np.cos(angle)
    y = eta * np.cos(angle) + phi * np.sin(angle)
    sides = [
        (pt * ((x > 0) == right) * ((y > 0) == above)).sum(axis=1) for right in (1, 0) for above in (1, 0)
    ]
    most = np.argmax(sides, axis=0)
    x *= np.where(most >= 2, -1, 1)[:, None]
    y *= np.where(most % 2 == 1, -1, 1)[:, None]
    column, row = (np.floor((v + HALF_WIDTH) / (2 * HALF_WIDTH) * pixels).astype(np.int64) for v in (x, y))
    inside = (pt > 0) & (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
    images = np.zeros((len(pt), pixels, pixels), np.float32)
    jet = np.broadcast_to(np.arange(len(pt))[:, None], pt.shape)
    np.add.at(images, (jet[inside], row[inside], column[inside]), pt[inside].astype(np.float32))
    return images / images.max(axis=(1, 2), keepdims=True)


def _against_numpy(pixels: int, index: int, seed: int) -> Raw:
    jets = _jets()
    constituents: Any = jets.x["constituents"]
    fitted = JetImages(pixels, HALF_WIDTH).fit_map(ArraySource(jets), key=jax.random.key(0))
    difference = np.abs(fitted(jets).x[..., 0] - plain_images(constituents, pixels)).max(axis=(1, 2))
    # A particle on the edge of a pixel may fall to either side.
    if np.mean(difference > 1e-5) > 1e-3:
        raise ArithmeticError(f"{np.sum(difference > 1e-5)} images differ")
    ours = partial(_cpu_seconds, lambda: fitted(jets))
    times = alternate(ours, partial(_cpu_seconds, lambda: plain_images(constituents, pixels)), 7)
    return {**times, "jets": len(jets)}


def _cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rate(raws: Any) -> Measured:
    measured = speed_ratio(raws)
    jets = raws[0]["jets"]
    ours, rival = (jets / seconds for seconds in (measured.ours, measured.rival) if seconds)
    said = f"{ours:,.0f} jets/s against {rival:,.0f}"
    return Measured(measured.value, measured.ours, measured.rival, said)


def _memory(index: int, seed: int) -> Raw:
    jets = _jets()
    fitted = JetImages(40, HALF_WIDTH).fit_map(ArraySource(jets), key=jax.random.key(0))
    output = fitted(jets).x.nbytes
    return {"peak": peak_bytes(lambda: fitted(jets)), "output": output}


LARGE, SMALL, MEMORY = "images of 40x40 pixels", "images of 12x12 pixels", "images: peak memory over output"
CASES = [
    Case(
        "images-40",
        (LARGE,),
        partial(_against_numpy, 40),
        3,
        lambda raws: {LARGE: _rate(raws)},
        agree=STEADY,
    ),
    Case(
        "images-12",
        (SMALL,),
        partial(_against_numpy, 12),
        3,
        lambda raws: {SMALL: _rate(raws)},
        agree=STEADY,
    ),
    Case(
        "images-memory",
        (MEMORY,),
        _memory,
        1,
        lambda raws: {MEMORY: raws[0]["peak"] / raws[0]["output"]},
        tolerance=0.05,
    ),
]
