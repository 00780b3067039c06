"""Soft drop against FastJet's contributed package and jets worked by hand."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation.clustering import quiet
from strangeness.jets.grooming import soft_drop
from strangeness.jets.ragged import ragged
from strangeness.jets.shapes import summed
from tests.jets.fast import flat, one, random_jets, sequence


@pytest.mark.parametrize(("beta", "z_cut"), [(0.0, 0.1), (1.0, 0.1), (2.0, 0.05), (-1.0, 0.2)])
def test_agrees_with_the_contributed_package_of_fastjet(beta: float, z_cut: float) -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(60, 40, seed=2)
    found = soft_drop(jets, z_cut, beta, 0.8)
    clustered = sequence(jets)
    with quiet():
        theirs = clustered.exclusive_jets_softdrop_grooming(1, beta=beta, symmetry_cut=z_cut, R0=0.8)
    axes = summed(found.jets)
    assert found.jets.counts.tolist() == ak.num(theirs.constituents).tolist()
    np.testing.assert_allclose(axes.pt, flat(theirs.ptsoftdrop), rtol=1e-12)
    # theirs says -1 where no splitting passed
    np.testing.assert_allclose(found.z, np.maximum(flat(theirs.symmetrysoftdrop), 0.0), rtol=1e-12)
    np.testing.assert_allclose(found.radius, np.maximum(flat(theirs.deltaRsoftdrop), 0.0), rtol=1e-9)
    # its squared mass is a difference of squares: some ulp of E^2
    rounding = 64 * np.finfo(float).eps * flat(theirs.Esoftdrop) ** 2
    assert (np.abs(axes.mass**2 - flat(theirs.msoftdrop) ** 2) <= rounding).all()
    assert (found.z > 0).any()


def test_a_jet_worked_by_hand() -> None:
    # C/A joins 90 and 15 (0.1 apart), then the soft one at 0.5: z = 3 / 108 there, 15 / 105 below
    jets = one((90.0, 0.0, 0.0), (15.0, 0.1, 0.0), (3.0, 0.0, 0.5))
    found = soft_drop(jets, 0.1, 0.0, 0.8)
    assert found.jets.pt.tolist() == [90.0, 15.0]
    assert found.z[0] == pytest.approx(15 / 105, rel=1e-3)
    assert found.radius[0] == pytest.approx(0.1, rel=1e-12)
    assert summed(found.jets).mass[0] == pytest.approx(np.sqrt(2 * 90 * 15 * (np.cosh(0.1) - 1)), rel=1e-12)
    # a steeper condition, 0.02 (0.5 / 0.8) = 0.0125, keeps all
    assert soft_drop(jets, 0.02, 1.0, 0.8).jets.counts.tolist() == [3]
    # and one that nothing passes leaves the hardest constituent alone
    bare = soft_drop(jets, 0.2, 0.0, 0.8)
    assert bare.jets.pt.tolist() == [90.0]
    assert bare.z[0] == bare.radius[0] == summed(bare.jets).mass[0] == 0.0


def test_jets_of_one_constituent_none_and_identical_ones() -> None:
    jets = ragged([7.0, 2.0, 2.0], [0.3, 1.0, 1.0], [3.0, -1.0, -1.0], [1, 0, 2])
    found = soft_drop(jets)
    assert found.jets.counts.tolist() == [1, 0, 2]
    assert summed(found.jets).mass.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(summed(found.jets).pt, [7.0, 0.0, 4.0], rtol=1e-15)
    # two equal particles share evenly at no distance
    assert found.z.tolist() == [0.0, 0.0, 0.5] and found.radius.tolist() == [0.0, 0.0, 0.0]
    assert soft_drop(ragged([], [], [], [])).z.shape == (0,)


def test_no_cut_keeps_everything() -> None:
    jets = random_jets(20, 20)
    found = soft_drop(jets, 0.0, 1.0)
    for ours, theirs in zip(found.jets, jets, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"z_cut": 0.5}, "z_cut = 0.5"),
        ({"z_cut": -0.1}, "z_cut = -0.1"),
        ({"beta": np.inf}, "beta inf"),
        ({"radius": 0.0}, "radius 0.0"),
        ({"radius": np.nan}, "radius nan"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        soft_drop(random_jets(2), **options)
