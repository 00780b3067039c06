"""Energy flow polynomials against sums over all assignments of particles, and against energyflow's values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.jets.energy_flow import energy_flow_polynomials
from strangeness.jets.graphs import Multigraph, canonical, prime_graphs
from strangeness.jets.ragged import Jets, padded, ragged

REFERENCE = json.loads((Path(__file__).parent / "data" / "energy_flow.json").read_text(encoding="utf-8"))
GRAPHS = prime_graphs(5)


def jet_of(n: int, seed: int = 0) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.exponential(20.0, n) + 0.1, rng.normal(0, 0.4, (n, 2))])


def many(*jets: NDArray[np.float64]) -> Jets:
    flat = np.concatenate([np.reshape(jet, (-1, 3)) for jet in jets])
    return ragged(*flat.T, [len(jet) for jet in jets])


def by_hand(jet: NDArray[np.float64], graph: Multigraph, beta: float, radius: float) -> float:
    """The sum over all assignments of particles to vertices, with nothing shared."""
    pt, eta, phi = jet.T
    turn = np.angle(np.exp(1j * (phi[:, None] - phi)))
    theta = (np.hypot(eta[:, None] - eta, turn) / radius) ** beta
    chosen = np.indices((len(jet),) * graph.vertices).reshape(graph.vertices, -1)
    terms = np.prod((pt / pt.sum())[chosen], axis=0)
    for a, b in graph.edges:
        terms = terms * theta[chosen[a], chosen[b]]
    return float(terms.sum())


@pytest.mark.parametrize(("beta", "radius"), [(1.0, 1.0), (2.0, 0.8), (0.5, 1.0), (1.3, 0.4)])
def test_all_graphs_equal_the_sums_over_all_assignments(beta: float, radius: float) -> None:
    jets = [jet_of(n, seed=n) for n in (2, 3, 4, 5)]
    jets[2][1, 2] += 2 * np.pi
    found = energy_flow_polynomials(many(*jets), 5, beta=beta, radius=radius)
    expected = [[by_hand(jet, graph, beta, radius) for graph in GRAPHS] for jet in jets]
    # at most 5^6 positive terms, so rounding errors stay below 1e-12 of the sum
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("options", REFERENCE["sets"], ids=lambda one: f"beta={one['beta']}")
def test_real_jets_equal_energyflow(options: dict) -> None:
    order = {g.edges: i for i, g in enumerate(GRAPHS)}
    columns = [order[canonical(tuple(map(tuple, g))).edges if g else ()] for g in REFERENCE["graphs"]]
    assert sorted(columns) == list(range(54))
    jets = many(*(np.array(jet) for jet in REFERENCE["jets"]))
    found = energy_flow_polynomials(jets, 5, beta=options["beta"], normalised=options["normalised"])
    # the file holds 11 digits
    np.testing.assert_allclose(found[:, columns], options["values"], rtol=1e-10)


def test_lower_degrees_are_the_first_columns() -> None:
    jets = many(jet_of(30), jet_of(7, 1))
    whole = energy_flow_polynomials(jets, 5)
    for degree in range(5):
        few = energy_flow_polynomials(jets, degree)
        # the order of the products may differ
        np.testing.assert_allclose(few, whole[:, : few.shape[1]], rtol=1e-12)


def test_jets_of_no_and_one_constituent_have_documented_values() -> None:
    jets = many(np.empty((0, 3)), jet_of(1), np.zeros((2, 3)), jet_of(3))
    found = energy_flow_polynomials(jets, 3)
    np.testing.assert_array_equal(found[:3], [[1.0] + [0.0] * 8] * 3)
    assert np.all(found[3] > 0)
    in_gev = energy_flow_polynomials(jets, 3, normalised=False)
    np.testing.assert_allclose(in_gev[:, 0], jets.sums(jets.pt))
    assert energy_flow_polynomials(padded(np.zeros((0, 4, 3))), 2).shape == (0, 4)


def test_energies_and_distances_scale_as_counted() -> None:
    jet = jet_of(12)
    plain = energy_flow_polynomials(many(jet), 5)[0]
    larger = energy_flow_polynomials(many(jet * [3.0, 1, 1]), 5, radius=2.0, normalised=False)[0]
    total = 3.0 * jet[:, 0].sum()
    factors = [total**graph.vertices / 2.0**graph.degree for graph in GRAPHS]
    np.testing.assert_allclose(larger, plain * factors, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 12), share=st.floats(0.01, 0.99), turn=st.floats(-7, 7))
def test_order_rotation_splitting_and_soft_particles_change_nothing(
    seed: int, n: int, share: float, turn: float
) -> None:
    rng = np.random.default_rng(seed)
    jet = jet_of(n, seed)
    split = np.concatenate([jet, jet[:1] * [1 - share, 1, 1]])
    split[0, 0] *= share
    soft = [[1e-13, 0.3, 0.1]]
    other = np.concatenate([split, soft])[rng.permutation(n + 2)] + [0, 0.5, turn]
    found = energy_flow_polynomials(many(jet, other), 5)
    # the soft particle has 1e-14 or more of the energy and up to five vertices; rounding of phi adds to it
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-10)


def test_blocks_of_jets_change_nothing() -> None:
    jets = [jet_of(n, seed=n) for n in (40, 3, 17)]
    together = energy_flow_polynomials(many(*jets), 4)
    alone = np.concatenate([energy_flow_polynomials(many(jet), 4) for jet in jets])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("options", [{"beta": 0.0}, {"beta": float("nan")}, {"radius": -1.0}])
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match="must be positive"):
        energy_flow_polynomials(many(jet_of(3)), **options)
