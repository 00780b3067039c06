"""Trees of kT, C/A and anti-kT against FastJet's exclusive jets and merging scales."""

from __future__ import annotations

import numpy as np
import pytest

from strangeness.events.generation.clustering import quiet
from strangeness.jets.ragged import Floats, Jets
from strangeness.jets.recombination import (
    ANTI_KT,
    CAMBRIDGE_AACHEN,
    E_SCHEME,
    KT,
    WTA_PT,
    exclusive,
    grow,
    separation,
)
from tests.jets.fast import one, pseudo, random_jets

ALGORITHMS = {"kt": KT, "cambridge": CAMBRIDGE_AACHEN, "antikt": ANTI_KT}
SCHEMES = {"E_scheme": E_SCHEME, "WTA_pt_scheme": WTA_PT}


def tree_of(jets: Jets, jet: int, power: float, scheme: int) -> tuple[Floats, np.ndarray, Floats]:
    mine = slice(*jets.offsets[jet : jet + 2])
    n = jets.counts[jet]
    tree, children, scale = np.empty((2 * n - 1, 7)), np.empty((2 * n - 1, 2), np.int64), np.empty(2 * n - 1)
    grow(jets.pt[mine], jets.eta[mine], jets.phi[mine], power, scheme, tree, children, scale)
    return tree, children, scale


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_exclusive_jets_are_those_of_fastjet(algorithm: str, scheme: str) -> None:
    module = pytest.importorskip("fastjet")
    jets = random_jets(12, 30, seed=3, least=6)
    definition = module.JetDefinition(
        getattr(module, f"{algorithm}_algorithm"), 100.0, getattr(module, scheme)
    )
    nodes = np.empty(6, np.int64)
    for jet in range(12):
        tree, children, scale = tree_of(jets, jet, ALGORITHMS[algorithm], SCHEMES[scheme])
        particles = pseudo(jets, jet)
        with quiet():
            sequence = module.ClusterSequence(particles, definition)
        for number in range(1, 7):
            found = exclusive(children, jets.counts[jet], number, nodes)
            ours = sorted(tree[node, 4:].tolist() for node in nodes[:found])
            theirs = sequence.exclusive_jets(number)
            expected = sorted([p.perp(), p.rap(), p.phi_std()] for p in theirs)
            # sums of up to 30 momenta in another order: 30 roundings
            np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
            merged = scale[2 * jets.counts[jet] - 1 - number]
            assert sequence.exclusive_dmerge(number) * 100.0**2 == pytest.approx(merged, rel=1e-9)


def test_a_tree_worked_by_hand() -> None:
    jets = one((10.0, 0.0, 3.1), (1.0, 0.1, -3.1), (5.0, 0.4, 3.0))
    gap = 2 * np.pi - 6.2
    assert separation(0.0, 3.1, 0.1, -3.1) == pytest.approx(0.1**2 + gap**2, rel=1e-12)
    for power, first in ((KT, 1.0**2), (CAMBRIDGE_AACHEN, 1.0), (ANTI_KT, 10.0**-2)):
        tree, children, scale = tree_of(jets, 0, power, WTA_PT)
        assert sorted(children[3]) == [0, 1] and sorted(children[4]) == [2, 3]
        # the winner takes the direction, and keeps the sum of both pt
        assert tree[3, 4:].tolist() == [11.0, 0.0, 3.1]
        assert scale[3] == pytest.approx(first * (0.1**2 + gap**2), rel=1e-12)
        assert tree[4, 4] == 16.0


def test_momentum_is_conserved_at_the_root() -> None:
    jets = random_jets(5, 40, seed=9, least=2)
    for jet in range(5):
        tree, _, _ = tree_of(jets, jet, KT, E_SCHEME)
        n = jets.counts[jet]
        np.testing.assert_allclose(tree[2 * n - 2, :4], tree[:n, :4].sum(axis=0), rtol=1e-12, atol=1e-10)


def test_no_more_jets_than_constituents() -> None:
    _, children, _ = tree_of(one((1.0, 0.0, 0.0), (2.0, 0.1, 0.0)), 0, KT, E_SCHEME)
    nodes = np.empty(5, np.int64)
    assert exclusive(children, 2, 5, nodes) == 2
    assert sorted(nodes[:2]) == [0, 1]
