"""Policies: which data a detector that learns from data may train on, and what follows for its p-values."""

from __future__ import annotations

from dataclasses import dataclass

from strangeness.core.errors import InputError


@dataclass(frozen=True)
class HalfSplit:
    """Half of the data train the detector, the other half is tested.

    The score is a fixed function of the tested events, so that pseudo-experiments without training are a
    valid null.
    """

    name = "split"
    folds = 1
    tests_all = False
    note = "data that trained the detector are not tested"


@dataclass(frozen=True)
class KFold:
    """Each fold of the data is scored by a detector that was trained on the other folds.

    All data are tested. Scores of different folds depend on each other through their training, and local
    p-values come out too small (arXiv:2512.13787); the null repeats the whole chain.

    Attributes:
        folds: number of folds, 2 or more.
    """

    folds: int = 5
    name = "k-fold"
    tests_all = True
    note = "every event was scored by a detector that was trained on the other folds of the data"

    def __post_init__(self) -> None:
        if not 2 <= self.folds <= 100:
            raise InputError(f"{self.folds} folds of the data", "Use between 2 and 100.")


@dataclass(frozen=True)
class SameData:
    """All data train the detector and all are tested.

    The score knows the fluctuations of the events that it tests. Local p-values mean nothing; the null
    repeats the whole chain.
    """

    name = "same-data"
    folds = 1
    tests_all = True
    note = "the detector was trained on the events that are tested"


Policy = HalfSplit | KFold | SameData
