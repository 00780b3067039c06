"""Signal fits against SciPy's optimiser, their asymptotic law, and the scan's global p-value."""

import numpy as np
import pytest
from scipy import optimize, stats

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.shape_scan import ShapeScan, ShapeToys
from strangeness.stats.selection import SelectionLaw
from tests.search.spectra import EDGES, falling

SCAN = ShapeScan(tuple(EDGES), masses=(3000.0, 3600.0, 4300.0, 5200.0))
BINS = EDGES.size - 1


def scipy_fit(counts: np.ndarray, shape: np.ndarray) -> tuple[float, float, float]:
    """Strength, its error and the root, by a general optimiser and finite differences."""
    columns, offset = DijetFunction(4).design(EDGES)
    q, _ = np.linalg.qr(columns)

    def negative(values: np.ndarray, s: float | None = None) -> float:
        strength = values[-1] if s is None else s
        mu = np.exp(np.clip(offset + q @ values[:4], -50, 50)) + strength * shape
        return float(np.sum(mu - counts * np.log(mu))) if np.all(mu > 0) else 1e300

    start = np.linalg.lstsq(q, np.log(counts + 0.5) - offset, rcond=None)[0]
    tight = {"xatol": 1e-7, "fatol": 1e-10, "maxfev": 3000, "adaptive": True}

    def best(s: float | None, first: np.ndarray) -> optimize.OptimizeResult:
        found = optimize.minimize(
            negative, first, (s,), method="Powell", options={"xtol": 1e-8, "ftol": 1e-12}
        )
        return optimize.minimize(negative, found.x, (s,), method="Nelder-Mead", options=tight)

    alone = best(0.0, start)
    full = best(None, np.append(alone.x, 1.0))
    s = float(full.x[-1])
    root = np.sign(s) * np.sqrt(2 * max(alone.fun - full.fun, 0.0))
    step = 0.5 * (1 + abs(s)) ** 0.5
    around = [best(s + d, full.x[:4]).fun - full.fun for d in (-step, step)]
    return s, step / np.sqrt(sum(around)), float(root)


@pytest.mark.parametrize(("total", "seed"), [(3000, 0), (20_000, 1)])
def test_fits_are_those_of_a_general_optimiser(total: int, seed: int) -> None:
    counts = np.random.default_rng(seed).poisson(falling(total)).astype(float)
    counts[5:7] += 0.04 * total**0.7
    fit, shapes = SCAN.fit(counts), SCAN.shapes()
    for i in (0, 1):
        s, error, root = scipy_fit(counts, shapes[:, i])
        # the optimiser leaves 1e-3; its error is that of the observed, ours of the expected information
        assert fit.strength[i] == pytest.approx(s, abs=2e-3 * fit.error[i])
        assert fit.root[i] == pytest.approx(root, abs=2e-3)
        assert fit.error[i] == pytest.approx(error, rel=0.1)
        assert fit.local_p[i] == pytest.approx(stats.norm.sf(fit.root[i]))


def test_exact_signal_gives_back_its_strength() -> None:
    shapes = SCAN.shapes()
    fit = SCAN.fit(falling(1e5) + 300 * shapes[:, 1])
    assert fit.strength[1] == pytest.approx(300, rel=1e-3) and fit.best == 1
    assert fit.root[1] == pytest.approx(300 / fit.error[1], rel=0.05)
    assert SCAN.fit(falling(1e5) - 300 * shapes[:, 1]).strength[1] == pytest.approx(-300, rel=1e-3)


def test_roots_follow_the_half_normal_mixture() -> None:
    scan = ShapeScan(tuple(EDGES), masses=(3600.0,))
    toys = ShapeToys(scan, scan.fit(falling(2e4)).background)
    root = toys.roots(np.random.default_rng(2), 3000)[0]
    assert toys.failed == 0
    positive = int(np.count_nonzero(root > 0))
    assert stats.binomtest(positive, root.size, 0.5).pvalue > 1e-3
    assert stats.kstest(root[root > 0] ** 2, stats.chi2(1).cdf).pvalue > 1e-3


def test_toys_are_fitted_as_the_data_are() -> None:
    scan = ShapeScan(tuple(EDGES))
    counts = np.random.default_rng(3).poisson(falling(800), (3, BINS)).astype(float)
    toys = ShapeToys(scan, scan.fit(falling(800)).background)
    roots = toys.roots_of(counts.T.copy())
    for row, histogram in zip(roots.T, counts, strict=True):
        np.testing.assert_allclose(row, np.maximum(scan.fit(histogram).root, 0), atol=1e-5)
    assert np.array_equal(toys.roots_of(np.zeros((BINS, 1))), np.zeros((scan.grid().size, 1)))


def test_sparse_spectra_are_fitted() -> None:
    scan = ShapeScan(tuple(EDGES))
    toys = ShapeToys(scan, scan.fit(falling(200)).background)
    assert np.isfinite(toys.roots(np.random.default_rng(4), 300)).all() and toys.failed == 0
    fit = scan.fit(np.random.default_rng(5).poisson(falling(60)))
    assert np.isfinite(fit.root).all() and np.isfinite(fit.error).all()


def test_global_p_is_uniform_with_refit() -> None:
    rng, p = np.random.default_rng(6), []
    scan = ShapeScan(tuple(EDGES), masses=(3000.0, 3500.0, 4100.0), n_pseudo=79, stop_after=6)
    for _ in range(100):
        p.append(scan.run_counts(rng.poisson(falling(3000)), rng=rng).outcome.randomised)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_planted_signal_is_found_and_reported() -> None:
    scan = ShapeScan(tuple(EDGES), n_pseudo=120)
    counts = np.round(falling(5000) + 150 * ShapeScan(tuple(EDGES), masses=(3500.0,)).shapes()[:, 0])
    result = scan.run_counts(counts, rng=np.random.default_rng(7))
    assert result.mass == pytest.approx(3500, rel=0.03)
    assert abs(result.strength - 150) < 3 * result.error
    assert result.outcome.n_extreme == 0 and result.outcome.p == 1 / 121
    assert any("refitted in every pseudo-experiment" in note for note in result.assumptions)
    assert result.outcome == scan.run_counts(counts, rng=np.random.default_rng(7)).outcome


def test_a_finite_calibration_widens_the_null() -> None:
    law = SelectionLaw(np.array([2700.0, 3300, 7000]), np.full(2, 20.0), np.full(2, 380.0), 0.05)
    scan = ShapeScan(tuple(EDGES), masses=(3300.0,), n_pseudo=200)
    counts = np.round(falling(4e4))
    counts[:4] *= 1.05
    wide = scan.run_counts(counts, selection_law=law, rng=np.random.default_rng(8))
    plain = scan.run_counts(counts, rng=np.random.default_rng(8))
    assert wide.outcome.p >= plain.outcome.p and "efficiency" in wide.assumptions[-1]


def test_templates_replace_the_gaussian() -> None:
    shapes = SCAN.shapes()
    given = ShapeScan(SCAN.edges, SCAN.masses, templates=tuple(tuple(row) for row in 2 * shapes.T))
    np.testing.assert_allclose(given.shapes(), shapes, rtol=1e-12)
    one = shapes[:, 1]
    edge = (EDGES - 3600) / (0.03 * 3600)
    np.testing.assert_allclose(one, np.diff(stats.norm.cdf(edge)) / np.diff(stats.norm.cdf(edge)).sum())


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (ShapeScan(tuple(EDGES), masses=(1000.0,)), "masses from 1000"),
        (ShapeScan(tuple(EDGES), masses=(3500.0, 3000.0)), "increasing masses"),
        (ShapeScan(tuple(EDGES), relative_width=0.0), "relative width"),
        (ShapeScan(tuple(EDGES), masses=(3500.0,), templates=((1.0,),)), "templates of shape"),
        (ShapeScan(tuple(EDGES), n_pseudo=0), "n_pseudo"),
        (ShapeScan((2700.0, 3000.0)), "a histogram of shape"),
    ],
)
def test_unusable_scans_are_named(scan: ShapeScan, words: str) -> None:
    with pytest.raises(InputError, match=words):
        scan.run_counts(np.ones(BINS), rng=np.random.default_rng(0))
