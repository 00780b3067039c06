"""Cross-fitting: one scorer and one calibration a fold, and an event's fold from its identity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Null, Scorer
from strangeness.core.identity import uniform
from strangeness.stats.selection import SelectionLaw


def fold_of(id: NDArray[np.uint32], folds: int) -> NDArray[np.intp]:
    """Fold (n,) of events with identities (n, 2): the same for any order, chunk or shifted copy."""
    return (uniform(id, "folds") * folds).astype(np.intp)


class FoldedScorer(Scorer):
    """Scores an event by the scorer whose training left out the event's fold."""

    traceable = False
    members: tuple[Scorer, ...]

    def __check_init__(self) -> None:
        if len(self.members) < 2 or any(member.stochastic for member in self.members):
            raise InputError(
                f"{len(self.members)} folds, or scores that need random numbers",
                "Use two or more folds of a detector that is not stochastic.",
            )

    @property
    def row_shape(self) -> tuple[int, ...]:
        return self.members[0].row_shape

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        score, fold = np.empty(len(x)), fold_of(np.asarray(id), len(self.members))
        for index, member in enumerate(self.members):
            mine = np.flatnonzero(fold == index)
            if mine.size:
                score[mine] = member.of_rows(x[mine], id[mine], None)
        return score

    def by_each(self, batch: Batch, *, key: Any = None) -> NDArray[np.float64]:
        """Scores (n, folds) of reference events, which no fold has, by the scorer of every fold."""
        return np.stack([member(batch, key=key) for member in self.members], axis=1)


class FoldedNull(Null):
    """One calibration a fold, by that fold's scorer and the same reference events."""

    members: tuple[Null, ...]

    def __call__(self, score: NDArray[np.float64], batch: Any, *, key: Any = None) -> NDArray[np.float64]:
        """p-values (n,), each from the calibration of its event's fold."""
        p, fold = np.empty(len(batch)), fold_of(batch.id, len(self.members))
        for index, member in enumerate(self.members):
            mine = np.flatnonzero(fold == index)
            if mine.size:
                p[mine] = member(score[mine], batch.take(mine), key=key)
        return p

    def selection_law(self, alpha: float) -> SelectionLaw:
        """The law of one fold; the folds share their calibration events, so that it stands for all."""
        return self.members[0].selection_law(alpha)
