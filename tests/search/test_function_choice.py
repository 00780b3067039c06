"""The choice of function against SciPy, its error rates, and its refusals."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction, geometric_edges
from strangeness.search.function_choice import choose_function, goodness_of_fit, lowest_edge
from tests.search.spectra import EDGES, falling

WIDE = geometric_edges(1500, 7000, 0.05)


def curved(total: float, edges: np.ndarray, p3: float, kink: float = 0.0) -> np.ndarray:
    """(1 - x)^10 x^(-6 + p3 log x), with a loss of ``kink`` that dies out above 2.5 TeV."""
    mass = np.sqrt(edges[1:] * edges[:-1])
    x = mass / 13000
    shape = np.diff(edges) * (1 - x) ** 10 * x ** (-6 + p3 * np.log(x))
    return total * shape / shape.sum() * (1 - kink / (1 + np.exp((mass - 2300) / 60)))


def test_table_is_the_one_of_scipy() -> None:
    counts = np.random.default_rng(0).poisson(curved(2e5, WIDE, 0.0)).astype(float)
    choice = choose_function(counts, WIDE)
    fits = [DijetFunction(k).fit(counts, WIDE) for k in (3, 4, 5)]  # type: ignore[arg-type]
    for row, fit in zip(choice.goodness, fits, strict=True):
        assert (row.deviance, row.dof) == (fit.deviance, fit.dof)
    f = (fits[0].deviance - fits[1].deviance) / (fits[1].deviance / fits[1].dof)
    assert choice.steps[0].statistic == pytest.approx(f)
    assert choice.steps[0].p == pytest.approx(stats.f.sf(f, 1, fits[1].dof))
    ratio = choose_function(counts, WIDE, test="likelihood ratio").steps[1]
    assert ratio.p == pytest.approx(stats.chi2.sf(fits[1].deviance - fits[2].deviance, 1))


def test_curvature_asks_for_its_parameter() -> None:
    assert choose_function(curved(1e6, WIDE, 0.6), WIDE).function.n_parameters >= 4
    assert choose_function(np.round(curved(3e4, WIDE, 0.0)), WIDE).function == DijetFunction(3)


@pytest.mark.parametrize("test", ["F", "likelihood ratio"])
def test_error_of_the_first_kind_is_the_level(test) -> None:
    rng, edges = np.random.default_rng(1), geometric_edges(2700, 5000, 0.05)
    first = [
        choose_function(rng.poisson(curved(2e5, edges, 0.0)), edges, test=test, fit_level=1e-9).steps[0].p
        for _ in range(300)
    ]
    # F is exact for Gaussian counts, and these are above 100: four binomial standard deviations at 10 %
    assert np.mean(np.array(first) < 0.1) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 300))


def test_goodness_is_uniform_with_few_events() -> None:
    rng, p = np.random.default_rng(2), []
    for i in range(80):
        row = goodness_of_fit(rng.poisson(falling(300)), EDGES, DijetFunction(3), seed=i)
        assert row.method == "pseudo-experiments"
        p.append(row.p)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_a_spectrum_with_a_turn_on_is_refused_and_the_edge_is_found() -> None:
    counts = np.random.default_rng(3).poisson(curved(3e6, WIDE, 0.0, kink=0.1))
    with pytest.raises(InputError, match=r"even 5 parameters do not describe from 1500 GeV.*Raise the lower"):
        choose_function(counts, WIDE)
    scan = lowest_edge(counts, WIDE, DijetFunction(4))
    assert 1900 < scan.edge < 3000
    rows = {row.lower_edge: row.p for row in scan.table}
    assert all(p < 0.05 for edge, p in rows.items() if edge < scan.edge) and rows[scan.edge] >= 0.05
    first = int(np.argmax(scan.edge == WIDE))
    assert choose_function(counts[first:], WIDE[first:]).goodness[1].p >= 0.05
    assert scan == lowest_edge(counts, WIDE, DijetFunction(4))


def test_unusable_input_is_named() -> None:
    with pytest.raises(InputError, match="levels"):
        choose_function(falling(100), EDGES, level=0)
    with pytest.raises(InputError, match="test = 'chi2'"):
        choose_function(falling(100), EDGES, test="chi2")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a histogram of shape"):
        goodness_of_fit(np.ones(3), EDGES, DijetFunction())
    saw = np.tile([10.0, 1000.0], EDGES.size)[: EDGES.size - 1]
    with pytest.raises(InputError, match="from no lower edge"):
        lowest_edge(saw, EDGES, DijetFunction(3))
