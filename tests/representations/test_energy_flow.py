"""Energy flow polynomials as a representation: columns, options, and what does not change them."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.representations.energy_flow import FLOOR, EnergyFlow, EnergyFlowMap
from tests.representations.particles import toy_jets


def fitted(jets: NDArray[Any], **options: Any) -> EnergyFlowMap:
    return EnergyFlow(**options).fit_map(
        ArraySource(make_batch({"constituents": jets})), key=jax.random.key(0)
    )


def features_of(jets: NDArray[Any], **options: Any) -> NDArray[np.float64]:
    return fitted(jets, **options)(make_batch({"constituents": jets})).x


@pytest.mark.parametrize(("degree", "columns"), [(1, 1), (2, 3), (3, 8), (4, 20), (5, 53)])
def test_there_is_a_named_column_for_each_graph_with_edges(degree: int, columns: int) -> None:
    jets = toy_jets(6)
    map_ = fitted(jets, degree=degree)
    assert features_of(jets, degree=degree).shape == (6, columns) == (6, *map_.row_shape)
    assert len(set(map_.features)) == columns
    assert map_.features[0] == "efp_01"


def test_columns_equal_sums_over_pairs_and_triples() -> None:
    jets = toy_jets(8)
    found = features_of(jets, degree=3, beta=0.7, radius=0.8)
    names = fitted(jets, degree=3).features
    for jet, row in zip(jets.astype(np.float64), found, strict=True):
        z = jet[:, 0] / jet[:, 0].sum()
        theta = (np.hypot(*(jet[:, None, k] - jet[:, k] for k in (1, 2))) / 0.8) ** 0.7
        expected = {
            "efp_01": np.einsum("i,j,ij", z, z, theta),
            "efp_01_02": np.einsum("i,j,k,ij,ik", z, z, z, theta, theta),
            "efp_01_02_12": np.einsum("i,j,k,ij,ik,jk", z, z, z, theta, theta, theta),
        }
        # 30^3 positive terms
        for name, value in expected.items():
            assert row[names.index(name)] == pytest.approx(value, rel=1e-12)


def test_logarithms_are_finite_for_a_jet_of_one_particle() -> None:
    jets = toy_jets(5)
    jets[2, 1:] = 0
    plain, logs = features_of(jets), features_of(jets, log=True)
    np.testing.assert_allclose(logs, np.log(plain + FLOOR), rtol=1e-15)
    np.testing.assert_allclose(logs[2], np.log(FLOOR))
    assert plain.dtype == np.float64


def test_blocks_and_the_axis_of_the_jet_change_nothing() -> None:
    jets = np.tile(toy_jets(50).astype(np.float64), (100, 1, 1))
    moved = np.where(jets[..., :1] > 0, jets + np.array([0, 1.5, 3.0]), 0)
    found = features_of(jets)
    np.testing.assert_array_equal(found[4950:], found[:50])
    # distances of 0.01 between angles of 3 rad keep 13 digits
    np.testing.assert_allclose(features_of(moved), found, rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"degree": 0}, "'degree' is 0. Give a whole number from 1 to 5"),
        ({"degree": 2.0}, "whole number from 1 to 5"),
        ({"degree": True}, "'degree' is True"),
        ({"beta": 0.0}, "'beta' is 0.0. Give a number from 0.1 to 4"),
        ({"radius": float("nan")}, "'radius' is nan"),
        ({"log": "yes"}, "'log' is 'yes'"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        features_of(toy_jets(3), **options)


def test_jets_without_particles_and_empty_sources_are_refused() -> None:
    jets = toy_jets(6)
    jets[4] = 0
    with pytest.raises(InputError, match="event 4 has no particle"):
        features_of(jets)
    empty = ArraySource(make_batch({"constituents": jets}).take(np.arange(0)))
    with pytest.raises(InputError, match="no batch"):
        EnergyFlow().fit_map(empty, key=jax.random.key(0))


def test_the_card_tells_what_is_safe_and_what_to_cite() -> None:
    card = EnergyFlow.card
    assert card is not None and card.safe == "infrared and collinear" and "1712.07124" in str(card.citation)
    assert EnergyFlow().columns(("pt", "constituents")) == ("constituents",)
