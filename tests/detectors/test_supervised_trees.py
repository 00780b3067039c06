"""The supervised reference comes close to the best score there is, and the chain makes no claim of it."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.stats import norm

from strangeness.analysis import Analysis
from strangeness.calibration import SplitConformal
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import ConfigError
from strangeness.core.identity import identities
from strangeness.detectors.supervised_trees import SupervisedTrees
from strangeness.events import Events
from strangeness.representations import KinematicFeatures
from strangeness.search import CountingExperiment
from strangeness.stats.metrics import auc


def test_the_area_is_near_that_of_the_likelihood_ratio() -> None:
    """Two unit Gaussians one apart in both features: the best area is Phi(sqrt(2) / sqrt(2)) = 0.841."""
    rng = np.random.default_rng(2)
    truth = np.arange(8000) % 2
    batch = make_batch(rng.normal(size=(8000, 2)) + truth[:, None], sample=truth)
    scorer = SupervisedTrees().fit_scorer(ArraySource(batch), key=jax.random.key(1))
    fresh = rng.normal(size=(8000, 2)) + truth[:, None]
    score = scorer(make_batch(fresh, name="fresh"))
    area = auc(score[truth == 0], score[truth == 1])
    # Trees lose a little; the standard deviation of an area of 4,000 against 4,000 is below 0.006.
    assert norm.cdf(1.0) - 0.03 < area < norm.cdf(1.0) + 0.02


def test_it_carries_no_claim() -> None:
    events = Events({"mjj": np.linspace(1, 2, 9)}, identities("x", 9), np.ones(9))
    analysis = Analysis(
        KinematicFeatures(("mjj",)), SupervisedTrees(), SplitConformal(), CountingExperiment(0.1, (1.0, 2.0))
    )
    with pytest.raises(ConfigError, match="'supervised-trees' uses truth"):
        analysis.run(events, events)
