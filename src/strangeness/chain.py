"""What a run of the chain fits and leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch, concatenate
from strangeness.core.estimators import Map, Null, Scorer
from strangeness.search.result import SearchResult
from strangeness.search.systematics import Systematic
from strangeness.splits import Split


class FittedChain(eqx.Module):
    """Everything that was fitted: events to p-values. An artefact holds exactly this."""

    map: Map
    scorer: Scorer
    null: Null

    def score(self, batch: Batch, *, seed: int = 0) -> NDArray[np.float64]:
        """Scores (n,), higher = stranger."""
        return self.scorer(self.map(batch), key=jax.random.key(seed))

    def p_values(self, score: NDArray[np.float64], batch: Batch, *, seed: int = 0) -> NDArray[np.float64]:
        """p-values (n,) of scores of these events."""
        return self.null(score, batch, key=jax.random.key(seed))


@dataclass(frozen=True)
class Scored:
    """Events of one role with what the chain made of them; arrays (n,). The batch keeps no ``x``."""

    batch: Batch
    score: NDArray[np.float64]
    p: NDArray[np.float64]

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """Weights (n,), None when all events count the same."""
        weight = np.asarray(self.batch.weight)
        return None if np.all(weight == weight[0]) else weight

    def as_reference(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """p-values, contexts and weights (n,), as the checks read them."""
        return self.p, np.asarray(self.batch.context), np.asarray(self.batch.weight)


@dataclass(frozen=True)
class Proof:
    """What the validity checks read: reference events, none of the data.

    Attributes:
        checked: held-out reference that no fit has seen.
        calibrated: calibration events with their p-values among themselves; None under cross-fitting, where
            each fold has its own.
        learnt: identities (n, 2) of the training events that may have no other role.
    """

    checked: Scored
    calibrated: Scored | None
    learnt: NDArray[np.uint32]


@dataclass(frozen=True)
class Fitted:
    """What the roles of a split gave, before anything is searched.

    Attributes:
        chain: the fitted chain.
        scored: role -> scores (n,) and events, of the roles that were asked for.
        counts: events by role.
        learnt: identities (n, 2) of the training events that may have no other role.
        seed: that everything was fitted with.
    """

    chain: FittedChain
    scored: Mapping[str, tuple[NDArray[np.float64], Batch]]
    counts: Mapping[str, int]
    learnt: NDArray[np.uint32]
    seed: int

    def role(self, name: str) -> Scored:
        """The events of a role with their p-values."""
        score, batch = self.scored[name]
        return Scored(batch, score, self.chain.p_values(score, batch, seed=self.seed))

    def proof(self) -> Proof:
        """What the validity checks read."""
        known = self.role("calibrate") if "calibrate" in self.scored else None
        return Proof(self.role("check"), known, self.learnt)


@dataclass(frozen=True)
class Outcome:
    """What a run leaves behind.

    Attributes:
        result: the statement with its proof.
        chain: the fitted chain.
        tested: the data under test.
        checked: held-out reference that no fit has seen.
        counts: events by role.
        null_statistics: statistics of the null data sets on which the whole chain was repeated, if it was.
        systematics: what shifted copies of the reference did to the selected background.
        without: the same search without them, unchecked, from the same random numbers; None where there are
            none.
        calibrated: calibration events with their p-values among themselves, where there is one calibration.
    """

    result: SearchResult
    chain: FittedChain
    tested: Scored
    checked: Scored
    counts: Mapping[str, int] = field(default_factory=dict)
    null_statistics: NDArray[np.float64] | None = None
    systematics: tuple[Systematic, ...] = ()
    without: SearchResult | None = None
    calibrated: Scored | None = None


def score_roles(
    split: Split, map_: Map, scorers: Mapping[str, Callable[..., NDArray[np.float64]]], *, seed: int
) -> dict[str, tuple[NDArray[np.float64], Batch]]:
    """Scores (n, ...) and events, without ``x``, of roles, each by its own scorer, in one pass."""
    key = jax.random.key(seed)
    scores: dict[str, list[NDArray[np.float64]]] = {name: [] for name in scorers}
    batches: dict[str, list[Batch]] = {name: [] for name in scorers}
    for parts in split:
        for name, scorer in scorers.items():
            if name in parts and len(parts[name]):
                scores[name].append(scorer(map_(parts[name]), key=key))
                batches[name].append(replace(parts[name], x=()))
    return {name: (np.concatenate(scores[name]), concatenate(batches[name])) for name in scorers}
