"""What each null promises, and weights of both signs, which promise nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strangeness.calibration.conformal import SignedNull, SplitConformal
from strangeness.calibration.guarantee import GUARANTEES, weakest
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError


def batch_of(weight: np.ndarray, context: np.ndarray | None = None) -> Batch:
    return make_batch(np.zeros((weight.size, 1)), weight=weight, context=context, name="b")


def test_each_form_is_labelled() -> None:
    score, even, uneven = np.arange(6.0), np.ones(6), np.arange(1.0, 7.0)
    signed = np.array([1.0, -0.2, 1.0, 1.0, -0.1, 1.0])
    found = {
        "exact": SplitConformal().fit_null(score, batch_of(even)),
        "super-uniform": SplitConformal(False).fit_null(score, batch_of(even)),
        "asymptotic": SplitConformal().fit_null(score, batch_of(uneven)),
        "unguaranteed": SplitConformal(signed=True).fit_null(score, batch_of(signed)),
    }
    for name, null in found.items():
        assert null.guarantee == name and null.guarantee_text == GUARANTEES[name]
        assert null.guarantee_text.endswith(".")
    assert set(GUARANTEES) == {*found, "at most twice alpha"}


def test_bins_have_the_weakest_guarantee() -> None:
    context, edges = np.repeat([0.5, 1.5], 4), (0.0, 1.0, 2.0)
    for weight, expected in (
        (np.ones(8), "exact"),
        (np.array([1.0] * 4 + [1.0, 2.0, 3.0, 4.0]), "asymptotic"),
        (np.array([1.0] * 4 + [1.0, -0.1, 3.0, 4.0]), "unguaranteed"),
    ):
        null = Mondrian(edges=edges, signed=True).fit_null(np.arange(8.0), batch_of(weight, context))
        assert null.guarantee == expected and null.guarantee_text == GUARANTEES[expected]
    assert weakest(["exact", "asymptotic"]) == "asymptotic"


@given(
    arrays(np.float64, 15, elements=st.integers(-3, 3).map(float)),
    arrays(np.float64, 15, elements=st.floats(-0.5, 1.0)),
)
def test_signed_p_is_monotone_clipped_and_no_smaller_than_its_definition(score, weight) -> None:
    n_eff = weight.sum() ** 2 / max((weight**2).sum(), 1e-300)
    if weight.sum() <= 1e-6 or n_eff < 1:
        with pytest.raises(InputError):
            SplitConformal(signed=True).fit_null(score, batch_of(np.where(weight.sum() > 1e-6, weight, -1.0)))
        return
    null = SplitConformal(signed=True).fit_null(score, batch_of(weight))
    tested = np.linspace(-4, 4, 33)
    p = null.raw(tested)
    assert np.all(np.diff(p) <= 1e-12) and p.min() >= 1 / (null.n_eff + 1) - 1e-12 and p.max() <= 1
    for s, found in zip(tested, p, strict=True):
        plain = (null.n_eff * weight[score >= s].sum() / weight.sum() + 1) / (null.n_eff + 1)
        assert found >= min(plain, 1.0) - 1e-9


def test_signed_weights_without_negative_ones_change_nothing() -> None:
    score, weight = np.random.default_rng(0).normal(size=40), np.linspace(1, 2, 40)
    one = SplitConformal(signed=True).fit_null(score, batch_of(weight))
    assert not isinstance(one, SignedNull)
    assert np.array_equal(one.raw(score), SplitConformal().fit_null(score, batch_of(weight)).raw(score))


def test_negative_weights_are_refused_by_default_and_bins_named() -> None:
    weight, context = np.array([1.0, -0.5, 1.0, 0.25, -1.0, 0.25]), np.repeat([0.5, 1.5], 3)
    score = np.arange(6.0)
    with pytest.raises(InputError, match="signed=True"):
        SplitConformal().fit_null(score, batch_of(weight))
    with pytest.raises(InputError, match="signed=True"):
        Mondrian(edges=(0.0, 1.0, 2.0)).fit_null(score, batch_of(weight, context))
    with pytest.raises(InputError, match=r"sum to -0\.5 in the bin 1 to 2"):
        Mondrian(edges=(0.0, 1.0, 2.0), signed=True).fit_null(score, batch_of(weight, context))
    with pytest.raises(InputError, match="add up to -1"):
        SplitConformal(signed=True).fit_null(score, batch_of(weight - 0.5 + 1 / 6))
    with pytest.raises(InputError, match="count as"):
        SplitConformal(signed=True).fit_null(np.arange(2.0), batch_of(np.array([1.0, -0.9])))
