"""Averages and sparsity against values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.representations import average_image, sparsity

TWO = np.array([[[4.0, 0.0], [3.0, 1.0]], [[0.0, 0.0], [2.0, 0.0]]])[..., None]


def test_averages_by_hand() -> None:
    np.testing.assert_allclose(average_image(TWO)[..., 0], [[2.0, 0.0], [2.5, 0.5]])
    np.testing.assert_allclose(average_image(TWO, [3.0, 1.0])[..., 0], [[3.0, 0.0], [2.75, 0.75]])


def test_sparsity_by_hand() -> None:
    found = sparsity(TWO, (1, 2, 99))
    np.testing.assert_allclose(found.active, [0.75, 0.25])
    np.testing.assert_allclose(found.held, [[0.5, 0.875, 1.0], [1.0, 1.0, 1.0]])
    assert found.hardest == (1, 2, 99)


@given(st.integers(0, 999), st.integers(1, 27))
def test_the_hardest_pixels_equal_a_sorted_list(seed: int, k: int) -> None:
    images = np.random.default_rng(seed).exponential(size=(5, 3, 3, 3))
    expected = [sum(sorted(image.ravel())[-k:]) / image.sum() for image in images]
    np.testing.assert_allclose(sparsity(images, [k]).held[:, 0], expected, rtol=1e-12)


def test_an_empty_image_holds_nothing() -> None:
    found = sparsity(np.zeros((1, 2, 2, 1)))
    assert found.active[0] == 0 and not found.held.any()


def test_what_is_no_image_is_refused() -> None:
    for call in (average_image, sparsity):
        for bad in (np.ones((2, 3)), np.ones((0, 2, 2, 1)), np.full((1, 2, 2, 1), "x")):
            with pytest.raises(InputError, match="images of shape"):
                call(bad)
    with pytest.raises(InputError, match="weights of shape"):
        average_image(TWO, np.ones(3))
    with pytest.raises(InputError, match="sum to 0"):
        average_image(TWO, [1.0, -1.0])
    with pytest.raises(InputError, match="pixel of -4"):
        sparsity(-TWO)
    with pytest.raises(InputError, match=r"the \[0\] hardest"):
        sparsity(TWO, [0])
