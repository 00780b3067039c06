"""N-subjettiness against hand-worked jets, minimisation by brute force, and FastJet's contributed package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import awkward as ak
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.events.generation.clustering import quiet
from strangeness.jets.nsubjettiness import nsubjettiness
from strangeness.jets.ragged import Jets, ragged
from strangeness.jets.shapes import wrapped
from tests.jets.fast import one, random_jets, sequence

FASTJET = {"kt": "KT_Axes", "wta_kt": "WTA_KT_Axes"}


@pytest.mark.parametrize("axes", FASTJET)
@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_agrees_with_the_contributed_package_of_fastjet(axes: str, beta: float) -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(40, 40, seed=1, least=5)
    found = nsubjettiness(jets, 4, (beta,), radius=0.8, axes=axes)[..., 0]
    clustered = sequence(jets, "kt")
    with quiet():
        theirs = clustered.njettiness(axes_definition=FASTJET[axes], njets=[1, 2, 3, 4], beta=beta, R0=0.8)
    np.testing.assert_allclose(found, ak.to_numpy(theirs), rtol=1e-9, atol=1e-12)


def test_two_particles_by_hand() -> None:
    # the axis of one subjet is the harder particle; across the edge of the azimuth they are 0.2 apart
    jets = one((30.0, 0.0, np.pi - 0.1), (10.0, 0.0, -np.pi + 0.1))
    tau = nsubjettiness(jets, 3, (1.0, 2.0), radius=0.5)[0]
    np.testing.assert_allclose(tau[0], [10 * 0.2 / (0.5 * 40), 10 * 0.2**2 / (0.5**2 * 40)], rtol=1e-12)
    assert (tau[1:] == 0.0).all()


def test_three_particles_by_hand() -> None:
    # kT distances: 1 * 0.1^2 (a, c), 3 * ... b is far: subjets {a, c} and {b}; winners a, and of all a
    jets = one((10.0, 0.0, 0.0), (3.0, 0.4, 0.3), (1.0, 0.0, 0.1))
    to_b = np.hypot(0.4, 0.3)
    tau = nsubjettiness(jets, 3)[0, :, 0]
    np.testing.assert_allclose(tau, [(3 * to_b + 1 * 0.1) / 14, 0.1 / 14, 0.0], rtol=1e-12)


@pytest.mark.parametrize("axes", FASTJET)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_jets_of_at_most_as_many_particles_as_axes_give_zero(axes: str, count: int) -> None:
    few = ragged(np.ones(count), np.linspace(0, 0.5, count), np.zeros(count), [count])
    tau = nsubjettiness(few, 5, axes=axes)[0, :, 0]
    assert (tau[max(count, 1) - 1 :] == 0.0).all() and (tau[: max(count, 1) - 1] > 0.0).all()
    assert nsubjettiness(ragged([], [], [], []), 2).shape == (0, 2, 1)


@pytest.mark.parametrize("axes", FASTJET)
def test_identical_particles_give_zero(axes: str) -> None:
    same = one(*[(5.0, 0.7, -3.0)] * 6)
    # E-scheme axes are rounded: four ulp of the azimuth
    np.testing.assert_allclose(nsubjettiness(same, 4, axes=axes), 0.0, atol=2e-15)
    assert np.isfinite(nsubjettiness(same, 4, (1.0, 2.0), axes=axes, passes=3)).all()


@given(
    st.integers(0, 10_000),
    st.floats(1e-3, 1e3),
    st.floats(-3.0, 3.0),
    st.floats(-np.pi, np.pi),
    st.sampled_from(sorted(FASTJET)),
)
def test_scale_boost_and_turn_change_nothing(
    seed: int, scale: float, boost: float, turn: float, axes: str
) -> None:
    jets = random_jets(3, 12, seed)
    moved = Jets(scale * jets.pt, jets.eta + boost, wrapped(jets.phi + turn), jets.offsets)
    # the boost costs the energies a factor cosh(3 + 1) = 27 of rounding, their square 750 ulp
    np.testing.assert_allclose(
        nsubjettiness(moved, 3, (1.0, 2.0), axes=axes),
        nsubjettiness(jets, 3, (1.0, 2.0), axes=axes),
        rtol=1e-9,
        atol=1e-12,
    )


@given(st.integers(0, 10_000), st.floats(0.0, 2 * np.pi))
def test_winner_take_all_axes_turn_with_the_jet_about_its_axis(seed: int, turn: float) -> None:
    jets = random_jets(3, 12, seed)
    eta, phi = jets.eta, wrapped(jets.phi - 3.1)
    rotated = eta * np.cos(turn) - phi * np.sin(turn), eta * np.sin(turn) + phi * np.cos(turn)
    first, second = (nsubjettiness(Jets(jets.pt, *at, jets.offsets), 3) for at in ((eta, phi), rotated))
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


def partitions(n: int, groups: int) -> Iterator[list[int]]:
    """The group of each of n particles, each way into at most ``groups`` once."""

    def extend(known: list[int]) -> Iterator[list[int]]:
        if len(known) == n:
            yield known
            return
        for group in range(min(max(known, default=-1) + 2, groups)):
            yield from extend([*known, group])

    return extend([])


def smallest_tau(jets: Jets, number: int) -> float:
    """The least tau of exponent 2 over all axes: that of the best partition, each axis at its centroid."""
    place = np.stack([jets.eta, wrapped(jets.phi - 3.1)], axis=1)

    def spread(group: Any) -> float:
        pt, at = jets.pt[group], place[group]
        return float(pt @ ((at - pt @ at / pt.sum()) ** 2).sum(axis=1))

    costs = [
        sum(spread(np.equal(groups, k)) for k in set(groups)) for groups in partitions(len(jets.pt), number)
    ]
    return min(costs) / jets.pt.sum()


@pytest.mark.parametrize("axes", FASTJET)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_minimisation_never_goes_below_the_global_minimum(number: int, axes: str) -> None:
    found, least = [], []
    for seed in range(12):
        jets = random_jets(1, 7, seed, least=7)
        least.append(smallest_tau(jets, number))
        found.append([nsubjettiness(jets, number, (2.0,), axes=axes, passes=p)[0, -1, 0] for p in (0, 1, 30)])
    values, floor = np.array(found), np.array(least)
    assert (values >= floor[:, None] * (1 - 1e-12)).all()
    # each step can only improve on the last (arXiv:1108.2701, appendix A)
    assert (np.diff(values, axis=1) <= 1e-12 * values[:, :1]).all()
    if number == 1:
        # a single axis goes to the centroid in one step
        np.testing.assert_allclose(values[:, 1], floor, rtol=1e-12)


@pytest.mark.parametrize("axes", FASTJET)
def test_minimisation_finds_the_global_minimum_of_three_clear_prongs(axes: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        prongs = np.repeat([[0.0, 0.0], [0.5, 0.1], [0.1, 0.6]], 3, axis=0) + rng.normal(0, 0.03, (9, 2))
        jets = ragged(rng.uniform(20, 60, 9), prongs[:, 0], wrapped(3.1 + prongs[:, 1]), [9])
        # the axes start in the right prongs, and from there one step leads to the centroids
        found = nsubjettiness(jets, 3, (2.0,), axes=axes, passes=1)[0, 2, 0]
        assert found == pytest.approx(smallest_tau(jets, 3), rel=1e-12)


def three_prongs(pt: list[float]) -> Jets:
    """Three equilateral triangles, 0.02 from centre to corner, with these momenta at the corners."""
    corners = 0.02 * np.exp(2j * np.pi * np.arange(3) / 3)
    places = np.concatenate([corners, 0.5 + corners, 0.5j + corners])
    return ragged(np.tile(pt, 3), places.real, wrapped(3.1 + places.imag), [9])


def test_minimisation_of_exponent_one_finds_the_geometric_medians() -> None:
    # of equal particles that is the centre; each step halves the distance to it, tau goes with its square
    found = nsubjettiness(three_prongs([10.0, 10.0, 10.0]), 3, axes="kt", passes=30)[0, 2, 0]
    assert found == pytest.approx(0.02, rel=1e-12)
    # of a particle that outweighs the others it is that particle, where the winner-take-all axes start
    found = nsubjettiness(three_prongs([10.0, 4.0, 3.0]), 3, passes=30)[0, 2, 0]
    assert found == pytest.approx(7 / 17 * 0.02 * np.sqrt(3), rel=1e-9)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"axes": "wta"}, "Did you mean wta_kt"),
        ({"number": 0}, "0 axes"),
        ({"passes": -1}, "-1 passes"),
        ({"betas": (0.0,)}, r"exponents \[0.0\]"),
        ({"betas": ()}, "exponents"),
        ({"radius": 0.0}, "radius 0.0"),
        ({"betas": (0.5,), "passes": 1}, "exponent 0.5"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        nsubjettiness(random_jets(2), **options)
