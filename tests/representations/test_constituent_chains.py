"""Chains against point clouds, with their order by hand."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.representations import ConstituentChains, PointClouds
from tests.representations.particles import toy_jets


def chains_of(jets: NDArray[Any], **options: Any) -> NDArray[np.float32]:
    batch = make_batch({"constituents": jets})
    fitted = ConstituentChains(**options).fit_map(ArraySource(batch), key=jax.random.key(0))
    made = np.asarray(fitted(batch).x)
    assert made.shape[1:] == fitted.row_shape and made.dtype == np.float32
    return made.reshape(len(made), -1, fitted.channels)


def clouds_of(jets: NDArray[Any], most: int) -> NDArray[np.float32]:
    batch = make_batch({"constituents": jets})
    return PointClouds(most).fit_map(ArraySource(batch), key=jax.random.key(0))(batch).x


def by_hand(cloud: NDArray[np.float32]) -> list[int]:
    """From the hardest particle always to the nearest that is left; places without one last."""
    left = [place for place in range(1, len(cloud)) if cloud[place, 0] > 0]
    chain = [0]
    while left:
        away = [np.hypot(*(cloud[place, 1:] - cloud[chain[-1], 1:]).astype(float)) for place in left]
        chain.append(left.pop(int(np.argmin(away))))
    return chain + [place for place in range(1, len(cloud)) if cloud[place, 0] == 0]


def test_the_falling_order_is_that_of_the_clouds() -> None:
    jets = toy_jets()
    np.testing.assert_array_equal(chains_of(jets, most=6), clouds_of(jets, 6))


def test_the_nearest_order_is_that_by_hand() -> None:
    jets = toy_jets()
    clouds = clouds_of(jets, 6)
    expected = np.stack([cloud[by_hand(cloud)] for cloud in clouds])
    np.testing.assert_array_equal(chains_of(jets, most=6, order="nearest"), expected)


def test_shuffling_keeps_the_particles_of_each_jet_and_follows_its_identity() -> None:
    jets = toy_jets()
    clouds, mixed = clouds_of(jets, 6), chains_of(jets, most=6, order="shuffled")
    assert not np.array_equal(clouds, mixed)
    np.testing.assert_array_equal(np.sort(clouds, axis=1), np.sort(mixed, axis=1))
    np.testing.assert_array_equal(mixed, chains_of(jets, most=6, order="shuffled"))
    there = mixed[..., 0] > 0
    assert np.all(there[:, :-1] >= there[:, 1:])


def test_the_distance_is_that_from_the_centroid() -> None:
    jets = toy_jets()
    clouds, found = clouds_of(jets, 5), chains_of(jets, most=5, position="distance")
    np.testing.assert_array_equal(found[..., 0], clouds[..., 0])
    np.testing.assert_allclose(found[..., 1] ** 2, clouds[..., 1] ** 2 + clouds[..., 2] ** 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"order": "neerest"}, "'neerest'.*nearest"),
        ({"position": "plain"}, "'plain'.*plane"),
        ({"most": 0}, "clouds of 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        chains_of(toy_jets(), **options)
