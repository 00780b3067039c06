"""The law of a weighted quantile against its influence function by loops."""

import numpy as np
import pytest

from strangeness.calibration.local_law import asymptotic_law, tail_influence
from strangeness.core.errors import InputError


@pytest.mark.parametrize("alpha", [0.05, 0.25, 0.3, 0.9])
def test_influence_is_weight_above_the_cut_less_alpha(alpha: float) -> None:
    weight = np.array([1.0, 3.0, 0.0, 2.0, 1.0, 1.0])
    found, above = tail_influence(weight, alpha), 0.0
    for i in range(5, -1, -1):
        share = weight[i] / 8
        # from the top, each event is above the cut as far as alpha reaches into it
        inside = min(max(alpha - above, 0.0), share) / share if share else 0.0
        assert found[i] == pytest.approx(share * (inside - alpha), abs=1e-15)
        above += share
    assert found.sum() == pytest.approx(0.0, abs=1e-15)


def test_equal_weights_have_the_binomial_variance() -> None:
    assert np.sum(tail_influence(np.full(40, 2.5), 0.1) ** 2) == pytest.approx(0.09 / 40)
    for alpha in (0.0, 1.0, -0.1, 1.1, np.nan):
        with pytest.raises(InputError, match="alpha"):
            tail_influence(np.ones(4), alpha)


def test_laws_have_the_mean_and_variance_that_were_asked() -> None:
    edges = np.array([0.0, 1, 2])
    law = asymptotic_law(edges, np.array([0.001, 0.0005]), np.array([500.0, 500]), 0.1)
    n = 0.09 / np.array([0.001, 0.0005])
    assert law.a == pytest.approx(0.1 * (n + 1)) and law.b == pytest.approx(0.9 * (n + 1))
    assert law.mean == pytest.approx(0.1) and law.alpha == 0.1
    assert law.n_calibration is not None and law.n_calibration.tolist() == [90, 180]
    total = law.a + law.b
    assert law.a * law.b / total**2 / (total + 1) == pytest.approx(0.09 / (n + 2))


def test_alpha_below_the_smallest_p_is_named() -> None:
    edges = np.array([0.0, 1, 2])

    def law(events: float, n_eff: float, bins: int = 2) -> None:
        variance, number = np.full(bins, 1e-6), np.full(bins, 1e4)
        variance[-1], number[-1] = 0.1 * 0.9 / events, n_eff
        asymptotic_law(edges[-bins - 1 :], variance, number, 0.1)

    # nine events reach 1 / 10, in variance and in number
    law(9.01, 9.01)
    for events, n_eff, smallest in ((8.9, 100.0, 10), (100.0, 8.9, 10), (100.0, 3.0, 4)):
        words = f"alpha = 0.1 is below the smallest p-value 1/{smallest} .* in the bin 1 to 2"
        with pytest.raises(InputError, match=words) as error:
            law(events, n_eff)
        assert "at least 9 effective" in str(error.value)
    with pytest.raises(InputError, match=r"weighted calibration\.?( |$)") as error:
        law(3.0, 3.0, bins=1)
    assert "in the bin" not in str(error.value)
