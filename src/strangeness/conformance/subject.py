"""What is checked: a detector and its fits to the toys of its kind of input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.conformance import toys
from strangeness.core.batch import DATA, REFERENCE, ArraySource, Batch, concatenate
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer


class Nonconforming(AssertionError):
    """A detector that breaks a rule; the message says which and how."""


def demand(condition: Any, message: str) -> None:
    """Raise ``Nonconforming(message)`` unless the condition holds."""
    if not condition:
        raise Nonconforming(message)


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
            InputError: for something that is not a detector, or a kind of input without a toy.
        """
        kind = detector if isinstance(detector, type) else type(detector)
        if not issubclass(kind, Detector):
            raise InputError(f"{kind.__name__} is not a Detector", "Derive from core.estimators.Detector.")
        made = detector() if isinstance(detector, type) else detector
        if made.card.input_kind not in toys.KINDS:
            raise InputError(
                f"{made.card.name} takes input of kind {made.card.input_kind!r}",
                f"The conformance toys are {' and '.join(toys.KINDS)}.",
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

    @property
    def tabular(self) -> bool:
        """Whether an event is a row of features, so that scikit-learn's contract holds."""
        return self.detector.card.input_kind == "tabular"

    def background(self, n: int, name: str, seed: int = 0) -> Batch:
        """Ordinary events of the toy for the detector's input."""
        return toys.background(n, name, seed, self.detector.card.input_kind)

    def planted(self, n: int, name: str, seed: int = 0) -> Batch:
        """Strange events of that toy."""
        return toys.planted(n, name, seed, self.detector.card.input_kind)

    def fit(self, batch: Batch, *, seed: int = 0, chunk: int | None = None) -> Scorer:
        """The scorer fitted to a batch."""
        return self.detector.fit_scorer(ArraySource(batch, chunk), key=jax.random.key(seed))

    def training(self, share: float = 0.3) -> Batch:
        """600 reference events; where the detector needs data also 600 of them, a ``share`` planted."""
        reference = self.background(600, "reference").labelled(REFERENCE)
        if not self.needs_data:
            return reference
        odd = round(600 * share)
        parts = [self.background(600 - odd, "data")] + ([self.planted(odd, "planted")] if odd else [])
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
