"""Spectra against closed forms and quadrature, and the events planted on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from strangeness.core.errors import InputError
from strangeness.events.toys import (
    Features,
    Spectrum,
    blobs,
    breit_wigner,
    dijet,
    double_sided,
    exponential,
    gaussian,
    planted,
    power_law,
    spectrum,
)

LOW, HIGH = 1000.0, 8000.0


def between(f: Any) -> Any:
    """A distribution function cut to the range."""
    return lambda m: (f(m) - f(LOW)) / (f(HIGH) - f(LOW))


LAWS = {
    "exponential": (exponential(LOW, HIGH, 500.0), between(lambda m: -np.exp(-m / 500.0))),
    "power": (power_law(LOW, HIGH, 6.0), between(lambda m: -(m**-5.0))),
    "gaussian": (gaussian(3500.0, 40.0, LOW, HIGH), between(lambda m: special.ndtr((m - 3500.0) / 40.0))),
    "breit-wigner": (
        breit_wigner(3500.0, 0.5, LOW, HIGH),
        between(lambda m: np.arctan(2 * (m - 3500.0) / 0.5)),
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_its_closed_form(name: str) -> None:
    law, cdf = LAWS[name]
    m = np.concatenate([np.linspace(LOW, HIGH, 3001), np.linspace(3400.0, 3600.0, 3001)])
    # the grid's 1e-12, the stated precision, and the rounding of the closed form
    assert np.abs(law.cdf(m) - cdf(m)).max() < 1.1 * law.precision + 2e-11
    assert law.precision < 1e-8
    assert stats.kstest(law.sample(20_000, np.random.default_rng(1)), cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "law", [dijet(), dijet(2000.0, 6000.0, 8.0, 4.0, -0.2), double_sided(3500.0, 80.0, 2700.0, 7000.0)]
)
def test_other_laws_agree_with_quadrature(law: Spectrum) -> None:
    low, high = law.range
    for middle in (0.9 * low + 0.1 * high, 3400.0, 3500.0, 3700.0):
        points = [3380.0, 3500.0, 3620.0]  # where the tails begin
        known = integrate.quad(law.pdf, low, middle, points=points, limit=200, epsabs=1e-11)[0]
        assert float(law.cdf(middle)) == pytest.approx(known, abs=1e-8)  # of the quadrature
    assert np.array_equal(law.pdf([low - 1.0, high + 1.0]), [0.0, 0.0])


def test_the_dijet_function_is_the_one_of_the_searches() -> None:
    law, x = dijet(p2=9.0, p3=4.0, p4=0.3), np.array([3000.0, 4000.0]) / 13000.0
    known = (1 - x) ** 9.0 / x ** (4.0 + 0.3 * np.log(x))
    pdf = law.pdf(13000.0 * x)
    assert pdf[1] / pdf[0] == pytest.approx(known[1] / known[0], rel=1e-12)


def test_tails_join_smoothly_and_lie_on_both_sides() -> None:
    law = double_sided(3500.0, 100.0, 2700.0, 7000.0, left=(1.0, 2.0), right=(2.0, 8.0))
    for place in (3400.0, 3700.0):
        slopes = [(law.pdf(place + d) - law.pdf(place)) / d for d in (-1e-3, 1e-3)]
        assert slopes[0] == pytest.approx(slopes[1], rel=1e-4)
    assert float(law.pdf(3000.0)) > 5 * float(law.pdf(4000.0))


@pytest.mark.parametrize("name", LAWS)
def test_the_quantile_is_the_inverse(name: str) -> None:
    law = LAWS[name][0]
    u = np.linspace(0.0, 1.0, 2001)
    assert np.abs(law.cdf(law.quantile(u)) - u).max() < 1e-9  # a rounding of m, 1e-12 m, times the density
    if name != "gaussian":  # its ends hold nothing that a float could see
        assert law.quantile([0.0, 1.0]) == pytest.approx([LOW, HIGH])
    assert np.all(np.diff(law.quantile(u)) > 0)


def test_planted_events_have_truth_and_features() -> None:
    background, signal = exponential(2700.0, 7000.0, 600.0), gaussian(3500.0, 50.0, 2700.0, 7000.0)
    features = Features(("mj1", "mj2"), blobs([[0.0, 0.0]]), blobs([[3.0, 3.0]]))
    events = planted(background, signal, (5000.0, 300.0), np.random.default_rng(3), "toy", features=features)
    truth = np.asarray(events.truth)
    assert list(events.features) == ["mjj", "mj1", "mj2"]
    assert np.sum(truth == 0) == pytest.approx(5000, abs=4 * np.sqrt(5000))
    assert np.sum(truth == 1) == pytest.approx(300, abs=4 * np.sqrt(300))
    assert stats.kstest(events.column("mjj")[truth == 0], background.cdf).pvalue > 1e-3
    assert stats.kstest(events.column("mjj")[truth == 1], signal.cdf).pvalue > 1e-3
    assert np.median(events.column("mj1")[truth == 1]) == pytest.approx(3.0, abs=0.3)
    assert len(np.unique(events.id, axis=0)) == len(events)
    again = planted(background, signal, (5000.0, 300.0), np.random.default_rng(3), "toy", features=features)
    assert np.array_equal(again.column("mjj"), events.column("mjj"))
    alone = planted(background, None, (100.0, 0.0), np.random.default_rng(3), "toy")
    assert not np.asarray(alone.truth).any()


FLAT = blobs([[0.0]])


def plant(**changed: Any) -> Any:
    law = exponential(LOW, HIGH, 500.0)
    given: dict[str, Any] = {"background": law, "signal": None, "expected": (10.0, 0.0), "name": "toy"}
    given |= {"rng": np.random.default_rng(0), **changed}
    return planted(**given)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: exponential(8000.0, 1000.0, 500.0), "range from 8000"),
        (lambda: exponential(LOW, HIGH, 0.0), "scale is 0"),
        (lambda: power_law(0.0, HIGH, 6.0), "lower end is 0"),
        (lambda: dijet(high=13000.0), "below the collision energy"),
        (lambda: gaussian(500.0, 40.0, LOW, HIGH), "outside"),
        (lambda: gaussian(3500.0, -1.0, LOW, HIGH), "width is -1"),
        (lambda: double_sided(3500.0, 1.0, LOW, HIGH, left=(0.0, 1.0)), "tail is 0"),
        (lambda: spectrum(lambda m: m - 2000.0, LOW, HIGH), "negative"),
        (lambda: spectrum(np.zeros_like, LOW, HIGH), "density is 0"),
        (lambda: plant(expected=(0.0, 0.0)), "not both 0"),
        (lambda: plant(expected=(-1.0, 2.0)), "0 or more"),
        (lambda: plant(expected=(10.0, 1.0)), "without a law"),
        (lambda: plant(signal=exponential(10.0, 20.0, 1.0)), "Keep it inside"),
        (lambda: plant(features=Features(("a", "b"), FLAT, FLAT)), "Name one"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()
