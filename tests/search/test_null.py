"""Kinds of background against their formulae, without a search."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.null import (
    Efficiency,
    FixedNull,
    TemplateNull,
    _relative_variance,
    poisson_pulls,
    said,
)
from strangeness.search.systematics import Systematic
from strangeness.search.template import FixedExpectation, TemplateBackground, template_t
from strangeness.search.windows import window_p
from strangeness.stats.selection import SelectionLaw

EDGES = np.array([1.0, 2, 3, 4])
LAW = SelectionLaw(np.array([1.0, 2.5, 4]), np.array([40.0, 10]), np.array([60.0, 30]), 0.3)
SCALE = Systematic("scale", (0.2,), (-0.3,))


def test_a_toy_carries_efficiency_and_systematics() -> None:
    source = Efficiency(np.array([100.0, 200, 50]), EDGES, LAW, (SCALE,))
    drawn = source.draw(np.random.default_rng(0), 500)
    rng = np.random.default_rng(0)
    first, second = rng.beta([[40.0], [10.0]], [[60.0], [30.0]], (2, 500)) / [[0.4], [0.25]]
    z = rng.standard_normal(500)
    factor = np.where(z > 0, 1.2**z, 0.7**-z)
    mean = np.array([100 * first, 200 * (first + second) / 2, 50 * second]) * factor
    assert np.array_equal(drawn, rng.poisson(mean, (3, 500)))


def test_pulls_are_signed_roots() -> None:
    n, b = np.array([0.0, 4, 9, 5]), np.array([2.0, 9, 4, 5])
    expected = [-2.0, -np.sqrt(2 * (4 * np.log(4 / 9) + 5)), np.sqrt(2 * (9 * np.log(9 / 4) - 5)), 0.0]
    assert poisson_pulls(n, b) == pytest.approx(expected, abs=1e-7)


def test_relative_variance_is_the_largest_of_all_bins() -> None:
    wide = Systematic("wide", (0.1, -0.5), (0.2, 0.3))
    beta = 30 / (10 * 41)
    assert _relative_variance(LAW, ()) == pytest.approx(beta)
    assert _relative_variance(LAW, (wide, SCALE)) == pytest.approx(beta + 0.25 + 0.09)
    assert _relative_variance(None, ()) == 0


def test_a_known_expectation_is_scanned_with_its_poisson_law() -> None:
    expected = np.array([10.0, 5, 2])
    null = FixedNull(FixedExpectation(tuple(expected)), EDGES, np.array([10.0, 11, 4]), (1, 2), LAW, (SCALE,))
    sums = np.array([10.0, 5, 2, 15, 7])
    variance = sums * (1 + (30 / 410 + 0.09) * sums)
    assert null.table.high.tolist() == [
        int(np.ceil(m + 9 * np.sqrt(v))) + 12 for m, v in zip(sums, variance, strict=True)
    ]
    t = window_p(np.array([11.0, 4, 21, 15]), np.array([5.0, 2, 15, 7]))
    scan = null.observed()
    assert scan.t[0] == pytest.approx(t.max()) and (scan.first[0], scan.width[0]) == (1, 2)
    assert null.pulls() == pytest.approx(poisson_pulls(null.counts, expected))
    assert "known up to its systematics" in null.assumptions[0] and "scale" in null.assumptions[1]
    plain = FixedNull(FixedExpectation(tuple(expected)), EDGES, null.counts, (1, 2), None)
    assert plain.assumptions == ("the background expectation is known exactly and not refitted",)
    drawn = np.random.default_rng(1).poisson(expected[:, None], (3, 40)).astype(float)
    windows = np.concatenate([drawn, drawn[:2] + drawn[1:]])
    largest = window_p(windows, np.repeat(sums[:, None], 40, axis=1)).max(axis=0)
    assert plain.pseudo(np.random.default_rng(1), 40) == pytest.approx(largest)


def test_a_finite_reference_shares_out_each_total() -> None:
    counts, reference = np.array([9.0, 0, 4]), (6, 0, 20)
    null = TemplateNull(TemplateBackground(reference, 2.0), counts, (1, 2), None)
    assert null.expected.tolist() == [3, 0, 10] and null.total.tolist() == [15, 0, 24] and null.share == 1 / 3
    assert null.pulls() == pytest.approx([6 / np.sqrt(7.5), 0, -6 / np.sqrt(12)])
    total = np.array([15.0, 0, 24, 15, 24])
    mean, variance = total / 3, total * 2 / 9
    high = np.minimum(np.ceil(mean + 9 * np.sqrt(variance)) + 12, total)
    assert null.table.high.tolist() == high.tolist() and null.table.low.tolist() == np.floor(mean).tolist()
    assert null.observed().t[0] == pytest.approx(template_t(9, 6, 2.0))
    drawn = np.random.default_rng(2).binomial(np.array([[15], [0], [24]]), 1 / 3, (3, 60))
    windows = np.concatenate([drawn, drawn[:2] + drawn[1:]])
    largest = template_t(windows, total[:, None] - windows, 2.0).max(axis=0)
    assert null.pseudo(np.random.default_rng(2), 60) == pytest.approx(largest)
    moved = TemplateNull(TemplateBackground(reference, 2.0), counts, (1, 2), None, (SCALE,))
    rng = np.random.default_rng(3)
    z = rng.standard_normal(60)
    factor = np.where(z > 0, 1.2**z, 0.7**-z) * np.ones((3, 1))
    drawn = rng.binomial(np.array([[15], [0], [24]]), factor / (factor + 2), (3, 60))
    windows = np.concatenate([drawn, drawn[:2] + drawn[1:]])
    largest = template_t(windows, total[:, None] - windows, 2.0).max(axis=0)
    assert moved.pseudo(np.random.default_rng(3), 60) == pytest.approx(largest)


def test_what_a_finite_reference_refuses() -> None:
    background = TemplateBackground((1, 2, 3))
    with pytest.raises(InputError, match="selection law"):
        TemplateNull(background, np.ones(3), (1,), LAW)
    with pytest.raises(InputError, match="weighted data"):
        TemplateNull(background, np.array([1.0, 0.5, 2]), (1,), None)
    assert said(()) == () and said((SCALE,))[0].startswith("systematics (scale): ")
