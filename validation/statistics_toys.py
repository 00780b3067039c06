"""The toy world of the calibration study: a falling mass, Gaussian features apart from it, a planted bump.

No search knows these numbers: each fits its own background and draws its own null data sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.identity import identities
from strangeness.events.events import Events

Array = NDArray[np.float64]
LOW, HIGH, SQRT_S = 3000.0, 6000.0, 13000.0
WINDOW = (3400.0, 3800.0)
FEATURES = ("f1", "f2", "f3", "f4", "f5")
SHIFT = np.array([1.2, -0.8, 0.6, 0.0, 0.0])
"""Where the signal lies in the features, in standard deviations."""
_POWERS = (9.0, -5.0)  # of 1 - x and of x = m / sqrt(s), as dijet spectra at the LHC have


@dataclass(frozen=True)
class World:
    """Sizes of a study.

    Attributes:
        data: expected background events under test.
        reference: reference events.
        signal: expected signal events among the data.
    """

    data: int
    reference: int
    signal: float = 0.0

    def draw(self, seed: list[int], name: str) -> tuple[Events, Events]:
        """Data and reference, without truth."""
        rng = np.random.default_rng(seed)
        n, planted = int(rng.poisson(self.data)), int(rng.poisson(self.signal))
        data = _events(rng, n, planted, name)
        return data, _events(rng, self.reference, 0, f"{name}, reference")


def _events(rng: np.random.Generator, n: int, planted: int, name: str) -> Events:
    mass = np.concatenate([_masses(rng, n), np.clip(rng.normal(3600, 80, planted), LOW, HIGH - 1)])
    x = rng.standard_normal((n + planted, len(FEATURES)))
    x[n:] += SHIFT
    features = dict(zip(FEATURES, x.T, strict=True))
    return Events({"mjj": mass, **features}, identities(name, n + planted), np.ones(n + planted))


def _masses(rng: np.random.Generator, n: int) -> Array:
    grid = np.linspace(LOW, HIGH, 4096)
    x = grid / SQRT_S
    density = (1 - x) ** _POWERS[0] * x ** _POWERS[1]
    law = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    return np.interp(rng.random(n), law / law[-1], grid)
