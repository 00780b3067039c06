"""The quantum benchmarks declare their rows once, and their complex128 gradient is the slope of its loss."""

import numpy as np
import pytest

from benchmarks import quantum
from benchmarks.quantum_circuit import Size, arrays, complex128, engine


def test_names_are_unique() -> None:
    rows = [row for case in quantum.CASES for row in case.rows]
    assert len(rows) == len(set(rows))


def test_the_reference_gradient_is_the_slope_of_the_reference_loss() -> None:
    found = arrays(Size(4, 2, 3), 0)
    weight, bias, x = (found[name].astype(np.float64) for name in ("weight", "bias", "x"))
    direction, step = np.random.default_rng(1).normal(size=weight.shape), 1e-5
    _, by_weight, by_bias = complex128(weight, bias, x, 2)
    # A central difference is right to step^2.
    for gradient, up, down in (
        (by_weight, (weight + step * direction, bias), (weight - step * direction, bias)),
        (by_bias, (weight, bias + step * direction), (weight, bias - step * direction)),
    ):
        slope = (complex128(*up, x, 2)[0] - complex128(*down, x, 2)[0]) / (2 * step)
        assert slope == pytest.approx(np.sum(gradient * direction), abs=1e-7)


def test_the_reference_and_the_kernel_time_the_same_circuit() -> None:
    size = Size(5, 6, 20)
    found = arrays(size, 0)
    loss, _, _ = complex128(found["weight"], found["bias"], found["x"], size.trash)
    ours = engine(size).values(found["weight"], found["bias"], found["x"])
    assert 1.0 - ours.mean() == pytest.approx(loss, abs=1e-6)


def test_a_ratio_is_the_rivals_time_over_ours() -> None:
    found = quantum._ratio("row", lambda raw: "note", [{"ours": [2.0], "rival": [50.0]}])["row"]
    assert found.value == 25.0 and found.note == "note"
