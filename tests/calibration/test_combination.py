"""Combined p-values against SciPy, and the refusal of those that share a calibration."""

import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.combination import combined
from strangeness.core.errors import InputError


def test_independent_p_values_combine_as_published() -> None:
    p = np.array([0.02, 0.3, 0.7, 0.051])
    # Fisher: -2 sum log p is chi-squared with 2 n degrees of freedom; Stouffer: sum of z over sqrt(n)
    fisher = stats.chi2.sf(-2 * np.log(p).sum(), 8)
    stouffer = stats.norm.sf(stats.norm.isf(p).sum() / 2)
    assert combined(p, calibration=range(4)) == pytest.approx(fisher, rel=1e-12)
    assert combined(p, "stouffer", calibration=list("abcd")) == pytest.approx(stouffer, rel=1e-12)
    assert combined(p, calibration=range(4)) == stats.combine_pvalues(p, "fisher")[1]


def test_a_shared_calibration_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match=r"1 and 2 share the calibration 'x'.*CountingExperiment"):
        combined([0.1, 0.2, 0.3], calibration=["y", "x", "x"])


@pytest.mark.parametrize(
    ("p", "method", "names", "words"),
    [
        ([0.0], "fisher", "a", "p-values"),
        ([], "fisher", "", "p-values"),
        ([0.1, np.nan], "fisher", "ab", "p-values"),
        ([0.1, 0.2], "fisher", "a", "1 names"),
        ([0.1], "tippett", "a", "tippett"),
    ],
)
def test_bad_input_is_named(p, method, names: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        combined(p, method, calibration=list(names))
