"""Sequential p-values: their exact law, their price and their interval."""

import itertools
from math import comb

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.stats.sequential import SequentialP, sequential_p


def one(draws: list[float], observed: float, h: int, n_max: int, seed: int = 0) -> SequentialP:
    """The p-value when the null gives ``draws`` in this order."""
    stream = iter(draws)

    def draw(size: int) -> list[float]:
        return [next(stream) for _ in range(size)]

    return sequential_p(draw, observed, np.random.default_rng(seed), stop_after=h, n_max=n_max)[0]


def plain(draws: tuple[float, ...], observed: float, h: int) -> float:
    """Besag and Clifford by a loop over the draws."""
    k = 0
    for n, value in enumerate(draws, 1):
        k += value >= observed
        if k == h:
            return h / n
    return (k + 1) / (len(draws) + 1)


@pytest.mark.parametrize(("n_max", "h"), [(3, 1), (4, 2), (5, 3), (5, 5)])
def test_exactly_uniform_over_all_orders(n_max: int, h: int) -> None:
    # exchangeable values without ties: each of the (n_max + 1)! orders has the same chance
    p = []
    for order in itertools.permutations(range(n_max + 1)):
        value = one(list(order[1:]), order[0], h, n_max).p
        assert value == plain(order[1:], order[0], h)
        p.append(value)
    support, count = np.unique(p, return_counts=True)
    np.testing.assert_allclose(np.cumsum(count) / len(p), support, rtol=1e-12)


@pytest.mark.parametrize(("n_max", "h"), [(5, 2), (6, 3)])
def test_super_uniform_with_ties_over_all_sequences(n_max: int, h: int) -> None:
    # three possible values with chances 0.5, 0.3, 0.2; every sequence of data and draws is visited
    chance, p, weight = (0.5, 0.3, 0.2), [], []
    for values in itertools.product(range(3), repeat=n_max + 1):
        p.append(plain(values[1:], values[0], h))
        weight.append(np.prod([chance[v] for v in values]))
    p, weight = np.array(p), np.array(weight)
    for level in np.unique(p):
        assert weight[p <= level + 1e-12].sum() <= level + 1e-12


def test_randomised_is_uniform_with_ties_and_raw_is_not_below() -> None:
    rng, runs = np.random.default_rng(1), []
    for _ in range(4000):
        runs += sequential_p(
            lambda size: rng.integers(0, 4, size).astype(float),
            float(rng.integers(0, 4)),
            rng,
            stop_after=3,
            n_max=60,
        )
    assert stats.kstest([run.randomised for run in runs], "uniform").pvalue > 1e-3
    for level in (0.05, 0.3, 0.8):
        # four binomial standard deviations of 4,000
        share = np.mean([run.p <= level for run in runs])
        assert share <= level + 4 * np.sqrt(level * (1 - level) / 4000)
    assert all(0 < run.randomised <= 1 for run in runs)


def test_price_is_the_one_that_was_promised() -> None:
    rng, h, n_max = np.random.default_rng(2), 10, 1000
    used = [
        sequential_p(rng.standard_normal, rng.standard_normal(), rng, stop_after=h, n_max=n_max)[0].n
        for _ in range(4000)
    ]
    exact = h + h * sum(1 / i for i in range(h + 1, n_max + 1))
    # the standard error of the mean of 4,000 is about 2.3
    assert np.mean(used) == pytest.approx(exact, abs=4 * np.std(used) / np.sqrt(4000))
    assert exact == pytest.approx(h * (1 + np.log(n_max / h)), rel=0.02)


def test_several_statistics_share_their_draws() -> None:
    draws = np.random.default_rng(3).standard_normal(500)
    stream = iter(np.split(draws, [32, 64, 96, 144, 216]))
    shared = sequential_p(
        lambda size: next(stream)[:size], [-0.5, 2.0, 9.0], np.random.default_rng(0), stop_after=4, n_max=216
    )
    assert [run.p for run in shared] == [plain(tuple(draws[:216]), x, 4) for x in (-0.5, 2.0, 9.0)]
    assert (shared[0].stopped, shared[2].stopped) == (True, False)
    assert (shared[2].k, shared[2].p, shared[2].smallest) == (0, 1 / 217, 1 / 217)
    columns = np.random.default_rng(4).standard_normal((64, 2))
    each = sequential_p(lambda n: columns[:n], [1.0, 0.0], np.random.default_rng(0), stop_after=2, n_max=32)
    assert [run.p for run in each] == [plain(tuple(columns[:32, i]), x, 2) for i, x in enumerate((1.0, 0.0))]


@pytest.mark.parametrize("truth", [0.02, 0.3])
def test_interval_covers_under_its_own_stopping_rule(truth: float) -> None:
    # exact coverage: every outcome (stop at n, or k successes in n_max) with its probability
    h, n_max = 5, 200
    inside = 0.0
    for n in range(h, n_max + 1):
        low, high = one([0.0] * (n - h) + [1.0] * h + [0.0] * n_max, 1.0, h, n_max).interval
        chance = comb(n - 1, h - 1) * truth**h * (1 - truth) ** (n - h)
        inside += chance * (low <= truth <= high)
    for k in range(h):
        low, high = one([1.0] * k + [0.0] * (n_max - k), 1.0, h, n_max).interval
        inside += float(stats.binom.pmf(k, n_max, truth)) * (low <= truth <= high)
    assert 0.6827 - 1e-9 <= inside < 0.83


def test_interval_inverts_the_negative_binomial() -> None:
    run = one([0.0] * 45 + [1.0] * 5, 1.0, 5, 50)
    assert (run.n, run.k, run.stopped, run.p) == (50, 5, True, 0.1)
    low, high = run.interval
    assert stats.nbinom.cdf(45, 5, low) == pytest.approx(0.15865, abs=1e-5)
    assert stats.nbinom.sf(44, 5, high) == pytest.approx(0.15865, abs=1e-5)
    assert one([1.0] * 5, 1.0, 5, 5).interval[1] == 1.0


@pytest.mark.parametrize(
    ("observed", "h", "n_max", "draws"),
    [(0.0, 0, 10, [0.0]), (0.0, 11, 10, [0.0]), (np.nan, 1, 9, [0.0]), (0.0, 1, 9, [np.nan] * 9)],
)
def test_unusable_input_is_named(observed: float, h: int, n_max: int, draws: list[float]) -> None:
    with pytest.raises(InputError):
        one(draws, observed, h, n_max)


def test_wrong_shape_is_named() -> None:
    with pytest.raises(InputError, match="shape"):
        sequential_p(lambda size: np.zeros(size + 1), 0.0, np.random.default_rng(0), stop_after=1, n_max=9)
