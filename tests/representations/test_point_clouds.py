"""Point clouds against sorting by hand; the rule by which particles are dropped."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.representations import PointClouds
from tests.representations.particles import toy_jets


def clouds_of(jets: NDArray[Any], **options: Any) -> NDArray[np.float32]:
    batch = make_batch({"constituents": jets})
    return PointClouds(**options).fit_map(ArraySource(batch), key=jax.random.key(0))(batch).x


def by_hand(jet: NDArray[Any], most: int, momentum: str, centred: bool) -> NDArray[np.float64]:
    known = sorted([tuple(map(float, p)) for p in jet if p[0] > 0], key=lambda p: (-p[0], p[1], p[2]))
    total = sum(p[0] for p in known)
    centre = [sum(p[0] * p[axis] for p in known) / total * centred for axis in (1, 2)]
    out = np.zeros((most, 3))
    for i, (pt, eta, phi) in enumerate(known[:most]):
        out[i] = (pt / total if momentum == "fraction" else np.log(1 + pt), eta - centre[0], phi - centre[1])
    return out


@pytest.mark.parametrize("most", [1, 8, 64])
@pytest.mark.parametrize(("momentum", "centred"), [("fraction", True), ("log", False)])
def test_clouds_equal_sorting_by_hand(most: int, momentum: str, centred: bool) -> None:
    jets = toy_jets()
    expected = np.stack([by_hand(jet, most, momentum, centred) for jet in jets])
    found = clouds_of(jets, most=most, momentum=momentum, centred=centred)
    assert found.dtype == np.float32
    # float32 holds 24 bits.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_equal_momenta_do_not_depend_on_the_order_in_the_file() -> None:
    jets = toy_jets()
    jets[..., 0] = np.where(jets[..., 0] > 0, 2.0, 0.0)
    np.testing.assert_array_equal(clouds_of(jets[:, ::-1], most=5), clouds_of(jets, most=5))


def test_fractions_are_of_the_whole_jet() -> None:
    jets = toy_jets()
    all_, few = clouds_of(jets, most=30)[..., 0], clouds_of(jets, most=3)[..., 0]
    np.testing.assert_allclose(all_.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(few, all_[:, :3])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"most": 0}, "clouds of 0"),
        ({"most": 2.5}, "clouds of 2.5"),
        ({"momentum": "logs"}, "Did you mean log"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        clouds_of(toy_jets(), **options)


def test_jets_without_particles_and_empty_sources_are_refused() -> None:
    jets = toy_jets()
    jets[4] = 0
    with pytest.raises(InputError, match="event 4 has no particle"):
        clouds_of(jets)
    empty = ArraySource(make_batch({"constituents": jets}).take(np.arange(0)))
    with pytest.raises(InputError, match="no batch"):
        PointClouds().fit_map(empty, key=jax.random.key(0))
