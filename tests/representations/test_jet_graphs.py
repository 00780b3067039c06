"""Jet graphs against loops over pairs of particles."""

from __future__ import annotations

from math import hypot
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.artefact import load, save
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.representations import PointClouds
from strangeness.representations.jet_graphs import JetGraphMap, JetGraphs
from tests.representations.particles import toy_jets


def graphs_of(jets: NDArray[Any], **options: Any) -> dict[str, NDArray[Any]]:
    batch = make_batch({"constituents": jets})
    return JetGraphs(**options).fit_map(ArraySource(batch), key=jax.random.key(0))(batch).x


def distances(nodes: NDArray[Any]) -> NDArray[np.float64]:
    """dR of all pairs of one graph, across the edge of the azimuth."""

    def gap(a: NDArray[Any], b: NDArray[Any]) -> float:
        d_phi = abs(float(a[2]) - float(b[2]))
        return hypot(float(a[1]) - float(b[1]), min(d_phi, 2 * np.pi - d_phi))

    return np.array([[gap(a, b) for b in nodes] for a in nodes])


def test_nodes_are_the_point_cloud() -> None:
    jets = toy_jets()
    batch = make_batch({"constituents": jets})
    cloud = PointClouds(most=12).fit_map(ArraySource(batch), key=jax.random.key(0))(batch).x
    found = graphs_of(jets, most=12)
    np.testing.assert_array_equal(found["nodes"], cloud)
    np.testing.assert_array_equal(found["mask"], cloud[..., 0] > 0)
    kinds = {name: values.dtype for name, values in found.items()}
    assert kinds == {"nodes": np.float32, "mask": bool, "distance": np.float32, "edges": bool}


@pytest.mark.parametrize("radius", [0.0, 0.2])
def test_edges_join_all_pairs_within_the_radius(radius: float) -> None:
    jets = toy_jets()
    # a jet across the edge of the azimuth, whose distances are those around it
    jets[3, :2] = (9.0, 0.0, 3.1), (8.0, 0.0, -3.1)
    jets[3, 2:] = 0.0
    found = graphs_of(jets, most=10, radius=radius, centred=False)
    for i in range(len(jets)):
        real = np.flatnonzero(found["mask"][i])
        expected, gaps = np.zeros((10, 10)), distances(found["nodes"][i])
        for a in real:
            for b in real:
                if a != b and (radius == 0.0 or gaps[a, b] <= radius):
                    expected[a, b] = gaps[a, b]
        np.testing.assert_array_equal(found["edges"][i], expected > 0)
        np.testing.assert_allclose(found["distance"][i], expected, rtol=1e-6)
    assert found["distance"][3, 0, 1] == pytest.approx(2 * np.pi - 6.2, rel=1e-5)


def test_neighbours_are_the_nearest_ones() -> None:
    jets = toy_jets()
    jets[5, 2:] = 0.0
    found = graphs_of(jets, most=10, neighbours=4)
    assert found["index"].dtype == np.int32 and found["index"].shape == (len(jets), 10, 4)
    for i in range(len(jets)):
        gaps, count = distances(found["nodes"][i]), int(found["mask"][i].sum())
        for a in range(10):
            others = sorted((gaps[a, b], b) for b in range(count) if b != a)[:4] if a < count else []
            number = len(others)
            assert found["edges"][i, a].tolist() == [True] * number + [False] * (4 - number)
            assert found["index"][i, a].tolist() == [b for _, b in others] + [a] * (4 - number)
            np.testing.assert_allclose(found["distance"][i, a, :number], [g for g, _ in others], rtol=1e-6)
            assert not found["distance"][i, a, number:].any()


def test_one_particle_is_a_node_without_edges_and_identical_ones_have_edges_of_length_zero() -> None:
    jets = np.zeros((2, 3, 3))
    jets[0, 1] = 5.0, 0.1, 0.2
    jets[1] = 5.0, 0.1, 0.2
    found = graphs_of(jets, most=4)
    assert found["mask"].sum(axis=1).tolist() == [1, 3]
    assert found["edges"].sum(axis=(1, 2)).tolist() == [0, 6]
    assert not found["distance"].any()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    jets = toy_jets()
    whole = graphs_of(jets, most=8, neighbours=3)
    monkeypatch.setattr("strangeness.representations.jet_graphs._BLOCK", 7 * 64)
    parts = graphs_of(jets, most=8, neighbours=3)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"most": 1}, "graphs of 1 nodes"),
        ({"most": 2.5}, "graphs of 2.5 nodes"),
        ({"most": 8, "neighbours": 8}, "8 neighbours of 8 nodes"),
        ({"neighbours": -1}, "-1 neighbours"),
        ({"radius": -0.1}, "within -0.1"),
        ({"radius": np.nan}, "within nan"),
        ({"radius": 0.2, "neighbours": 3}, "to 3 neighbours"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        graphs_of(toy_jets(), **options)


def test_jets_without_particles_are_named() -> None:
    jets = toy_jets()
    jets[4] = 0
    with pytest.raises(InputError, match="event 4 has no particle"):
        graphs_of(jets)


def test_a_stored_map_makes_the_same(tmp_path: Path) -> None:
    batch = make_batch({"constituents": toy_jets()})
    fitted = JetGraphs(most=6, neighbours=2).fit_map(ArraySource(batch), key=jax.random.key(0))
    save(tmp_path / "map", fitted)
    loaded, _ = load(tmp_path / "map", {"JetGraphMap": JetGraphMap})
    jax.tree.map(np.testing.assert_array_equal, loaded(batch).x, fitted(batch).x)
