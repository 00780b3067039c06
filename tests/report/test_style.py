"""Colours keep a contrast that can be read, in light, in dark and on paper."""

from __future__ import annotations

import re

import pytest

from strangeness.report.matrix import _STRONGEST
from strangeness.report.render import _packaged
from strangeness.report.style import literal

Colour = tuple[float, float, float]


def schemes() -> list[dict[str, Colour]]:
    """Variables of the light scheme, and those that the dark one and print change."""
    css = _packaged("page.css")
    found = []
    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL):
        pairs = re.findall(r"--(\w+): #([0-9a-f]{6}|[0-9a-f]{3});", block)
        found.append({name: colour(digits) for name, digits in pairs})
    light, dark, paper = found
    return [light, {**light, **dark}, {**light, **paper}]


def colour(digits: str) -> Colour:
    long = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    red, green, blue = (int(long[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def luminance(rgb: Colour) -> float:
    """Relative luminance of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Colour, b: Colour) -> float:
    dark, bright = sorted((luminance(a), luminance(b)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_words_have_a_contrast_of_4_5_and_lines_of_3(scheme: int) -> None:
    names = schemes()[scheme]
    ground = names["ground"]
    assert all(contrast(names[name], ground) >= 4.5 for name in ("ink", "muted", "link", "good", "bad"))
    assert contrast(names["good"], names["goodground"]) >= 4.5 <= contrast(names["bad"], names["badground"])
    assert all(contrast(names[f"series{i}"], ground) >= 3 for i in range(6))


@pytest.mark.parametrize("scheme", [0, 1, 2])
@pytest.mark.parametrize("series", ["series0", "series1"])
def test_numbers_in_the_strongest_cells_of_the_matrix_can_be_read(scheme: int, series: str) -> None:
    names = schemes()[scheme]
    red, green, blue = (
        _STRONGEST * front + (1 - _STRONGEST) * behind
        for front, behind in zip(names[series], names["ground"], strict=True)
    )
    assert contrast(names["ink"], (red, green, blue)) >= 4.5


def test_names_from_files_are_words_not_formulae() -> None:
    assert literal("a$b$") == r"a\$b\$" and literal("_x") == " _x" and literal("x_") == "x_"
