"""Energy mover's distances against linear programmes and closed forms; what makes them a metric."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from strangeness.core.errors import InputError, MissingDependency
from strangeness.jets.ragged import Jets, ragged
from strangeness.jets.transport import energy_movers_distance, energy_movers_matrix

pytest.importorskip("ot")
Jet = NDArray[np.float64]
# The network simplex stops within rounding errors of the optimum, in units of the heavier jet's pt.
EXACT = 1e-12


def jet_of(n: int, seed: int, spread: float = 0.3) -> Jet:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.exponential(20.0, n) + 0.1, rng.uniform(-spread, spread, (n, 2))])


def many(*jets: Any) -> Jets:
    flat = np.concatenate([np.reshape(jet, (-1, 3)) for jet in jets]).astype(float)
    return ragged(*(flat[:, axis] for axis in range(3)), [len(jet) for jet in jets])


def distance(one: Any, other: Any, **options: Any) -> float:
    return float(energy_movers_distance(many(one), many(other), **options)[0])


def by_linear_programme(one: Jet, other: Jet, radius: float) -> float:
    """Eq. 1 of arXiv:1902.02346 as it stands: inequalities, and a fixed sum of what is moved."""
    n, m = len(one), len(other)
    turn = np.angle(np.exp(1j * (one[:, None, 2] - other[:, 2])))
    costs = np.hypot(one[:, None, 1] - other[:, 1], turn) / radius
    rows = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    most = np.concatenate([one[:, 0], other[:, 0]])
    moved = min(one[:, 0].sum(), other[:, 0].sum())
    found = linprog(costs.ravel(), rows, most, np.ones((1, n * m)), [moved])
    return float(found.fun) + abs(one[:, 0].sum() - other[:, 0].sum())


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 4), (3, 1), (2, 2), (5, 7), (12, 9)])
@pytest.mark.parametrize("radius", [1.0, 0.4])
def test_distances_equal_linear_programmes(n: int, m: int, radius: float) -> None:
    one, other = jet_of(n, n), jet_of(m, 100 + m)
    other[0, 2] += 2 * np.pi
    # HiGHS is feasible to 1e-7 of the constraints
    expected = by_linear_programme(one, other, radius)
    assert distance(one, other, radius=radius) == pytest.approx(expected, rel=1e-7)
    shares = [np.column_stack([jet[:, 0] / jet[:, 0].sum(), jet[:, 1:]]) for jet in (one, other)]
    expected = by_linear_programme(*shares, radius)
    assert distance(one, other, radius=radius, normalised=True) == pytest.approx(expected, rel=1e-7)


def test_two_particles_have_closed_forms() -> None:
    one, other = [[10.0, 0, 0]], [[6.0, 0.3, 0.4]]
    assert distance(one, other) == pytest.approx(6 * 0.5 + 4)
    assert distance(one, other, radius=0.8) == pytest.approx(6 * 0.5 / 0.8 + 4)
    assert distance(one, other, normalised=True) == pytest.approx(0.5)
    # what both have at one place stays there
    pair, turned = [[3.0, 0, 0], [1.0, 0, 0.2]], [[1.0, 0, 0], [3.0, 0, 0.2]]
    assert distance(pair, turned) == pytest.approx(2 * 0.2)
    assert distance(pair, turned, centred=True, normalised=True) == pytest.approx(
        # centroids at 0.05 and 0.15: 3/4 of the first at -0.05, and 1/4 of the second at -0.15
        0.25 * 0.1 + 0.5 * 0.1 + 0.25 * 0.1
    )


def test_centred_jets_do_not_know_where_they_were() -> None:
    jet = jet_of(20, 3)
    moved = jet + np.array([0.0, 0.7, 3.1])
    moved[::2, 2] -= 2 * np.pi
    assert distance(jet, moved, centred=True) == pytest.approx(0.0, abs=1e-12 * jet[:, 0].sum())
    assert distance(jet, moved) > 1.0


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), sizes=st.tuples(*[st.integers(1, 12)] * 3), normalised=st.booleans())
def test_it_is_a_metric(seed: int, sizes: tuple[int, int, int], normalised: bool) -> None:
    jets = [jet_of(n, seed + i) for i, n in enumerate(sizes)]
    found = energy_movers_matrix(many(*jets), normalised=normalised)
    scale = 1.0 if normalised else max(jet[:, 0].sum() for jet in jets)
    assert np.all(np.diag(found) == 0) and np.array_equal(found, found.T)
    turned = energy_movers_matrix(many(*jets), many(*jets), normalised=normalised)
    np.testing.assert_allclose(turned, found, atol=EXACT * scale)
    for a, b, c in [(0, 1, 2), (1, 2, 0), (2, 0, 1)]:
        assert found[a, b] <= found[a, c] + found[c, b] + EXACT * scale


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.01, 0.99), n=st.integers(1, 10))
def test_collinear_splittings_and_soft_particles_change_nothing(seed: int, share: float, n: int) -> None:
    one, other = jet_of(n, seed), jet_of(6, seed + 1)
    split = np.concatenate([one, one[-1:] * [1 - share, 1, 1], [[1e-12, 0.1, 0.2]]])
    split[n - 1, 0] *= share
    scale = max(one[:, 0].sum(), other[:, 0].sum())
    # the soft particle moves the distance by less than twice its pt
    assert distance(split, other) == pytest.approx(distance(one, other), abs=EXACT * scale + 2e-12)
    assert distance(split, one) == pytest.approx(0.0, abs=EXACT * scale + 2e-12)


def test_empty_jets_are_as_far_as_the_other_jets_pt() -> None:
    jet, empty = jet_of(5, 1), np.empty((0, 3))
    assert distance(jet, empty) == distance(empty, jet) == pytest.approx(jet[:, 0].sum())
    assert distance(empty, empty) == 0.0
    with pytest.raises(InputError, match="jet 1 has no constituent"):
        energy_movers_matrix(many(jet, empty), normalised=True)
    none = ragged([], [], [], [])
    assert energy_movers_distance(none, none).shape == (0,)


def test_pairs_matrices_and_threads_agree() -> None:
    jets = [jet_of(1 + i % 9, i) for i in range(150)]
    pairs = energy_movers_distance(many(*jets), many(*jets[::-1]))
    np.testing.assert_array_equal(energy_movers_distance(many(*jets), many(*jets[::-1]), workers=3), pairs)
    few = many(*jets[:12])
    matrix = energy_movers_matrix(few)
    np.testing.assert_array_equal(energy_movers_matrix(few, workers=2), matrix)
    whole = energy_movers_matrix(few, many(*jets[::-1][:4]))
    np.testing.assert_array_equal(np.diag(whole), pairs[:4])


def test_many_particles_equal_pot_itself() -> None:
    import ot

    one, other = jet_of(120, 1), jet_of(90, 2)
    shares = [jet[:, 0] / jet[:, 0].sum() for jet in (one, other)]
    expected = ot.emd2(*shares, ot.dist(one[:, 1:], other[:, 1:], metric="euclidean"))
    assert distance(one, other, normalised=True) == pytest.approx(expected, rel=1e-12)


def test_bad_options_are_refused() -> None:
    jets = many(jet_of(3, 1), jet_of(2, 2))
    with pytest.raises(InputError, match="2 jets and 1 others"):
        energy_movers_distance(jets, many(jet_of(3, 1)))
    with pytest.raises(InputError, match="radius of 0"):
        energy_movers_matrix(jets, radius=0.0)
    with pytest.raises(InputError, match="0 workers"):
        energy_movers_matrix(jets, workers=0)


def test_without_pot_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ot.lp.emd_wrap", None)
    with pytest.raises(MissingDependency, match=r"strangeness\[transport\]"):
        energy_movers_matrix(many(jet_of(3, 1)))
