"""The reference spectrum that the check of the background function fits."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.background_form import _statistics, background_form, fitted, spectrum
from strangeness.search.checks.reference import reference_events
from strangeness.search.checks.simulated import JointTest
from strangeness.search.template import FixedExpectation
from strangeness.stats.poisson_fit import newton
from tests.search.spectra import EDGES, falling

HUNT = BumpHunt(lo=2700.0, hi=5500.0, relative_width=0.1)


def test_weighted_reference_is_thinned_to_poisson_counts() -> None:
    rng = np.random.default_rng(3)
    mass = 2700 + 2800 * rng.random(40_000)
    # weights one and three at random: a third of the first kind is kept, all of the second
    weight = np.where(rng.random(mass.size) < 0.5, 1.0, 3.0)
    held = reference_events(rng.random(mass.size), mass, weight)
    edges = HUNT.bin_edges()
    counts = np.array([spectrum(held, None, HUNT, np.random.default_rng(i)) for i in range(40)])
    expected = np.histogram(mass, edges, weights=weight)[0] / 3
    # 40 thinnings know each mean to sqrt(expected / 3) / sqrt(40), below 1.5 % here; four of them
    assert counts.mean(axis=0) == pytest.approx(expected, rel=0.06)
    assert np.all(counts == np.round(counts))


def test_equal_weights_keep_every_event() -> None:
    mass = np.linspace(2700, 5500, 500)
    held = reference_events(np.linspace(0, 1, 500), mass)
    rng = np.random.default_rng(0)
    assert spectrum(held, held, HUNT, rng).sum() == 1000 and rng.random() == np.random.default_rng(0).random()


CUBIC = BumpHunt(edges=tuple(EDGES), alpha=0.1, background=DijetFunction(3), widths=(2, 3))


def test_the_p_value_is_the_one_of_the_description() -> None:
    counts = np.round(falling(3000))
    counts[7] += 20
    check = background_form(counts, CUBIC, None, 30, np.random.default_rng(2))
    rng = np.random.default_rng(2)
    fit = DijetFunction(3).fit(counts, EDGES)
    toys = rng.poisson(fit.expected[:, None], (counts.size, 30)).astype(float)

    def statistics(n: np.ndarray) -> list[float]:
        own = DijetFunction(3).fit(n, EDGES)
        pulls = [
            (n[i : i + w].sum() - own.expected[i : i + w].sum()) ** 2 / own.expected[i : i + w].sum()
            for w in (2, 3)
            for i in range(n.size - w + 1)
        ]
        return [own.deviance, max(pulls)]

    test = JointTest(np.array([statistics(toy) for toy in toys.T]).T)
    seen = statistics(counts)
    assert check.p == pytest.approx(test.p(np.array(seen))[0]) and check.passed
    assert check.statistic == pytest.approx(seen[0]) == pytest.approx(fit.deviance)
    assert f"than {np.sqrt(seen[1]):.1f} standard deviations" in check.text
    assert f"{counts.sum():,.0f} reference events" in check.text and f"for {fit.dof} degrees" in check.text


@pytest.mark.parametrize(
    ("selected", "thinned"), [(None, False), (0.0, False), (250.0, False), (249.0, True), (50.0, True)]
)
def test_larger_references_are_thinned_to_four_times_the_data(selected: float | None, thinned: bool) -> None:
    counts = np.round(falling(1000))
    counts[0] += 1000 - counts.sum()
    check = background_form(counts, CUBIC, None, 10, np.random.default_rng(0), selected=selected)
    fitted = float(check.text.split("fits ")[1].split(" ")[0].replace(",", ""))
    if not thinned:
        assert fitted == 1000
        return
    assert selected is not None
    share = np.random.default_rng(0).binomial(counts.astype(int), 4 * selected / 1000)
    assert fitted == share.sum() and fitted < 1000


def test_toys_that_cannot_be_fitted_are_farther_off_than_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.round(falling(3000))
    free = background_form(counts, CUBIC, None, 19, np.random.default_rng(2)).p
    seen = []

    def some_lost(toys: np.ndarray, *rest: object) -> object:
        mu, theta, converged = newton(toys, *rest)  # type: ignore[arg-type]
        seen.append(toys.shape)
        converged[:5] = False
        mu[:, :5] = np.nan
        return mu, theta, converged

    monkeypatch.setattr("strangeness.search.checks.background_form.newton", some_lost)
    counts[7] += 500
    assert background_form(counts, CUBIC, None, 19, np.random.default_rng(2)).p == 6 / 20
    assert seen == [(counts.size, 19)] and free > 1 / 20


def test_windows_where_nothing_is_expected_are_far_off() -> None:
    pull = _statistics(
        np.array([[1.0], [3.0]]), np.array([[0.0], [2.0]]) + 1e-12, np.array([[1.0, 0], [1, 1]])
    )
    assert pull[1, 0] == pytest.approx(1e9, rel=1e-6)
    both = _statistics(
        np.array([[4.0], [3.0]]), np.array([[9.0], [2.0]]), np.array([[1.0, 0], [0, 1], [1, 1]])
    )
    deviance = 2 * (4 * np.log(4 / 9) + 5 + 3 * np.log(1.5) - 1)
    assert both[:, 0] == pytest.approx([deviance, 25 / 9])


def test_a_background_that_is_not_fitted_is_refused() -> None:
    hunt = BumpHunt(edges=tuple(EDGES), alpha=None, background=FixedExpectation(tuple(falling(100))))
    with pytest.raises(InputError, match="not fitted"):
        fitted(hunt, np.round(falling(100)), None)
