"""Spurious signals: none where the function is right, and the one that a wrong function must invent."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.shape_scan import ShapeScan
from strangeness.search.spurious import SpuriousSignal, spurious_signal
from tests.search.spectra import EDGES, falling

SCAN = ShapeScan(tuple(EDGES), masses=(3100.0, 3600.0, 4200.0), relative_width=0.05)


def test_the_right_function_invents_nothing() -> None:
    found = spurious_signal(falling(1e6), SCAN, data_events=1e4)
    # an expectation without fluctuations: only the tolerance of the fit is left
    assert found.largest < 0.1 and found.passed and found.scale == pytest.approx(0.01)
    assert "passes" in found.text()
    error = ShapeScan(SCAN.edges, SCAN.masses, 0.05).fit(falling(1e4)).error
    np.testing.assert_allclose(found.error, error, rtol=1e-3)


def test_a_bump_that_the_function_lacks_is_its_size() -> None:
    bumped = falling(1e6) + 3000 * SCAN.shapes()[:, 1]
    found = spurious_signal(bumped, SCAN, data_events=1e5)
    assert found.strength[1] == pytest.approx(3000 * found.scale, rel=1e-2)
    assert found.worst == 1 and not found.passed and "fails: it invents" in found.text()
    assert found.ratio[1] == pytest.approx(abs(found.strength[1]) / found.error[1])
    assert found.at(3600) == pytest.approx(abs(found.strength[1]))
    assert found.carried(3600, 40.0) == pytest.approx(np.hypot(40.0, found.strength[1]))
    # at a tenth of the data the ratio falls with the root, to where the same function passes
    small = spurious_signal(bumped, SCAN, data_events=1e3)
    np.testing.assert_allclose(small.ratio, found.ratio / 10, rtol=1e-6)
    assert small.passed == bool(small.ratio.max() <= 0.5)


def test_too_stiff_a_function_invents_a_signal() -> None:
    x = np.sqrt(EDGES[1:] * EDGES[:-1]) / 13000
    curved = falling(1e6) * x ** (3 * np.log(x)) * 1e5
    curved *= 1e6 / curved.sum()
    stiff = ShapeScan(SCAN.edges, SCAN.masses, 0.05, background=DijetFunction(3))
    assert spurious_signal(curved, stiff).largest > 20 * spurious_signal(curved, SCAN).largest


def test_a_small_reference_is_said_to_be_small() -> None:
    counts = np.random.default_rng(0).poisson(falling(2e4))
    small = spurious_signal(counts, SCAN, data_events=2e4)
    assert not small.resolved and "too small to tell" in small.text()
    assert spurious_signal(counts, SCAN, data_events=2e3).resolved
    relaxed = spurious_signal(counts, SCAN, data_events=2e4, allowance=3.0)
    assert relaxed.passed and np.all(relaxed.size <= small.size)
    np.testing.assert_allclose(small.reference_error, small.error * np.sqrt(small.scale))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0.0}, "limit"),
        ({"allowance": -1.0}, "allowance"),
        ({"data_events": 0.0}, "data_events"),
    ],
)
def test_unusable_options_are_named(options: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        spurious_signal(falling(1e4), SCAN, **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="outside the scan"):
        spurious_signal(falling(1e4), SCAN).at(6000.0)


def found_of(**changed: object) -> SpuriousSignal:
    values = {
        "masses": np.array([1.0, 2, 4]),
        "strength": np.array([3.0, -8, 2]),
        "error": np.array([10.0, 16, 8]),
        "reference_error": np.array([1.0, 2, 4]),
        "scale": 1.0,
        "limit": 0.5,
        "allowance": 0.0,
        **changed,
    }
    return SpuriousSignal(**values)  # type: ignore[arg-type]


def test_numbers_of_few_masses() -> None:
    plain = found_of()
    assert plain.size.tolist() == [3, 8, 2] and plain.ratio.tolist() == [0.3, 0.5, 0.25]
    # a ratio at the limit passes; a reference whose error is at the limit resolves it
    assert plain.passed and plain.worst == 1 and plain.largest == 8 and plain.resolved
    assert (
        not found_of(limit=0.499).passed and not found_of(reference_error=np.array([1.0, 2, 4.01])).resolved
    )
    less = found_of(allowance=2.0)
    assert less.size.tolist() == [1, 4, 0] and less.ratio == pytest.approx([0.1, 0.25, 0])
    assert [plain.at(m) for m in (1.0, 1.5, 2.0, 3.0, 4.0)] == [3, 5.5, 8, 5, 2]
    assert plain.carried(2.0, 6.0) == pytest.approx(10)
    for mass in (0.999, 4.001, np.nan):
        with pytest.raises(InputError, match="outside the scan from 1 to 4"):
            plain.at(mass)
    said = "passes: it invents -8 events at 2 GeV, 0.50 of the statistical error (limit 0.5)"
    assert plain.text() == f"the background function {said}"
    assert "0.25 of the statistical error after 2 standard deviations of the reference (" in less.text()
    assert found_of(limit=0.4).text().endswith("tell a spurious signal of this size")


def test_options_at_their_limits() -> None:
    counts = falling(1e4)
    kept = spurious_signal(counts, SCAN, limit=1.0)
    assert (kept.scale, kept.limit, kept.allowance) == (1.0, 1.0, 0.0)
    fit = SCAN.fit(counts)
    np.testing.assert_allclose(kept.error, fit.error)
    scaled = spurious_signal(counts, SCAN, data_events=4e4)
    assert scaled.scale == pytest.approx(4) and scaled.limit == 0.5
    np.testing.assert_allclose(scaled.strength, 4 * fit.strength)
    np.testing.assert_allclose(scaled.error, 2 * fit.error)
    np.testing.assert_allclose(scaled.reference_error, 4 * fit.error)
    for name, values in (
        ("limit", (0.0, -0.1, 1.001, np.nan)),
        ("allowance", (-0.001, np.inf, np.nan)),
        ("data_events", (0.0, -1.0, np.inf, np.nan)),
    ):
        for value in values:
            with pytest.raises(InputError, match=f"{name} = "):
                spurious_signal(counts, SCAN, **{name: value})
