"""The dijet function against its own formula, and the helpers for bins."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction, checked_edges, geometric_edges
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


def test_geometric_edges_at_their_limits() -> None:
    assert geometric_edges(1, 2, 1.0).tolist() == [1, 2]
    assert geometric_edges(1, 2, 0.9).tolist() == [1, 2]
    # log 2 / log 1.3 = 2.64 bins
    assert geometric_edges(1, 2, 0.3) == pytest.approx([1, 2 ** (1 / 3), 2 ** (2 / 3), 2])
    for lo, hi, width, words in (
        (1, 2, 1.001, "between 0 and 1"),
        (1, 2, 0.0, "bin width 0"),
        (1, 2, -0.1, "bin width -0.1"),
        (1, 2, np.nan, "bin width nan"),
        (-1, 2, 0.1, "mass range"),
        (0, 2, 0.1, "mass range"),
        (2, 2, 0.1, "mass range"),
        (np.nan, 2, 0.1, "mass range"),
        (1, np.inf, 0.1, "mass range"),
    ):
        with pytest.raises(InputError, match=words):
            geometric_edges(lo, hi, width)


def test_edges_are_positive_and_rise() -> None:
    assert checked_edges([0.5, 1.0]).tolist() == [0.5, 1.0]
    for edges in (
        [1.0],
        [],
        [[1.0, 2.0]],
        [1.0, np.nan],
        [1.0, np.inf],
        [0.0, 1.0],
        [-1.0, 1.0],
        [1.0, 1.0],
        [1.0, 3.0, 2.0],
    ):
        with pytest.raises(InputError, match="bin edges"):
            checked_edges(edges)


def test_bins_and_energies_at_their_limits() -> None:
    edges = np.array([1000.0, 2000, 3000, 4000, 5000])
    assert DijetFunction(3).design(edges)[0].shape == (4, 3)
    assert DijetFunction(3, sqrt_s=5000.1).design(edges)[0].shape == (4, 3)
    for function, words in (
        (DijetFunction(4), "4 bins for 4 parameters"),
        (DijetFunction(3, sqrt_s=5000.0), r"5000 GeV at sqrt\(s\) = 5000"),
        (DijetFunction(2), "2 parameters"),  # type: ignore[arg-type]
        (DijetFunction(6), "6 parameters"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match=words):
            function.design(edges)
    filled = np.array([9.0, 5, 0, 2])
    assert DijetFunction(3).fit(filled, edges).dof == 1
    with pytest.raises(InputError, match="only 2 bins with events for 3"):
        DijetFunction(3).fit([9.0, 5, 0, 0], edges)


def test_a_fit_is_a_maximum_and_its_deviance_the_formula() -> None:
    counts = np.random.default_rng(2).poisson(falling(3000)).astype(float)
    fit = DijetFunction(3).fit(counts, EDGES)
    columns, offset = DijetFunction(3).design(EDGES)
    np.testing.assert_allclose(fit.expected, np.exp(columns @ fit.params + offset), rtol=1e-6)
    # the score vanishes along every column
    np.testing.assert_allclose(columns.T @ (counts - fit.expected), 0, atol=1e-2)
    full = counts > 0
    terms = counts[full] * np.log(counts[full] / fit.expected[full])
    assert fit.deviance == pytest.approx(2 * (terms.sum() - (counts - fit.expected).sum()))
    assert (
        np.array_equal(fit.counts, counts) and np.array_equal(fit.edges, EDGES) and fit.dof == counts.size - 3
    )


def test_the_design_is_orthonormal_under_the_spectrum() -> None:
    weight = falling(500)
    q = DijetFunction(3).prepared(weight, EDGES).q
    np.testing.assert_allclose(q.T @ ((weight + 1e-3 * weight.mean())[:, None] * q), np.eye(3), atol=1e-8)
