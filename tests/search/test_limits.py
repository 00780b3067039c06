"""Upper limits against closed forms and pyhf on workspaces written by hand."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from strangeness.core.errors import InputError
from strangeness.search.expectation import Expectation
from strangeness.search.limits import Limit, asymptotic, crossings, under_signal, upper_limit
from strangeness.search.systematics import Systematic
from strangeness.search.workspace import Signal, pyhf_module, quiet, workspace

SCALE = Systematic("jet energy scale", (0.1,), (-0.1,))


def one_bin(
    observed: float, expected: float, statistical: float = 0.0, *systematics: Systematic
) -> Expectation:
    return Expectation((1000.0, 2000.0), (observed,), (expected,), (statistical,), systematics)


def poisson_cls(mu: float, n: float, b: float, spread: float = 0.0) -> float:
    """CLs of a count with a known mean, or one that is a Gamma draw of relative deviation ``spread``."""
    if spread == 0:
        return float(stats.poisson.cdf(n, mu + b) / stats.poisson.cdf(n, b))
    count = 1 / spread**2
    mean = b * stats.gamma.ppf((np.arange(4000) + 0.5) / 4000, count) / count
    return float(stats.poisson.cdf(n, mu + mean).mean() / stats.poisson.cdf(n, mean).mean())


def closed_form(n: float, b: float, spread: float = 0.0) -> float:
    return float(optimize.brentq(lambda mu: poisson_cls(mu, n, b, spread) - 0.05, 0, 200))


@pytest.mark.parametrize(("n", "b", "spread"), [(3, 3.0, 0.0), (0, 2.0, 0.0), (6, 4.0, 0.5)])
def test_small_counts_have_the_closed_form(n: int, b: float, spread: float) -> None:
    limit = upper_limit(workspace(one_bin(n, b, spread), Signal("bump", (1.0,))), seed=1)
    assert limit.calculator == "toys" and limit.n_toys == 10_000
    # found to 0.1 % of CLs; 10,000 draws of a nuisance of 50 % leave 1 % on mu
    tolerance = {"rel": 2e-3 if spread == 0 else 0.03}
    assert limit.observed == pytest.approx(closed_form(n, b, spread), **tolerance)
    if spread == 0:
        bands = [closed_form(stats.poisson.ppf(q, b), b) for q in (0.15866, 0.5, 0.84134)]
        assert limit.expected[1:4] == pytest.approx(bands, **tolerance)


def test_no_event_is_three_events_whatever_is_expected() -> None:
    # CLs = e^-mu for n = 0
    limit = upper_limit(workspace(one_bin(0, 5.0), Signal("bump", (2.0,))))
    assert limit.observed == pytest.approx(-np.log(0.05) / 2, rel=2e-3)


def hand_written() -> dict[str, Any]:
    background = [
        {"name": "ref", "type": "shapesys", "data": [5.0]},
        {"name": "jes", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
    ]
    samples = [
        {"name": "s", "data": [5.0], "modifiers": [{"name": "poi", "type": "normfactor", "data": None}]},
        {"name": "b", "data": [50.0], "modifiers": background},
    ]
    return {
        "channels": [{"name": "c", "samples": samples}],
        "observations": [{"name": "c", "data": [53.0]}],
        "measurements": [{"name": "m", "config": {"poi": "poi", "parameters": []}}],
        "version": "1.0.0",
    }


def test_limit_is_the_one_of_pyhf_on_a_workspace_by_hand() -> None:
    ours = upper_limit(workspace(one_bin(53, 50.0, 0.1, SCALE), Signal("bump", (5.0,))))
    assert ours.calculator == "asymptotic" and ours.background == pytest.approx(50.0)
    pyhf = pyhf_module()
    with quiet():
        space = pyhf.Workspace(hand_written())
        model = space.model()
        for limit, which in ((ours.observed, None), (ours.expected[2], 2)):
            seen, band = pyhf.infer.hypotest(limit, space.data(model), model, return_expected_set=True)
            value = float(seen if which is None else band[which])
            # the limit is found to 0.1 % of CLs
            assert value == pytest.approx(0.05, rel=3e-3)
    # no unit is known of the hand-written one
    assert "the signal of 'm'" in upper_limit(hand_written(), calculator="toys").statement()


def test_asymptotic_of_a_known_background_is_the_textbook_formula() -> None:
    # q-tilde of one Poisson count (arXiv:1007.1727): n = b, so that CLs = 2 (1 - Phi(sqrt q))
    cls = asymptotic(workspace(one_bin(100, 100.0), Signal("bump", (1.0,))))(20.0)
    q = 2 * (20 - 100 * np.log(1.2))
    assert cls[0] == pytest.approx(2 * stats.norm.sf(np.sqrt(q)), rel=1e-3)
    assert np.all(np.diff(cls[1:]) > 0)


def test_toys_and_asymptotics_meet_at_large_counts() -> None:
    space = workspace(one_bin(400, 400.0, 0.02), Signal("bump", (1.0,)))
    exact = closed_form(400, 400.0, 0.02)
    # 10,000 draws of a nuisance of 2 %; the formulae are 1 to 2 % low at 400 events
    assert upper_limit(space, calculator="toys").observed == pytest.approx(exact, rel=0.01)
    assert upper_limit(space).observed == pytest.approx(exact, rel=0.03)


def test_background_under_a_signal_of_equal_bins_is_their_sum() -> None:
    spectrum = Expectation(tuple(np.arange(5.0) + 1), (4.0,) * 4, (4.0,) * 4, (0.0,) * 4)
    assert under_signal(workspace(spectrum, Signal("flat", (2.0, 2.0, 2.0, 0.0))))[0] == pytest.approx(12.0)


def test_toys_of_bins_that_say_the_same_are_their_sum() -> None:
    # with equal s / b the likelihood ratio orders like the total count, whose limit has a closed form
    both = Expectation((1.0, 2.0, 3.0), (2.0, 5.0), (2.0, 4.0), (0.0, 0.0))
    limit = upper_limit(workspace(both, Signal("bump", (0.5, 1.0))), n_toys=20_000)
    # CLs of 5 % of 20,000 toys to 4 %: 2 % of mu, two standard errors
    assert limit.observed == pytest.approx(closed_form(7, 6.0) / 1.5, rel=0.04)
    assert limit.expected[2] == pytest.approx(closed_form(6, 6.0) / 1.5, rel=0.04)
    with pytest.raises(InputError, match="n_toys of"):
        upper_limit(workspace(both, Signal("bump", (0.5, 1.0))), n_toys=500)


def test_toys_of_several_bins_are_stronger_than_their_sum() -> None:
    both = Expectation((1.0, 2.0, 3.0), (2.0, 9.0), (2.0, 9.0), (0.0, 0.0))
    split = upper_limit(workspace(both, Signal("bump", (1.0, 0.1))), calculator="toys", n_toys=6000)
    summed = upper_limit(workspace(one_bin(11, 11.0), Signal("bump", (1.1,))), calculator="toys", n_toys=6000)
    assert split.expected[2] < 0.8 * summed.expected[2]


def test_same_seed_same_limit() -> None:
    space = workspace(one_bin(3, 3.0, 0.3), Signal("bump", (1.0,)))
    np.random.seed(1)  # noqa: NPY002 - the global state must not matter
    first = upper_limit(space, n_toys=500, seed=4)
    assert upper_limit(space, n_toys=500, seed=4) == first != upper_limit(space, n_toys=500, seed=5)
    assert first.to_dict()["expected"] == list(first.expected)


def test_crossings_share_their_evaluations() -> None:
    asked = []

    def curve(mu: float) -> np.ndarray:
        asked.append(mu)
        return np.exp(-mu / np.arange(1.0, 7.0))

    found = crossings(curve, 0.05, 0.1)
    assert found == pytest.approx(-np.log(0.05) * np.arange(1.0, 7.0), rel=1e-3)
    assert len(asked) == len(set(asked)) < 40
    with pytest.raises(InputError, match="does not fall"):
        crossings(lambda mu: np.ones(6), 0.05, 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": 1.0}, "confidence level of 1"),
        ({"n_toys": 10}, "10 toys"),
        ({"calculator": "asymptotic"}, "with 3 background events"),
        ({"calculator": "other"}, "calculator 'other'"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        upper_limit(workspace(one_bin(3, 3.0), Signal("bump", (1.0,))), **options)


def test_statement_says_what_mu_is() -> None:
    limit = Limit(0.95, 2.0, (1.0, 1.2, 1.9, 2.5, 3.0), "a cross-section of 1 fb", "toys", 100, 3.0, ())
    assert limit.statement() == (
        "mu < 2 at 95 % (CLs; expected 1.9, 68 % between 1.2 and 2.5), where mu = 1 is a cross-section of "
        "1 fb."
    )


def test_a_fit_that_does_not_converge_is_an_error_for_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    pyhf = pyhf_module()

    def failed(*_: Any, **__: Any) -> Any:
        raise pyhf.exceptions.FailedMinimization(type("Result", (), {"message": "incompatible"})())

    monkeypatch.setattr(pyhf.infer, "hypotest", failed)
    with pytest.raises(InputError, match=r"a likelihood fit at mu = .* that does not converge"):
        upper_limit(workspace(one_bin(60, 55.0), Signal("bump", (1.0,))))
