"""Masses, momenta and shapes of jets against closed forms and FastJet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.jets import shapes
from strangeness.jets.ragged import Jets, ragged
from tests.jets.fast import one, pseudo, random_jets


def test_sums_are_those_of_fastjet() -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(30, 30)
    found = shapes.summed(jets)
    for jet in range(30):
        total, *others = pseudo(jets, jet)
        for other in others:
            total = total + other
        ours = found.pt[jet], found.rapidity[jet], found.phi[jet]
        np.testing.assert_allclose(ours, [total.perp(), total.rap(), total.phi_std()], rtol=1e-12, atol=1e-13)
        # its squared mass is a difference of squares: some ulp of E^2
        assert abs(found.mass[jet] ** 2 - total.m2()) < 64 * np.finfo(float).eps * total.E() ** 2


@given(st.floats(1e-9, 1.0), st.floats(0.0, 2 * np.pi), st.floats(0.01, 1.0), st.floats(-3.1, 3.1))
def test_mass_of_two_particles_is_exact_however_narrow(
    gap: float, angle: float, share: float, phi: float
) -> None:
    d_eta, d_phi = gap * np.cos(angle), gap * np.sin(angle)
    jets = one((100.0, 0.0, phi), (100.0 * share, d_eta, float(shapes.wrapped(np.array(phi + d_phi)))))
    expected = 2e4 * share * (2 * np.sinh(d_eta / 2) ** 2 + 2 * np.sin(d_phi / 2) ** 2)
    # azimuths near pi are known to 4e-16, and the gap is at least 1e-9
    assert shapes.summed(jets).mass[0] == pytest.approx(np.sqrt(expected), rel=1e-6 + 1e-15 / gap)


def test_one_particle_and_equal_directions_have_no_mass() -> None:
    for jets in (one((50.0, 2.0, -3.0)), one(*[(5.0, 0.7, 3.0)] * 7)):
        found = shapes.summed(jets)
        assert found.mass[0] == 0.0
        assert found.pt[0] == pytest.approx(jets.pt.sum(), rel=1e-15)
        assert shapes.girth(jets)[0] == pytest.approx(0.0, abs=1e-15) and shapes.width(jets)[0] < 1e-30


def test_empty_jets_are_zero() -> None:
    jets = ragged([3.0], [0.1], [0.2], [0, 1, 0])
    for values in (*shapes.summed(jets), shapes.girth(jets), shapes.ptd(jets), shapes.multiplicity(jets)):
        assert values[0] == values[2] == 0.0
    assert shapes.summed(ragged([], [], [], [0])).mass.tolist() == [0.0]
    assert shapes.summed(ragged([], [], [], [])).mass.shape == (0,)


def test_shapes_of_two_equal_halves() -> None:
    # the axis lies between them; d_phi is taken across the edge of the azimuth
    jets = one((10.0, 0.3, np.pi - 0.1), (10.0, 0.3, -np.pi + 0.1))
    assert shapes.girth(jets, 0.5)[0] == pytest.approx(0.2, rel=1e-12)
    assert shapes.width(jets, 0.5)[0] == pytest.approx(0.04, rel=1e-12)
    assert shapes.ptd(jets)[0] == pytest.approx(np.sqrt(0.5), rel=1e-15)
    assert shapes.multiplicity(jets)[0] == 2.0
    assert abs(shapes.summed(jets).phi[0]) == pytest.approx(np.pi, rel=1e-15)


@given(st.integers(0, 10_000), st.floats(-3.0, 3.0), st.floats(-np.pi, np.pi))
def test_boost_and_turn_change_nothing(seed: int, boost: float, turn: float) -> None:
    jets = random_jets(4, 12, seed)
    moved = Jets(jets.pt, jets.eta + boost, shapes.wrapped(jets.phi + turn), jets.offsets)
    first, second = shapes.summed(jets), shapes.summed(moved)
    # coordinates up to 2 pi are known to 1e-15, the mass is pt times a distance of at least 1e-4
    np.testing.assert_allclose(second.mass, first.mass, rtol=1e-9)
    np.testing.assert_allclose(second.pt, first.pt, rtol=1e-12)
    np.testing.assert_allclose(second.rapidity, first.rapidity + boost, atol=1e-12)
    np.testing.assert_allclose(shapes.girth(moved), shapes.girth(jets), rtol=1e-9, atol=1e-14)
