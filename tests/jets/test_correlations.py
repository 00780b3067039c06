"""Energy correlations against sums over all pairs and triples, closed forms, and FastJet."""

from __future__ import annotations

from itertools import combinations
from math import dist, prod
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation.clustering import quiet
from strangeness.jets.correlations import correlations
from strangeness.jets.ragged import Jets, ragged
from strangeness.jets.shapes import wrapped
from tests.jets.fast import flat, one, random_jets, sequence

BETAS = (0.5, 1.0, 1.7, 2.0)


def by_hand(jets: Jets, jet: int, points: int, beta: float) -> float:
    """e_2 or e_3 of one jet: over all sets of that many constituents, z times all distances to beta."""
    mine = slice(*jets.offsets[jet : jet + 2])
    z = jets.pt[mine] / jets.pt[mine].sum()
    place = list(zip(jets.eta[mine], wrapped(jets.phi[mine] - 3.1), strict=True))
    return sum(
        prod(z[list(some)]) * prod(dist(place[i], place[j]) ** beta for i, j in combinations(some, 2))
        for some in combinations(range(len(z)), points)
    )


def test_agrees_with_sums_over_pairs_and_triples() -> None:
    jets = random_jets(10, 12, seed=7)
    found = correlations(jets, BETAS)
    for b, beta in enumerate(BETAS):
        for e, points in ((found.e2, 2), (found.e3, 3)):
            expected = [by_hand(jets, jet, points, beta) for jet in range(10)]
            # distances between directions known to 4e-16 are at least 1e-4 here
            np.testing.assert_allclose(e[:, b], expected, rtol=1e-9, atol=1e-16)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("name", ["c2", "d2"])
def test_ratios_are_those_of_the_contributed_package_of_fastjet(name: str, beta: float) -> None:
    pytest.importorskip("fastjet")
    jets = random_jets(40, 40, seed=8, least=3)
    clustered = sequence(jets)
    with quiet():
        theirs = clustered.exclusive_jets_energy_correlator(1, beta=beta, func=name)
    np.testing.assert_allclose(getattr(correlations(jets, (beta,)), name)[:, 0], flat(theirs), rtol=1e-9)


def test_equilateral_triangle() -> None:
    # z = 1/3: e2 = R^beta / 3 and e3 = R^(3 beta) / 27, so that C2 = R^beta / 3 and D2 = 1
    corners = 0.3 / np.sqrt(3) * np.exp(2j * np.pi * np.arange(3) / 3)
    jets = ragged(np.full(3, 8.0), corners.real, wrapped(np.pi + corners.imag), [3])
    found, power = correlations(jets, BETAS), 0.3 ** np.array(BETAS)
    np.testing.assert_allclose(found.e2[0], power / 3, rtol=1e-12)
    np.testing.assert_allclose(found.e3[0], power**3 / 27, rtol=1e-12)
    np.testing.assert_allclose(found.c2[0], power / 3, rtol=1e-12)
    np.testing.assert_allclose(found.d2[0], 1.0, rtol=1e-12)


def test_few_and_identical_constituents() -> None:
    jets = ragged([4.0, 1.0, 3.0, *[2.0] * 4], [0.0, 0.0, 0.5, *[1.0] * 4], np.full(7, 3.0), [1, 0, 2, 4])
    found = correlations(jets)
    np.testing.assert_allclose(found.e2[:, 0], [0.0, 0.0, 0.25 * 0.75 * 0.5, 0.0], rtol=1e-12)
    for zero in (found.e3, found.c2, found.d2):
        assert (zero == 0.0).all()
    assert correlations(ragged([], [], [], [])).e2.shape == (0, 1)


@pytest.mark.parametrize("betas", [(), (0.0,), (1.0, -1.0), (np.nan,), (np.inf,)])
def test_exponents_that_are_not_positive_are_refused(betas: Any) -> None:
    with pytest.raises(InputError, match="exponents"):
        correlations(one((1.0, 0.0, 0.0)), betas)
