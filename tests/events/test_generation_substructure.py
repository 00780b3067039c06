"""Features of jets against brute force and cases known in closed form."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
import pytest

from strangeness.events.generation import substructure
from strangeness.events.generation.clustering import Jets, antikt, momenta, subjettiness
from strangeness.events.generation.detector import Objects
from strangeness.events.generation.matching import matched, wrapped


def random_objects(events: int, per_event: int, seed: int) -> Objects:
    """Objects within about 0.4 of the direction eta = 0.5, phi = 3.0, near the edge of the azimuth."""
    rng = np.random.default_rng(seed)
    n = events * per_event
    eta, phi = 0.5 + 0.2 * rng.standard_normal(n), wrapped(3.0 + 0.2 * rng.standard_normal(n))
    return Objects(np.repeat(np.arange(events), per_event), rng.exponential(20.0, n) + 1.0, eta, phi)


def brute_tau(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, number: int, radius: float) -> float:
    """tau_N with winner-take-all kT axes, clustered pair by pair in plain Python."""
    axes = list(zip(pt, eta, phi, strict=True))

    def gap(a: Any, b: Any) -> float:
        return float(np.hypot(a[1] - b[1], wrapped(a[2] - b[2])))

    while len(axes) > number:
        pairs = [(i, j) for i in range(len(axes)) for j in range(i)]
        i, j = min(
            pairs, key=lambda p: min(axes[p[0]][0], axes[p[1]][0]) ** 2 * gap(axes[p[0]], axes[p[1]]) ** 2
        )
        winner = max(axes[i], axes[j])
        merged = (axes[i][0] + axes[j][0], winner[1], winner[2])
        axes = [axis for k, axis in enumerate(axes) if k not in (i, j)] + [merged]
    particles = zip(pt, eta, phi, strict=True)
    return sum(p[0] * min(gap(p, axis) for axis in axes) for p in particles) / (radius * pt.sum())


def test_subjettiness_agrees_with_brute_force() -> None:
    pytest.importorskip("fastjet")
    objects = random_objects(12, 9, 0)
    found = subjettiness(momenta(objects, 12), 0.8)
    for event in range(12):
        mine = [column[objects.event == event] for column in objects[1:]]
        expected = [brute_tau(*mine, number=n, radius=0.8) for n in (1, 2, 3)]
        np.testing.assert_allclose(found[event], expected, rtol=1e-9, atol=1e-12)


def test_subjettiness_vanishes_with_as_many_axes_as_particles() -> None:
    pytest.importorskip("fastjet")
    three = momenta(random_objects(5, 3, 1), 5)
    tau = subjettiness(three, 0.8)
    np.testing.assert_allclose(tau[:, 2], 0.0, atol=1e-9)
    assert np.all(tau[:, 0] >= tau[:, 1])
    assert subjettiness(three[:0], 0.8).shape == (0, 3)


def test_antikt_finds_planted_jets_hardest_first() -> None:
    pytest.importorskip("fastjet")
    event = np.array([0, 0, 0, 0, 1])
    objects = Objects(
        event,
        np.array([100.0, 50.0, 300.0, 2.0, 80.0]),
        np.array([0.0, 0.3, 0.1, 0.2, -1.0]),
        np.array([0.0, 0.1, 3.0, -3.1, 2.0]),
    )
    jets = antikt(objects, 3, 0.8, 20.0)
    assert ak.num(jets.pt).tolist() == [2, 1, 0]
    assert jets.constituents.pt[0].tolist() == [[300.0, 2.0], [100.0, 50.0]]
    # two massless particles: m^2 = 2 pt1 pt2 (cosh d_eta - cos d_phi)
    expected = np.sqrt(2 * 100 * 50 * (np.cosh(0.3) - np.cos(0.1)))
    assert jets.mass[0, 1] == pytest.approx(expected)
    assert jets.mass[1, 0] == pytest.approx(0.0, abs=1e-3)


def test_girth_and_ptd_of_two_equal_halves() -> None:
    pt = ak.Array([[10.0, 10.0], [5.0]])
    d_eta, d_phi = ak.Array([[0.3, -0.3], [0.0]]), ak.Array([[0.4, -0.4], [0.0]])
    np.testing.assert_allclose(substructure.girth(pt, d_eta, d_phi), [0.5, 0.0])
    np.testing.assert_allclose(substructure.ptd(pt), [np.sqrt(0.5), 1.0])


def test_columns_of_jets_describe_their_constituents() -> None:
    pytest.importorskip("fastjet")
    jets = antikt(random_objects(30, 25, 2), 30, 0.8, 10.0)
    flat = substructure.flat(jets, jets.pt > 50.0)
    columns = substructure.jet_columns(flat, 0.8)
    counts = columns["constituents_count"]
    assert columns["multiplicity"].tolist() == counts.tolist()
    pt, d_eta, d_phi = (columns[f"constituents_{name}"].astype(float) for name in ("pt", "d_eta", "d_phi"))
    jet = np.repeat(np.arange(len(counts)), counts)
    assert np.abs(d_phi).max() < 1.0
    px, py = np.bincount(jet, pt * np.cos(d_phi)), np.bincount(jet, pt * np.sin(d_phi))
    eta = columns["eta"][jet] + d_eta
    pz, e = np.bincount(jet, pt * np.sinh(eta)), np.bincount(jet, pt * np.cosh(eta))
    # float16 keeps 11 bits: half a step is 2.4e-4 of each number, random over 25 constituents
    np.testing.assert_allclose(np.hypot(px, py), columns["pt"], rtol=1e-3)
    mass = np.sqrt(e**2 - px**2 - py**2 - pz**2)
    np.testing.assert_allclose(mass, columns["mass"], rtol=5e-3)


def test_invariant_mass_of_back_to_back_jets() -> None:
    def side(phi: float) -> Jets:
        return Jets(*(ak.Array([value]) for value in (3.0, 0.0, phi, 4.0)), None)

    np.testing.assert_allclose(substructure.invariant_mass(side(0.0), side(np.pi)), [10.0])


def test_a_ratio_with_nothing_below_is_zero() -> None:
    np.testing.assert_array_equal(substructure.ratio(np.array([0.0, 1.0]), np.array([0.0, 2.0])), [0.0, 0.5])


def record(quark_eta: float) -> Any:
    """A top at eta = 0, phi = 0 with its three quarks, the last of them at ``quark_eta``."""
    rows = [(0, 0, 0, 0.0), (6, -62, 0, 0.0), (24, -22, 1, 0.1), (5, 23, 1, -0.2), (2, 23, 2, 0.2)]
    rows.append((-1, -23, 2, quark_eta))
    fields = {
        "id": [[r[0] for r in rows]],
        "status": [[r[1] for r in rows]],
        "mother1": [[r[2] for r in rows]],
    }
    pz = [[100.0 * np.sinh(r[3]) for r in rows]]
    p = ak.zip({"px": [[100.0] * 6], "py": [[0.0] * 6], "pz": pz})
    return ak.zip({**{name: ak.Array(values) for name, values in fields.items()}, "p": p}, depth_limit=2)


@pytest.mark.parametrize(("quark_eta", "expected"), [(0.5, [True, False]), (0.9, [False, False])])
def test_a_top_jet_holds_its_top_and_all_quarks(quark_eta: float, expected: list[bool]) -> None:
    jets = Jets(*(ak.Array([pair]) for pair in ([600.0, 500.0], [0.0, 0.0], [0.0, 3.0], [170.0, 50.0])), None)
    assert matched(jets, record(quark_eta), 6, 0.8).tolist() == [expected]
    # its W is in the same jet, with the two quarks that are the W's own
    assert matched(jets, record(quark_eta), 24, 0.8).tolist() == [expected]
