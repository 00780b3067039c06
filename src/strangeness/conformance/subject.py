"""What is checked: a detector, its fit to a toy, and toys on which every detector can be right or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import DATA, REFERENCE, ArraySource, Batch, concatenate, make_batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer

_LOADINGS = np.array([[1.0, -0.8, 0.6, -0.4, 0.9], [0.3, 0.9, -0.7, 0.8, 0.5]])
_UNITS = np.array([1.0, 10.0, 100.0, 0.1, 1.0])
_OFFSETS = np.array([5.0, -20.0, 300.0, 0.5, 0.0])
_NOISE = 0.3
FEATURES = len(_UNITS)


class Nonconforming(AssertionError):
    """A detector that breaks a rule; the message says which and how."""


def demand(condition: Any, message: str) -> None:
    """Raise ``Nonconforming(message)`` unless the condition holds."""
    if not condition:
        raise Nonconforming(message)


def background(n: int, name: str, seed: int = 0) -> Batch:
    """Gaussian toy: two latent factors seen through five features in different units, with noise."""
    return make_batch(_rows(n, name, seed), name=name)


def planted(n: int, name: str, seed: int = 0) -> Batch:
    """The toy with every feature three standard deviations higher: far out and off the latent plane."""
    spread = np.sqrt(np.sum(_LOADINGS**2, axis=0) + _NOISE**2) * _UNITS
    return make_batch(_rows(n, name, seed) + 3.0 * spread, name=name)


def _rows(n: int, name: str, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng([seed, *name.encode()])
    factors = rng.normal(size=(n, len(_LOADINGS))) @ _LOADINGS
    return _OFFSETS + _UNITS * (factors + _NOISE * rng.normal(size=(n, FEATURES)))


@dataclass
class Subject:
    """A detector under test; its fits to the toys are made once.

    Attributes:
        detector: an instance, with whatever settings are to be checked.
    """

    detector: Detector

    @classmethod
    def of(cls, detector: Detector | type[Detector]) -> Subject:
        """The subject for an instance, or for a class whose settings all have defaults.

        Raises:
            InputError: for something that is not a detector, or one of other than tabular input.
        """
        kind = detector if isinstance(detector, type) else type(detector)
        if not issubclass(kind, Detector):
            raise InputError(f"{kind.__name__} is not a Detector", "Derive from core.estimators.Detector.")
        made = detector() if isinstance(detector, type) else detector
        if made.card.input_kind != "tabular":
            raise InputError(
                f"{made.card.name} takes input of kind {made.card.input_kind!r}",
                "The conformance toys are tabular.",
            )
        return cls(made)

    @property
    def name(self) -> str:
        """The name on the card."""
        return self.detector.card.name

    @property
    def needs_data(self) -> bool:
        """Whether the detector compares data with the reference."""
        return "data" in self.detector.card.needs

    def fit(self, batch: Batch, *, seed: int = 0, chunk: int | None = None) -> Scorer:
        """The scorer fitted to a batch."""
        return self.detector.fit_scorer(ArraySource(batch, chunk), key=jax.random.key(seed))

    def training(self, share: float = 0.3) -> Batch:
        """600 reference events; where the detector needs data also 600 of them, a ``share`` planted."""
        reference = background(600, "reference").labelled(REFERENCE)
        if not self.needs_data:
            return reference
        odd = round(600 * share)
        parts = [background(600 - odd, "data")] + ([planted(odd, "planted")] if odd else [])
        return concatenate([reference, *(part.labelled(DATA) for part in parts)])

    @cached_property
    def scorer(self) -> Scorer:
        """The scorer fitted to ``training()``."""
        return self.fit(self.training())

    def score(self, batch: Batch, scorer: Scorer | None = None, *, seed: int = 0) -> NDArray[np.float64]:
        """Scores (n,) by the fitted scorer, or by another."""
        return (scorer or self.scorer)(batch, key=jax.random.key(seed))


def close(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Equal in 32-bit arithmetic: to 1e-4 of the value plus 1e-5 of the largest."""
    return bool(np.allclose(first, second, rtol=1e-4, atol=1e-5 * float(np.max(np.abs(first), initial=0.0))))
