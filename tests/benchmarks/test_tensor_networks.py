"""The benchmarks of the chains: their exponents, and that every row has its bound."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.tensor_networks import CASES, _exponent, _exponents
from harness.targets import load_targets


def test_an_exponent_is_the_slope_of_the_logarithms() -> None:
    sizes = (10, 20, 40, 80)
    assert _exponent(sizes, 3e-3 * np.array(sizes) ** 2.5) == pytest.approx(2.5)


def test_times_of_a_linear_and_a_cubic_law_are_recognised() -> None:
    sites, bonds = np.array([60, 120, 240, 480]), np.array([16, 32, 64, 128])
    raw = {"sites": list(1e-4 * sites), "bond": list(1e-6 * bonds**2), "cubic": list(1e-8 * bonds**3)}
    values = [measured.value for measured in _exponents([raw]).values()]
    np.testing.assert_allclose(values, [1.0, 2.0, 3.0])


def test_every_row_has_a_bound(repository: Path) -> None:
    rows = {row for case in CASES for row in case.rows}
    targets = load_targets(repository / "benchmarks" / "targets")["tensor_networks"]
    assert rows == {target.name for target in targets}
