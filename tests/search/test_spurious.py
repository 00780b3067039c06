"""Spurious signals: none where the function is right, and the one that a wrong function must invent."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.shape_scan import ShapeScan
from strangeness.search.spurious import spurious_signal
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
