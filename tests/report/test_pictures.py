"""The outlined pixels by hand; bitmaps are inside the page, small and aligned."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest

from strangeness.report import pictures
from strangeness.report.parts import EventDisplay, Picture


def of(values: list[list[float]]) -> Picture:
    return Picture(label="toy", values=values, half_width=0.7)


def test_the_fewest_pixels_that_hold_half() -> None:
    assert pictures.worst(of([[1, 5], [3, 2]])).tolist() == [[False, True], [True, False]]
    assert pictures.worst(of([[0, 8], [3, 2]])).tolist() == [[False, True], [False, False]]
    assert not pictures.worst(of([[0, 0]])).any() and not pictures.worst(of([[-1, 0]])).any()


def test_a_square_has_four_sides() -> None:
    chosen = np.zeros((4, 4), bool)
    chosen[1:3, 1:3] = True
    for x, y in pictures._edges(chosen, 1.0):
        pieces = np.array(x).reshape(-1, 3)[:, :2], np.array(y).reshape(-1, 3)[:, :2]
        assert len(pieces[0]) == 4 and np.abs(np.concatenate(pieces)).max() == 0.5


def bitmap(svg: str) -> np.ndarray:
    from matplotlib.image import imread

    found = re.findall(r'href="data:image/png;base64,([^"]*)"', svg)
    sizes = [imread(io.BytesIO(base64.b64decode(text)), format="png") for text in found]
    return min(sizes, key=lambda image: image.shape[0])  # the other is the colour bar


def test_an_average_is_a_bitmap_of_its_pixels_on_the_given_scale() -> None:
    values = np.zeros((5, 5))
    values[4, 0], values[0, 0] = 1.0, 0.01
    svg = pictures.average(of(values.tolist()), 1.0, "mean $ intensity", "a", "title")
    image = bitmap(svg)
    assert image.shape[:2] == (5, 5) and len(svg) < 60_000
    # The first row of a picture is its lowest; matplotlib stores the highest first.
    corner = {tuple(image[i, j]) for i, j in ((1, 1), (2, 3))}
    assert len(corner) == 1 and tuple(image[0, 0]) not in corner and tuple(image[4, 0]) not in corner
    assert tuple(image[0, 0]) != tuple(image[4, 0])


@pytest.mark.parametrize("largest", [0.0, 1.0])
def test_empty_pictures_are_drawn(largest: float) -> None:
    assert "<svg" in pictures.average(of([[0.0, 0.0], [0.0, 0.0]]), largest, "x", "a", "t")
    assert "<svg" in pictures.error(None, of([[0.0, 0.0], [0.0, 0.0]]), "a", "t")


def test_dots_are_drawn_large_first_in_few_sizes() -> None:
    pt = np.geomspace(0.1, 400, 100)
    sizes = pictures._sizes(pt)
    assert [size for size, _ in sizes] == sorted((size for size, _ in sizes), reverse=True)
    assert len(sizes) < 50 and sum(chosen.sum() for _, chosen in sizes) == 100
    shown = EventDisplay(name="x", score=1, pt=pt.tolist(), eta=[0.0] * 100, phi=[2.0] * 100)
    assert len(pictures.particles(shown, "a", "t")) < 100_000
