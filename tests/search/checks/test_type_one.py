"""The check of the type-I error against the binomial law."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.type_one import _usable_toy, toy_p_values, type_one_error
from strangeness.search.null import Efficiency
from strangeness.search.significance import global_p
from tests.search.spectra import EDGES, falling

HUNT = BumpHunt(edges=tuple(EDGES), alpha=0.1, n_pseudo=20)


@pytest.mark.parametrize("k", [0, 1, 7])
def test_tail_is_binomial(k: int) -> None:
    # a p-value of exactly 5 % counts
    p = np.r_[np.full(k, 0.05), np.full(60 - k, 0.0501)]
    check = type_one_error(p)
    assert check.p == pytest.approx(stats.binom.sf(k - 1, 60, 0.05)) and check.statistic == pytest.approx(
        k / 60
    )
    assert check.passed and f"{k} of 60" in check.text and "(3 expected)" in check.text
    assert type_one_error(p, 0.0501).p == pytest.approx(stats.binom.sf(59, 60, 0.0501))


def test_toys_are_searches_of_draws_from_the_scaled_fit() -> None:
    counts, scale = np.round(falling(900)), 0.5
    p = toy_p_values(HUNT, counts, None, 2, scale, np.random.default_rng(4))
    rng = np.random.default_rng(4)
    fit = HUNT.background.fit(counts, HUNT.bin_edges())  # type: ignore[union-attr]
    for found in p:
        toy = rng.poisson(scale * fit.expected[:, None], (EDGES.size - 1, 20))[:, 0].astype(float)
        null = HUNT.null(toy)
        again = global_p(float(null.observed().t[0]), HUNT.pseudo_statistics(null, rng), rng)
        assert found == pytest.approx(again.randomised)


def test_progress_is_counted() -> None:
    seen: list[tuple[int, int]] = []
    toy_p_values(
        HUNT, np.round(falling(900)), None, 2, 1.0, np.random.default_rng(1), lambda i, n: seen.append((i, n))
    )
    assert seen == [(1, 2), (2, 2)]


def test_the_first_toy_with_enough_filled_bins_is_taken() -> None:
    class Drawn(Efficiency):
        def draw(self, rng: np.random.Generator, size: int) -> np.ndarray:
            assert size == 20
            toys = np.zeros((5, 20), np.int64)
            toys[:3, 4], toys[:4, 6], toys[:, 9] = 7, 8, 9
            return toys

    source = Drawn(np.ones(5), np.arange(1.0, 7), None)
    rng = np.random.default_rng(0)
    assert _usable_toy(source, 3, rng).tolist() == [7, 7, 7, 0, 0]
    assert _usable_toy(source, 4, rng).tolist() == [8, 8, 8, 8, 0]
    assert _usable_toy(source, 5, rng).tolist() == [9] * 5
    with pytest.raises(InputError, match="about 5 events"):
        _usable_toy(source, 6, rng)
