"""What is declared infrared and collinear safe passes the property test, and what is not fails it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangeness.conformance import safety
from strangeness.conformance.subject import Nonconforming
from strangeness.core.errors import InputError
from strangeness.core.estimators import Representation
from strangeness.representations import PointClouds
from strangeness.representations.jet_features import SAFE, SAFETY, JetFeatures, SafeJetFeatures
from strangeness.representations.jet_graphs import JetGraphs
from strangeness.representations.jet_tokens import JetTokens
from strangeness.representations.lund_images import LundImages

SAFE_ONES: dict[str, Callable[[], Representation]] = {
    "features": lambda: SafeJetFeatures(SAFE),
    "features, kT axes, exponents 1/2": lambda: SafeJetFeatures(
        SAFE, axes="kt", tau_beta=0.5, correlation_beta=0.5, drop_beta=1.0
    ),
    "features, exponents 2": lambda: SafeJetFeatures(SAFE, tau_beta=2.0, correlation_beta=2.0, drop_beta=2.0),
    "lund images": LundImages,
}
"""Every representation whose card says that it is safe, with the settings to test; add new ones here."""

UNSAFE = [name for name, is_safe in SAFETY.items() if is_safe == "no"]
RATIOS = [name for name, is_safe in SAFETY.items() if is_safe == "ratio"]


@pytest.mark.parametrize("make", SAFE_ONES.values(), ids=SAFE_ONES)
def test_what_is_declared_safe_passes(make: Callable[[], Representation]) -> None:
    representation = make()
    assert representation.card is not None and representation.card.safe == "infrared and collinear"

    @settings(max_examples=15)
    # a count in bins moves where an emission lies within epsilon of an edge: keep that unlikely
    @given(st.integers(0, 2**32 - 1), st.floats(-10.0, -8.0))
    def holds(seed: int, exponent: float) -> None:
        safety.check_safety(representation, 10.0**exponent, seed=seed)

    holds()


@pytest.mark.parametrize("name", SAFE)
def test_changes_of_safe_features_vanish_with_epsilon(name: str) -> None:
    # at least like the square root of epsilon, from a change that is not yet rounding
    far, near = (safety.changes(SafeJetFeatures((name,)), epsilon).largest for epsilon in (1e-5, 1e-9))
    assert 0.0 < near <= 1.01e-2 * far


@pytest.mark.parametrize("name", UNSAFE + RATIOS)
def test_other_features_fail_however_small_epsilon(name: str) -> None:
    representation = JetFeatures((name,))
    found = safety.changes(representation)
    assert found.largest > 100 * safety.tolerance()
    with pytest.raises(Nonconforming, match=r"JetFeatures is not safe: (soft|collinear)"):
        safety.check_safety(representation)


@pytest.mark.parametrize("name", RATIOS)
def test_ratios_are_safe_away_from_a_vanishing_denominator(name: str) -> None:
    jets = safety.toy_jets(40, seed=1)
    many = jets[(jets[..., 0] > 0).sum(axis=1) > 11]
    safety.check_safety(JetFeatures((name,)), jets=many)


@pytest.mark.parametrize(
    "representation", [PointClouds(), JetGraphs(), JetTokens()], ids=["clouds", "graphs", "tokens"]
)
def test_lists_of_particles_are_not_safe(representation: Representation) -> None:
    assert representation.card is None or representation.card.safe == "no"
    with pytest.raises(Nonconforming, match="is not safe"):
        safety.check_safety(representation)


def test_soft_particles_have_their_share_and_lie_in_the_jet() -> None:
    jets = safety.toy_jets(20)
    found = safety.with_soft(jets, 1e-6)
    np.testing.assert_array_equal(found[:, : jets.shape[1]], jets)
    added = found[:, jets.shape[1] :]
    assert (added[..., 0] > 0).all()
    np.testing.assert_allclose(added[..., 0].sum(axis=1), 500.0e-6, rtol=1e-9)
    assert np.ptp(added[..., 1:], axis=1).max() > 0.3 and np.abs(added[..., 1:]).max() < 1.0


def test_splittings_conserve_momentum_and_centroid_and_have_their_angle() -> None:
    jets = safety.toy_jets(20)
    found = safety.with_splittings(jets, 1e-3)
    half = jets.shape[1]
    first, second = found[:, :half], found[:, half:]
    np.testing.assert_allclose(first[..., 0] + second[..., 0], jets[..., 0], rtol=1e-12)
    np.testing.assert_allclose(
        first[..., :1] * first[..., 1:] + second[..., :1] * second[..., 1:],
        jets[..., :1] * jets[..., 1:],
        atol=1e-10,
    )
    split = second[..., 0] > 0
    assert split[np.arange(20), jets[..., 0].argmax(axis=1)].all()
    np.testing.assert_allclose(
        np.hypot(*np.moveaxis(first[split] - second[split], -1, 0)[1:]), 1e-3, rtol=1e-9
    )
    assert split.any(axis=1).all() and not split[jets[..., 0] == 0].any()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, 0.1, np.nan])
def test_an_epsilon_that_is_not_small_is_refused(epsilon: Any) -> None:
    with pytest.raises(InputError, match="soft particles of"):
        safety.changes(LundImages(), epsilon)


def test_the_message_says_what_moved_and_by_how_much() -> None:
    with pytest.raises(
        Nonconforming, match=r"soft particles of 1e-10 change a value by .* \(allowed: 0.001\)"
    ):
        safety.check_safety(replace(JetFeatures(), features=("multiplicity",)))
