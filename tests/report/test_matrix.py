"""The complexity-bias matrix against sums by hand."""

from __future__ import annotations

from typing import Any

import pytest

from strangeness.report.matrix import bias_matrix, matrix_figure
from strangeness.report.schema import ComparisonRow


def row(detector: str, first: str, second: str, auc: list[float], **more: Any) -> ComparisonRow:
    return ComparisonRow(detector=detector, trained_on=first, finds=second, auc=auc, **more)


ROWS = [
    row("mass alone", "QCD", "top", [0.9], control=True),
    row("ae", "QCD", "top", [0.7, 0.8, 0.9]),
    row("ae", "QCD", "W", [0.6]),
    row("ae", "top", "QCD", [0.4]),
    row("mass alone", "top", "QCD", [0.1], control=True),
    row("new", "QCD", "top", [0.6]),
]


def test_pairs_need_both_directions_and_controls_come_last() -> None:
    matrix = bias_matrix(ROWS)
    assert matrix.detectors == ("ae", "new", "mass alone") and matrix.controls == (False, False, True)
    assert matrix.pairs == (("QCD", "top"),)
    assert matrix.both("ae", ("QCD", "top")) == pytest.approx(1.2)
    assert matrix.both("mass alone", ("QCD", "top")) == pytest.approx(1.0)
    assert matrix.both("new", ("QCD", "top")) is None and matrix.area("ae", "QCD", "W") == 0.6


def test_there_is_no_matrix_without_a_pair() -> None:
    assert bias_matrix(ROWS[:3]).pairs == () and bias_matrix([]).pairs == ()


@pytest.mark.parametrize(
    "name", ["a" * 90, "$\\frac{", "_hidden", "\u6f22\u5b57", "many short words " * 9, "x"]
)
def test_any_name_is_drawn(name: str) -> None:
    rows = [row(name, "A", "B", [0.7]), row(name, "B", "A", [0.6])]
    figure = matrix_figure(bias_matrix(rows), "m", "title")
    assert figure.count("<svg") == 2 and "tabindex" in figure and 'aria-hidden="true"' in figure
