"""A dijet resonance search: a score, Mondrian p-values in each bin of mjj, a cut, and a bump hunt.

After the anomaly searches of arXiv:1805.02664 and the calibration layer of arXiv:2606.13780. Pseudo-data come
from the declared parent of the shipped sample; a larger, independent draw plays the simulated reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from strangeness.analysis import Analysis
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.estimators import Detector
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.events.parent import DijetParent, bootstrap, fit_parent, plant
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult
from strangeness.stats.tails import poisson_log_sf, z_from_log_p

MJJ_RANGE = (2700.0, 5500.0)
"""Search range in GeV: below, the cut on the leading jet's pT shapes the spectrum; above, events run out."""
COLUMNS = ("mj1", "mj2", "tau21_1", "tau21_2", "tau32_1", "tau32_2")
FEATURES = KinematicFeatures(
    ("mj_heavy", "mj_light", "tau21_heavy", "tau21_light", "mjj"), log=("mj_heavy", "mj_light", "mjj")
)
"""Masses and tau21 of the heavier and the lighter jet, and mjj: a detector may look for what is strange at a
mass, because the score is calibrated in each bin of the mass."""
ALPHA = 0.005
_ROOT = 20261122
REFERENCE_FACTOR = 4.0
"""Expected size of the reference in units of the data's."""


def dijet_search(
    detector: Detector,
    *,
    alpha: float = ALPHA,
    n_pseudo: int = 10_000,
    gate: Gate | None = None,
) -> Analysis:
    """The search of the demo with any detector.

    Args:
        detector: scores the masses and N-subjettiness ratios of both jets.
        alpha: events with p <= alpha are searched for a bump.
        n_pseudo: pseudo-experiments, each with the background refitted.
        gate: validity checks; None leaves them out.
    """
    low, high = MJJ_RANGE
    hunt = BumpHunt(lo=low, hi=high, alpha=alpha, n_pseudo=n_pseudo, background=DijetFunction(3))
    return Analysis(
        representation=FEATURES,
        detector=detector,
        calibrator=Mondrian(edges=tuple(hunt.bin_edges().tolist())),
        search=hunt,
        gate=gate,
    )


def controls() -> dict[str, Detector]:
    """What every detector of the search is shown beside."""
    return {
        "mass alone": OneFeature(FEATURES.features.index("mj_heavy")),
        "sum of features": SumOfFeatures(),
        "mahalanobis": Mahalanobis(),
    }


@lru_cache(maxsize=1)
def shipped_dijets() -> tuple[Events, Events]:
    """Background and W' -> XY signal of the shipped sample, in the search range."""
    events = read(sample_path("dijets")).inside("mjj", *MJJ_RANGE)
    truth = np.asarray(events.truth)
    return events.take(truth == 0), events.take(truth == 1)


@lru_cache(maxsize=1)
def shipped_parent() -> DijetParent:
    """The declared parent of the shipped background."""
    return fit_parent(shipped_dijets()[0], COLUMNS, *MJJ_RANGE)


SIGNAL_WINDOW = (3300.0, 3750.0)
"""Where the shipped W' -> XY signal lies, GeV."""


@dataclass(frozen=True)
class PseudoExperiment:
    """A data set with its reference; ``data`` carries truth for evaluation only."""

    data: Events
    reference: Events


def pseudo_experiment(seed: int, *, planted: float = 0.0, bootstrapped: bool = False) -> PseudoExperiment:
    """Fresh, independent, Poisson-sized data and reference.

    Args:
        seed: seeds everything; different seeds share no background event.
        planted: expected number of W' -> XY events among the data.
        bootstrapped: draw from the sample itself instead of its parent, to show that this fails.
    """
    size = REFERENCE_FACTOR * len(shipped_dijets()[0])
    reference = _background(size, f"pseudo-reference {seed}", [_ROOT, seed, 1], bootstrapped)
    return PseudoExperiment(pseudo_data(seed, planted=planted, bootstrapped=bootstrapped), reference)


def pseudo_data(seed: int, *, planted: float = 0.0, bootstrapped: bool = False) -> Events:
    """The data of ``pseudo_experiment``."""
    background, signal = shipped_dijets()
    data = _background(float(len(background)), f"pseudo-data {seed}", [_ROOT, seed, 0], bootstrapped)
    return plant(data, _searched(signal), planted, np.random.default_rng([_ROOT, seed, 2]))


def _background(expected: float, name: str, seeds: list[int], bootstrapped: bool) -> Events:
    rng = np.random.default_rng(seeds)
    if bootstrapped:
        return bootstrap(_searched(shipped_dijets()[0]), expected, rng, name)
    return shipped_parent().draw(expected, rng, name)


def _searched(events: Events) -> Events:
    """The events with the columns that the parent draws, so that they can be joined to its events."""
    return replace(events, features={name: events.features[name] for name in ("mjj", *COLUMNS)})


def inclusive_local_z(data: Events, window: tuple[float, float] = SIGNAL_WINDOW) -> float:
    """Local significance of the excess of all events in ``window`` (GeV) over the fitted mjj spectrum."""
    low, high = MJJ_RANGE
    edges = BumpHunt(lo=low, hi=high).bin_edges()
    counts = np.histogram(data.column("mjj"), edges)[0].astype(np.float64)
    expected = DijetFunction(4).fit(counts, edges).expected
    inside = (edges[:-1] > window[0]) & (edges[1:] < window[1])
    return float(z_from_log_p(poisson_log_sf(counts[inside].sum(), expected[inside].sum())))


def inclusive_search(data: Events, *, seed: int, n_pseudo: int = 500) -> SearchResult:
    """A bump hunt on the mjj spectrum of all events, without a detector."""
    low, high = MJJ_RANGE
    hunt = BumpHunt(lo=low, hi=high, alpha=None, background=DijetFunction(4), n_pseudo=n_pseudo)
    return hunt.run(data.column("mjj"), rng=np.random.default_rng([_ROOT, seed, 3]))
