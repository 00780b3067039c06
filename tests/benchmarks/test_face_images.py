"""The plain images that the benchmark compares with are right, and its rows are as they are declared."""

import numpy as np

from benchmarks.face_images import CASES, HALF_WIDTH, plain_images
from tests.representations.particles import image_by_hand, toy_jets


def test_plain_images_equal_a_loop_over_particles() -> None:
    jets = toy_jets(10)
    expected = np.stack([image_by_hand(jet, 12, HALF_WIDTH) for jet in jets])
    # Sums in float32.
    np.testing.assert_allclose(
        plain_images(jets, 12), expected / expected.max(axis=(1, 2), keepdims=True), rtol=1e-5, atol=1e-6
    )


def test_rates_are_those_of_the_medians() -> None:
    raw = {"ours": [0.5, 0.5, 9.0], "rival": [1.0, 1.0, 1.0], "jets": 100}
    measured = CASES[0].measured([raw])["images of 40x40 pixels"]
    assert measured.value == 2.0 and measured.note == "200 jets/s against 100"
