"""The dijet function against its own formula, and the helpers for bins."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction, geometric_edges
from tests.search.spectra import EDGES, falling


def test_exact_spectrum_gives_back_its_parameters() -> None:
    fit = DijetFunction(4).fit(falling(1e6), EDGES)
    np.testing.assert_allclose(fit.expected, falling(1e6), rtol=1e-8)
    np.testing.assert_allclose(fit.params[1:], [10, -6, 0], atol=1e-4)
    assert fit.deviance == pytest.approx(0, abs=1e-8) and fit.dof == EDGES.size - 5 and fit.converged


@pytest.mark.parametrize("k", [3, 4, 5])
def test_design_is_the_formula(k: int) -> None:
    columns, offset = DijetFunction(k).design(EDGES)
    x = np.sqrt(EDGES[:-1] * EDGES[1:]) / 13000
    p = np.array([1.0, 2.0, 3.0, 0.5, 0.1])[:k]
    expected = p[0] + p[1] * np.log(1 - x) + sum(p[i] * np.log(x) ** (i - 1) for i in range(2, k))
    np.testing.assert_allclose(columns @ p, expected)
    np.testing.assert_allclose(offset, np.log(np.diff(EDGES)))


def test_geometric_edges_keep_their_ratio_and_ends() -> None:
    edges = geometric_edges(2700, 7000, 0.025)
    assert (edges[0], edges[-1], edges.size) == (2700, 7000, 40)
    ratio = edges[1:] / edges[:-1]
    np.testing.assert_allclose(ratio, ratio[0])
    assert ratio[0] == pytest.approx(1.025, abs=5e-4)


@pytest.mark.parametrize("arguments", [(0, 1, 0.1), (2, 1, 0.1), (1, 2, 0), (1, 2, 3), (1, np.inf, 0.1)])
def test_impossible_ranges_are_refused(arguments: tuple[float, float, float]) -> None:
    with pytest.raises(InputError):
        geometric_edges(*arguments)


@pytest.mark.parametrize(
    ("function", "edges"),
    [
        (DijetFunction(4), np.array([-1.0, 2, 3, 4, 5, 6])),
        (DijetFunction(4), np.array([3.0, 2, 3, 4, 5, 6])),
        (DijetFunction(4), np.array([1.0, np.nan])),
        (DijetFunction(4), np.array([1.0, 2, 3, 4, 5])),
        (DijetFunction(4, sqrt_s=5000), EDGES),
        (DijetFunction(7), EDGES),  # type: ignore[arg-type]
    ],
)
def test_bins_that_cannot_be_used_are_named(function: DijetFunction, edges: np.ndarray) -> None:
    with pytest.raises(InputError):
        function.design(edges)


def test_too_few_filled_bins_are_named() -> None:
    counts = np.zeros(EDGES.size - 1)
    counts[:3] = 5
    with pytest.raises(InputError, match="only 3 bins with events"):
        DijetFunction(4).fit(counts, EDGES)
