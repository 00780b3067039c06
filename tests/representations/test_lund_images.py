"""Lund images against counting declusterings one by one, and what is left out or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.artefact import load, save
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.jets.lund import lund_planes
from strangeness.jets.ragged import padded
from strangeness.representations.lund_images import LundImageMap, LundImages
from tests.representations.particles import toy_jets


def fitted_on(jets: NDArray[Any], **options: Any) -> LundImageMap:
    return LundImages(**options).fit_map(
        ArraySource(make_batch({"constituents": jets})), key=jax.random.key(0)
    )


def images_of(jets: NDArray[Any], **options: Any) -> NDArray[np.float32]:
    return fitted_on(jets, **options)(make_batch({"constituents": jets})).x


def test_pixels_count_the_declusterings_in_them() -> None:
    jets = toy_jets()
    found = images_of(jets, pixels=10, log_inverse_delta=(0.0, 5.0), log_kt=(-2.0, 6.0))
    assert found.dtype == np.float32 and found.shape == (len(jets), 10, 10, 1)
    planes, expected = lund_planes(padded(jets)), np.zeros((len(jets), 10, 10))
    for jet, delta, kt in zip(planes.owner, planes.log_inverse_delta, planes.log_kt, strict=True):
        if 0.0 <= delta < 5.0 and -2.0 <= kt < 6.0:
            expected[jet, int((kt + 2.0) / 0.8), int(delta / 0.5)] += 1
    np.testing.assert_array_equal(found[..., 0], expected)
    assert 0.7 * len(planes.z) < found.sum() < len(planes.z)


def test_one_declustering_lies_where_its_distance_and_momentum_say() -> None:
    # dR = 0.1, kt = 2 GeV: ln 10 = 2.30 is column 8 of 25 over 0 to 7, ln 2 = 0.69 row 9 of 25 over -3 to 7
    jets = np.array([[[80.0, 0.0, 0.0], [20.0, 0.06, 0.08]]])
    ((_, row, column, _),) = np.argwhere(images_of(jets))
    assert (row, column) == (9, 8)


def test_jets_without_a_declustering_in_range_are_empty_images() -> None:
    jets = np.zeros((3, 3, 3))
    jets[0, 0] = 50.0, 0.1, 0.2
    jets[1] = 5.0, 0.7, 3.0
    jets[2, :2] = (80.0, 0.0, 0.0), (20.0, 0.0, 1e-4)
    assert not images_of(jets).any()


def test_a_mean_image_over_the_pixel_area_is_a_density() -> None:
    fitted = fitted_on(toy_jets(), pixels=20, log_inverse_delta=(-1.0, 6.0), log_kt=(-8.0, 8.0))
    assert fitted.pixel_area == pytest.approx(7 * 16 / 400)
    jets = toy_jets(300)
    # its integral over the plane is the mean number of declusterings
    density = fitted(make_batch({"constituents": jets})).x.mean(axis=0) / fitted.pixel_area
    planes = lund_planes(padded(jets))
    assert density.sum() * fitted.pixel_area == pytest.approx(len(planes.z) / 300, rel=0.01)


def test_the_order_of_particles_and_blocks_do_not_matter() -> None:
    jets = np.tile(toy_jets(50, 8), (90, 1, 1))
    found = images_of(jets)
    np.testing.assert_array_equal(found, images_of(jets[:, ::-1]))
    np.testing.assert_array_equal(found, np.tile(found[:50], (90, 1, 1, 1)))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"pixels": 1}, "1 pixels"),
        ({"pixels": 2.5}, "2.5 pixels"),
        ({"log_kt": (3.0, 3.0)}, r"'log_kt' is \[3.0, 3.0\]"),
        ({"log_kt": (0.0, np.inf)}, "inf"),
        ({"log_inverse_delta": (0.0,)}, "'log_inverse_delta' is"),
        ({"log_inverse_delta": ("a", "b")}, "'log_inverse_delta' is"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        images_of(toy_jets(), **options)


def test_jets_without_particles_are_named() -> None:
    jets = toy_jets()
    jets[4] = 0
    with pytest.raises(InputError, match="event 4 has no particle"):
        images_of(jets)


def test_a_stored_map_makes_the_same(tmp_path: Path) -> None:
    batch = make_batch({"constituents": toy_jets()})
    fitted = LundImages(pixels=8, log_kt=(0, 5)).fit_map(ArraySource(batch), key=jax.random.key(0))
    save(tmp_path / "map", fitted)
    loaded, _ = load(tmp_path / "map", {"LundImageMap": LundImageMap})
    np.testing.assert_array_equal(loaded(batch).x, fitted(batch).x)
