"""Ensemble: one detector fitted several times with different keys, and the mean of the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, Batch, Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Detector, Scorer, float_dtype

COMBINATIONS = ("mean", "median")
_QUANTILES = (0.16, 0.5, 0.84)


class EnsembleScorer(Scorer):
    """Mean or median over the members of (score - centre) / width."""

    members: tuple[Scorer, ...]
    centre: Float[Any, " members"]
    width: Float[Any, " members"]
    combine: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_combination(self.combine)
        if not self.members or np.shape(self.width) != (len(self.members),):
            raise InputError(f"{np.shape(self.width)} widths of {len(self.members)} members", "Fit it again.")
        if not np.all(np.asarray(self.width) > 0):
            raise InputError("a member's width that is not above 0", "Fit it again.")

    @property
    def traceable(self) -> bool:  # type: ignore[override]
        return all(member.traceable for member in self.members)

    @property
    def stochastic(self) -> bool:  # type: ignore[override]
        return any(member.stochastic for member in self.members)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return self.members[0].row_shape

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        numbers: Any = jnp if self.traceable else np
        scores = numbers.stack([member.rows(x, id, keys) for member in self.members], axis=1)
        over = numbers.median if self.combine == "median" else numbers.mean
        return over((scores - self.centre) / self.width, axis=1)


class _OfMember:
    """An attribute that the class has alone, and an instance together with the detector that it holds."""

    def __init__(self, alone: Any, together: Callable[[Any, Detector], Any]) -> None:
        self.alone, self.together = alone, together

    def __get__(self, ensemble: Any, owner: type | None = None) -> Any:
        return self.alone if ensemble is None else self.together(self.alone, ensemble.member)


def _card_with(card: MethodCard, member: Detector) -> MethodCard:
    return replace(
        card,
        input_kind=member.card.input_kind,
        needs=member.card.needs,
        weights=member.card.weights,
        in_memory=True,
        row_limit=member.card.row_limit,
        uses_truth=member.card.uses_truth,
    )


_CARD = MethodCard(
    name="ensemble",
    summary="one detector fitted with several keys: the mean of its scores",
    citation=Citation(
        key="Lakshminarayanan2017",
        authors="B. Lakshminarayanan, A. Pritzel and C. Blundell",
        title="Simple and scalable predictive uncertainty estimation using deep ensembles",
        year=2017,
        where="NeurIPS 30, arXiv:1612.01474",
    ),
    family="classical",
    weights="positive",
)


@dataclass
class Ensemble(Detector):
    """A detector fitted ``members`` times to the same events, each time with another key.

    Each member's scores are standardised on the training events: the median is subtracted, and half the width
    of the central 68 % divides, so that no member counts more for its scale. Needs, weights and kind of input
    are those of the detector inside.

    Attributes:
        detector: what is fitted; left out, a dense autoencoder.
        members: how often.
        combine: "mean" or "median" of the members' scores.
    """

    detector: Detector | None = None
    members: int = 5
    combine: str = "mean"

    card: ClassVar[Any] = _OfMember(_CARD, _card_with)
    stores: ClassVar[Any] = _OfMember((EnsembleScorer,), lambda own, member: (*own, *member.stores))

    @property
    def member(self) -> Detector:
        """The detector that is fitted."""
        if self.detector is not None:
            return self.detector
        # An ensemble is the one detector that holds others.
        from strangeness.detectors.dense_autoencoder import DenseAutoencoder

        return DenseAutoencoder()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The hyperparameters by name; deep, also those of the detector inside as ``detector__name``."""
        own = super().get_params(deep)
        if not deep or not isinstance(self.detector, Detector):
            return own
        return own | {f"detector__{name}": value for name, value in self.detector.get_params(deep).items()}

    def set_params(self, **params: Any) -> Any:
        """Set hyperparameters by name, those of the detector inside as ``detector__name``; returns itself."""
        inside = {name: value for name, value in params.items() if name.startswith("detector__")}
        super().set_params(**{name: value for name, value in params.items() if name not in inside})
        if inside:
            member: Any = replace(self.member)  # type: ignore[type-var]
            self.detector = member.set_params(**{k.removeprefix("detector__"): v for k, v in inside.items()})
        return self

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> EnsembleScorer:
        """The members and their scales.

        Raises:
            InputError: for fewer than one member, an unknown combination, and what the member refuses.
        """
        if self.members < 1:
            raise InputError(f"'members' of ensemble is {self.members}", "Give 1 or more.")
        _refuse_combination(self.combine)
        batch, _ = self.training_events(source)
        keys = [jax.random.split(one) for one in jax.random.split(key, self.members)]
        fitted = [(self.member.fit_scorer(ArraySource(batch), key=fit), score) for fit, score in keys]
        scales = np.array([_scale(scorer, batch, score) for scorer, score in fitted], float_dtype())
        return EnsembleScorer(tuple(scorer for scorer, _ in fitted), scales[:, 0], scales[:, 1], self.combine)

    def _needs_data(self) -> bool:
        return "data" in self.card.needs


def _refuse_combination(combine: str) -> None:
    if combine not in COMBINATIONS:
        raise InputError(f"'combine' of ensemble is {combine!r}", nearest(combine, COMBINATIONS))


def _scale(scorer: Scorer, batch: Batch, key: PRNGKeyArray) -> NDArray[np.float64]:
    """Median and half the width of the central 68 % of a member's scores on its training events."""
    weight, score = np.maximum(batch.weight, 0.0), scorer(batch, key=key)
    low, middle, high = np.quantile(score, _QUANTILES, weights=weight, method="inverted_cdf")
    return np.array([middle, 0.5 * (high - low) if high > low else 1.0])
