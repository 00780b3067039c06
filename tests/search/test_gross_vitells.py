"""Extrapolated p-values against closed forms, a Gaussian process and a million pseudo-experiments."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.gross_vitells import extrapolated_tail, upcrossings
from strangeness.search.shape_scan import ShapeScan, ShapeToys
from strangeness.search.significance import global_p
from strangeness.search.template import FixedExpectation
from tests.search.spectra import falling

EDGES = np.geomspace(2700, 4400, 26)


@cache
def gaussian_process(n: int, seed: int) -> np.ndarray:
    """Stationary process (120, n) over 12 correlation lengths, whose upcrossings Rice's formula counts."""
    x = np.linspace(0, 12, 120)
    covariance = np.exp(-0.5 * (x[:, None] - x) ** 2) + 1e-10 * np.eye(x.size)
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).standard_normal((x.size, n))


def test_upcrossings_are_those_of_rice() -> None:
    found = upcrossings(gaussian_process(4000, 0), 1.0)
    assert found.mean == pytest.approx(12 / (2 * np.pi) * np.exp(-0.5), abs=4 * found.error)
    assert found.error == pytest.approx(np.sqrt(found.mean / 4000), rel=0.3)
    assert found.total == pytest.approx(found.mean * 4000)


@pytest.mark.parametrize("z", [2.2, 2.8, 3.4])
def test_few_toys_give_the_global_p_of_many(z: float) -> None:
    found = upcrossings(gaussian_process(200, 1), 1.0)
    tested = np.mean(gaussian_process(20_000, 2).max(axis=0) >= z)
    value = found.extrapolated(z)
    assert found.invalid(z) == ""
    # four standard errors of both, and 3 % for excursions that come in clusters at p = 0.3
    error = np.hypot((value.interval[1] - value.interval[0]) / 2, np.sqrt(tested / 20_000))
    assert value.p == pytest.approx(tested, abs=4 * error + 0.03 * tested)
    assert value.z == pytest.approx(stats.norm.isf(value.p))


def test_agrees_with_pseudo_experiments_of_a_shape_scan() -> None:
    scan = ShapeScan(tuple(EDGES), relative_width=0.06)
    toys = ShapeToys(scan, scan.fit(falling(3e4, EDGES)).background)
    roots = toys.roots(np.random.default_rng(3), 1500)
    found = upcrossings(roots[:, :300], 1.0)
    largest = roots[:, 300:].max(axis=0)
    for z in (1.9, 2.5, 3.0):
        tested, value = np.mean(largest >= z), found.extrapolated(z)
        error = np.hypot((value.interval[1] - value.interval[0]) / 2, np.sqrt(max(tested, 1e-3) / 1200))
        # masses half a width apart miss the top of an excursion: 10 % less than the continuous scan
        assert value.p == pytest.approx(tested, abs=4 * error + 0.1 * value.p)


def test_validity_is_stated() -> None:
    found = upcrossings(gaussian_process(200, 4), 1.0)
    assert "clearly above" in found.invalid(1.2) and "too large" in found.invalid(1.7)
    rare = upcrossings(gaussian_process(3, 5), 3.5)
    assert "only" in rare.invalid(5.0) and rare.error > 0
    with pytest.raises(InputError, match="needs no extrapolation"):
        found.extrapolated(0.5)
    far = found.extrapolated(45.0)
    assert far.p == 0.0 and far.log_p < -1000 and 44 < far.z < 45
    for roots, level in ((np.zeros(3), 1.0), (np.full((3, 3), np.inf), 1.0), (np.zeros((3, 3)), 0.0)):
        with pytest.raises(InputError):
            upcrossings(roots, level)


@pytest.fixture(scope="module")
def million() -> np.ndarray:
    """A million pseudo-experiments of a small hunt."""
    edges = np.geomspace(2700, 4000, 7)
    hunt = BumpHunt(
        edges=tuple(edges),
        background=FixedExpectation(tuple(falling(3000, edges))),
        alpha=None,
        widths=(1, 2),
        n_pseudo=1_000_000,
    )
    null = hunt.null(np.round(falling(3000, edges)))
    return hunt.pseudo_statistics(null, np.random.default_rng(6))


@pytest.mark.parametrize("p", [1e-3, 1e-4, 1e-5])
def test_tail_of_few_is_the_tail_of_a_million(million: np.ndarray, p: float) -> None:
    t = float(np.quantile(million, 1 - p))
    true = np.mean(million >= t)
    parts = [million[i * 5000 : (i + 1) * 5000] for i in range(30)]
    runs = [extrapolated_tail(t, part) for part in parts]
    covered = sum(run.interval[0] <= true <= run.interval[1] for run in runs)
    # 68 % of 30 within four binomial standard deviations; no bias above 40 % and two errors of the million
    assert covered >= 0.6827 * 30 - 4 * np.sqrt(30 * 0.6827 * 0.3173)
    bias = np.median([run.log_p for run in runs]) - np.log(true)
    assert abs(bias) < np.log(1.4) + 2 / np.sqrt(1e6 * p)
    pareto = [extrapolated_tail(t, part, law="Pareto") for part in parts[:10]]
    # the Pareto tail errs to larger p
    assert sum(true <= run.interval[1] for run in pareto) >= 7


def test_what_is_printed_names_what_was_tested_and_assumed(million: np.ndarray) -> None:
    few = million[:5000]
    value = extrapolated_tail(25.0, few)
    text = value.text(global_p(25.0, few, np.random.default_rng(0)))
    assert (
        text.startswith("p < 0.0002 (tested); extrapolated ")
        and "under the assumption that the top 2 %" in text
    )
    assert value.z > 5 and value.interval[0] < value.p < value.interval[1]
    tested = global_p(float(np.quantile(few, 0.99)), few, np.random.default_rng(0))
    assert value.text(tested).startswith("p = 0.0")


@pytest.mark.parametrize(
    ("observed", "pseudo", "options", "words"),
    [
        (9.0, np.ones(100), {}, "Make at least 2500"),
        (9.0, np.arange(5000.0), {}, "needs no extrapolation"),
        (9.0, np.ones(5000), {"share": 0.5}, "share"),
        (9.0, np.ones(5000), {}, "nearly all tie"),
        (9.0, np.ones(5000), {"law": "normal"}, "law = 'normal'"),
    ],
)
def test_unusable_tails_are_named(observed, pseudo, options, words: str) -> None:
    with pytest.raises(InputError, match=words):
        extrapolated_tail(observed, pseudo, **options)
