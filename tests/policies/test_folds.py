"""Folds: an event is scored by the one scorer that has not seen it, and calibrated by that scorer."""

from typing import Any

import jax
import numpy as np
import pytest

from strangeness.calibration import SplitConformal
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.controls import OneFeature
from strangeness.policies import KFold
from strangeness.policies.folds import FoldedNull, FoldedScorer, fold_of


def _scorers(rng: np.random.Generator, columns: tuple[int, ...]) -> tuple[Any, ...]:
    source = ArraySource(make_batch(rng.normal(size=(300, 3)), name="train"))
    return tuple(OneFeature(index).fit_scorer(source, key=jax.random.key(0)) for index in columns)


def test_folds_are_even_and_do_not_depend_on_order(rng: np.random.Generator) -> None:
    batch = make_batch(np.zeros((10_000, 1)), name="events")
    fold = fold_of(batch.id, 5)
    # five binomial standard deviations of 2,000 events each
    assert np.all(np.abs(np.bincount(fold) - 2000) < 5 * np.sqrt(10_000 * 0.16))
    order = rng.permutation(10_000)
    np.testing.assert_array_equal(fold_of(batch.id[order], 5), fold[order])


def test_each_event_gets_the_score_and_calibration_of_its_fold(rng: np.random.Generator) -> None:
    members, batch = _scorers(rng, (0, 1, 2)), make_batch(rng.normal(size=(500, 3)), name="events")
    known = make_batch(rng.normal(size=(900, 3)), name="known")
    scorer = FoldedScorer(members)
    nulls = tuple(SplitConformal(False).fit_null(member(known), known) for member in members)
    score, fold = scorer(batch), fold_of(batch.id, 3)
    p = FoldedNull(nulls)(score, batch)
    for index, (member, null) in enumerate(zip(members, nulls, strict=True)):
        mine = fold == index
        np.testing.assert_array_equal(score[mine], member(batch)[mine])
        np.testing.assert_array_equal(p[mine], null.raw(member(batch)[mine]))
        np.testing.assert_array_equal(scorer.by_each(batch)[:, index], member(batch))


@pytest.mark.parametrize("folds", [1, 0, -3, 101])
def test_too_few_or_many_folds_are_refused(folds: int) -> None:
    with pytest.raises(InputError, match=f"{folds} folds"):
        KFold(folds)


def test_one_scorer_is_no_cross_fit(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="1 folds"):
        FoldedScorer(_scorers(rng, (0,)))
