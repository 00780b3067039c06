"""Primary Lund planes against FastJet's contributed package, its tree, and jets worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from strangeness.events.generation.clustering import fastjet, quiet
from strangeness.jets.lund import lund_planes
from strangeness.jets.ragged import ragged
from tests.jets.fast import flat, one, pseudo, random_jets, sequence


def test_distances_and_momenta_are_those_of_the_contributed_package() -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(40, 40, seed=4)
    found = lund_planes(jets)
    clustered = sequence(jets)
    with quiet():
        theirs = clustered.exclusive_jets_lund_declusterings(1)
    assert np.diff(found.offsets).tolist() == [sum(map(len, jet)) for jet in theirs.tolist()]
    # directions are known to 4e-16, and the narrowest declusterings are 1e-3
    np.testing.assert_allclose(np.exp(-found.log_inverse_delta), flat(theirs.Delta), rtol=1e-9)
    np.testing.assert_allclose(np.exp(found.log_kt), flat(theirs.kt), rtol=1e-9)


def declusterings(particles: list[Any]) -> list[tuple[float, float]]:
    """z and psi along the harder branch of FastJet's own Cambridge/Aachen tree."""
    module = fastjet()
    with quiet():
        clustered = module.ClusterSequence(particles, module.JetDefinition(module.cambridge_algorithm, 100.0))
    (jet,), found = clustered.exclusive_jets(1), []
    a, b = module.PseudoJet(), module.PseudoJet()
    while jet.has_parents(a, b):
        if a.perp() < b.perp():
            a, b = b, a
        psi = np.arctan2(b.rap() - a.rap(), a.delta_phi_to(b))
        found.append((b.perp() / (a.perp() + b.perp()), psi))
        jet, a, b = module.PseudoJet(a), module.PseudoJet(), module.PseudoJet()
    return found


def test_momentum_shares_and_angles_are_those_of_the_tree_of_fastjet() -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(15, 30, seed=6)
    found = lund_planes(jets)
    for jet in range(15):
        mine = slice(*found.offsets[jet : jet + 2])
        expected = np.array(declusterings(pseudo(jets, jet))).reshape(-1, 2)
        np.testing.assert_allclose(found.z[mine], expected[:, 0], rtol=1e-12)
        np.testing.assert_allclose(found.psi[mine], expected[:, 1], rtol=1e-9, atol=1e-9)


def test_two_particles_by_hand() -> None:
    found = lund_planes(one((10.0, 0.3, -np.pi + 0.1), (30.0, 0.0, np.pi - 0.3)))
    # the softer is 0.5 away: 0.3 up in rapidity and 0.4 on in azimuth
    assert found.log_inverse_delta[0] == pytest.approx(np.log(2.0), rel=1e-12)
    assert found.log_kt[0] == pytest.approx(np.log(5.0), rel=1e-12)
    assert found.z[0] == 0.25
    assert found.psi[0] == pytest.approx(np.arctan2(0.3, 0.4), rel=1e-12)


def test_jets_without_declusterings() -> None:
    # none, one, and two of equal direction between jets that have one
    jets = ragged(
        [9.0, 1.0, 5.0, 2.0, 2.0, 9.0, 1.0],
        [0.0, 0.1, 0.2, 1.0, 1.0, 0.0, 0.1],
        np.zeros(7),
        [2, 0, 1, 2, 2],
    )
    found = lund_planes(jets)
    assert found.offsets.tolist() == [0, 1, 1, 1, 1, 2]
    assert found.owner.tolist() == [0, 4]
    assert all(np.isfinite(values).all() for values in found)
    assert lund_planes(ragged([], [], [], [])).offsets.tolist() == [0]
