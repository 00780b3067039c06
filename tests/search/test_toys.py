"""Toys of a limit against sums over Poisson laws."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.toys import Count, Toys, _drawn

QUANTILES = stats.norm.cdf([-2, -1, 0, 1, 2])


def test_a_count_averages_poisson_laws() -> None:
    rate, signal = np.array([4.0, 9.0, 6.0]), np.array([1.0, 2.0, 0.5])
    count = Count(7.0, rate, signal)

    def below(n: float, mu: float) -> float:
        return float(np.mean([stats.poisson.cdf(n, b + mu * s) for b, s in zip(rate, signal, strict=True)]))

    at = [7.0, *(next(n for n in range(100) if below(n, 0.0) >= q) for q in QUANTILES)]
    assert count.at.tolist() == at
    for mu in (0.0, 1.0, 5.0):
        assert count.cls(mu) == pytest.approx([below(n, mu) / below(n, 0.0) for n in at])
    # nothing expected: no event at every quantile
    assert Count(0.0, np.array([1e-9]), np.ones(1)).at.tolist() == [0] * 6


def toys(n: int = 4000, seed: int = 0) -> Toys:
    rng = np.random.default_rng(seed)
    b, s = np.array([5.0, 12.0]), np.array([1.0, 0.5])
    background, base = rng.poisson(b[:, None], (2, n)), rng.poisson(b[:, None], (2, n))
    return Toys(b, s, np.array([6.0, 10.0]), background, base, np.repeat(s[:, None], n, axis=1), rng)


def test_signal_counts_grow_with_mu_and_are_poisson() -> None:
    one = toys()
    small, large = one._signal(1.0), one._signal(3.0)
    assert one.reach == 6.0 and np.all(large >= small) and np.array_equal(one._signal(1.0), small)
    for mu, found in ((1.0, small), (3.0, large)):
        mean = mu * one.s
        assert found.mean(axis=1) == pytest.approx(mean, abs=5 * np.sqrt(mean.max() / 4000))
        assert found.var(axis=1) == pytest.approx(mean, rel=0.12)
    assert not one._signal(0.0).any()


def test_cls_is_a_ratio_of_counted_tails() -> None:
    one = toys(300)
    found = one.cls(2.0)
    weight = np.log(1 + 2 * one.s / one.b)
    null = np.sort(weight @ one.background)
    both = weight @ (one.base + one._signal(2.0))
    cuts = [weight @ one.observed, *(np.quantile(null, q, method="higher") for q in QUANTILES)]
    for value, at in zip(found, cuts, strict=True):
        above, below = (sum(x <= at + 1e-9 for x in sample) + 1 for sample in (both, null))
        assert value == pytest.approx(min(above / below, 1.0))


def test_too_few_toys_are_refused() -> None:
    one = toys(300)
    # two of a hundred lie below the lowest band: 300 x 0.02275 x 0.9 > 5 and x 0.7 is not
    one.observed = np.array([50.0, 50.0])
    one.refuse_unresolved(0.9, 1.0)
    one.refuse_unresolved(5 / (0.02275 * 300) + 1e-9, 1.0)
    with pytest.raises(InputError, match=r"300 toys, of which 0.023 show as little"):
        one.refuse_unresolved(5 / (0.02275 * 300) - 1e-6, 1.0)
    one.observed = np.zeros(2)
    with pytest.raises(InputError, match="of which 0 show") as error:
        one.refuse_unresolved(0.5, 1.0)
    assert "n_toys of 3,000 or more" in str(error.value)


def test_signals_beyond_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.search.toys._MOST_EVENTS", 600.0)
    toys(100)._signal(2.0)
    with pytest.raises(InputError, match=r"toys with 6.3 signal events each"):
        toys(100)._signal(2.1)


def test_nuisances_have_the_law_of_their_constraint() -> None:
    rng = np.random.default_rng(1)
    gamma = _drawn(SimpleNamespace(pdf_type="poisson", factors=[4.0, 25.0]), (2, 20_000), rng, "x")
    assert gamma.mean(axis=1) == pytest.approx(1.0, abs=0.02) and gamma.var(axis=1) == pytest.approx(
        [1 / 4, 1 / 25], rel=0.06
    )
    normal = _drawn(
        SimpleNamespace(pdf_type="normal", auxdata=[1.0], sigmas=[0.2]),
        (1, 500),
        np.random.default_rng(2),
        "x",
    )
    assert normal == pytest.approx(1 + 0.2 * np.random.default_rng(2).standard_normal((1, 500)))
    plain = _drawn(SimpleNamespace(pdf_type="normal", auxdata=[0.0]), (1, 50), np.random.default_rng(3), "x")
    assert plain == pytest.approx(np.random.default_rng(3).standard_normal((1, 50)))
    with pytest.raises(InputError, match="'x' with a flat constraint"):
        _drawn(SimpleNamespace(pdf_type="flat"), (1, 5), rng, "x")
