"""Jets matched to parents, flavours and what a Z left, on records made by hand and by Pythia."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation.clustering import Jets
from strangeness.events.generation.matching import families, flavour, matched, removed, wrapped
from strangeness.events.generation.processes import (
    GLUON,
    HIGGS_BB,
    QUARK,
    TOP,
    Z_JETS,
    Process,
    W,
    higgs_pair,
    scalar_to_tops,
    wprime,
    wprime3,
)


def record(*events: list[tuple[int, int, int, float, float]]) -> Any:
    """Events of (code, status, mother, eta, phi), all of pT 100 GeV; the first entry stands for the event."""
    rows = [[(90, -11, 0, 0.0, 0.0), *event] for event in events]
    code, status, mother, eta, phi = (
        ak.Array([[row[k] for row in event] for event in rows]) for k in range(5)
    )
    p = ak.zip({"px": 100 * np.cos(phi), "py": 100 * np.sin(phi), "pz": 100 * np.sinh(eta)})
    return ak.zip({"id": code, "status": status, "mother1": mother, "p": p}, depth_limit=2)


def jets(*events: list[tuple[float, float]]) -> Jets:
    """Jets of (eta, phi)."""
    eta, phi = (ak.values_astype(ak.Array([[j[k] for j in e] for e in events]), np.float64) for k in (0, 1))
    return Jets(ak.full_like(eta, 100.0), eta, phi, ak.zeros_like(eta), None)


TWO_HIGGS = [
    (25, -22, 0, 0.0, 0.0),
    (25, -22, 0, 0.0, 3.0),
    (25, -62, 1, 0.0, 0.1),  # the last copy of the first
    (5, -23, 3, 0.3, 0.0),
    (-5, 23, 3, -0.3, 0.1),
    (5, -23, 2, 0.3, 3.1),
    (-5, -23, 2, 0.9, 3.0),
]


def test_every_parent_of_an_event_is_taken_alone() -> None:
    parents, quarks = families(record(TWO_HIGGS, []), 25)
    assert ak.num(parents).tolist() == [2, 0]
    assert parents.status.tolist() == [[-22, -62], []]
    assert quarks.id.tolist() == [[[5, -5], [5, -5]], []]
    # the first boson lies in one jet, the second has a quark outside, and the second event has nothing
    found = matched(jets([(0.0, 0.0), (0.0, 3.0), (3.0, 0.0)], [(0.0, 0.0)]), record(TWO_HIGGS, []), 25, 0.8)
    assert found.tolist() == [[True, False, False], [False]]
    assert matched(jets([(0.0, 3.0)]), record(TWO_HIGGS), 25, 1.0).tolist() == [[True]]


def test_two_and_three_prongs_of_x_and_no_other_number() -> None:
    def event(prongs: int) -> list[tuple[int, int, int, float, float]]:
        return [(-9000001, -22, 0, 0.0, 3.1), *((1, -23, 1, 0.1 * k, -3.1) for k in range(prongs))]

    got = matched(
        jets(*[[(0.0, 3.1)]] * 4), record(*(event(prongs) for prongs in (1, 2, 3, 4))), 9000001, 0.8
    )
    assert got.tolist() == [[False], [True], [True], [False]]


def test_a_leptonic_top_is_no_match_and_a_parent_that_is_none_is_named() -> None:
    leptonic = [(6, -62, 0, 0.0, 0.0), (24, -22, 1, 0.0, 0.0), (5, -23, 1, 0.1, 0.0), (12, 23, 2, 0.0, 0.0)]
    assert matched(jets([(0.0, 0.0)]), record(leptonic), 6, 0.8).tolist() == [[False]]
    with pytest.raises(InputError, match="code 7"):
        matched(jets([(0.0, 0.0)]), record(leptonic), 7, 0.8)


def test_flavour_is_that_of_the_nearest_hard_parton() -> None:
    partons = [(3, -23, 0, 0.0, 0.0), (-5, -23, 0, 0.0, 0.3), (21, -23, 0, 2.0, 3.1), (4, -23, 0, -2.0, 0.0)]
    soft = [(5, -51, 0, 1.0, 1.0)]
    got = flavour(
        jets([(0.0, 0.1), (0.0, 0.2), (2.0, -3.1), (-2.0, 0.3), (1.0, 1.0)]), record(partons + soft)
    )
    assert got.tolist() == [[1, 5, 21, 4, 0]]
    empty = flavour(jets([], [(0.0, 0.0)]), record(partons, []))
    assert empty.tolist() == [[], [0]]


def test_only_what_comes_from_the_z_is_removed() -> None:
    event = [
        (23, -22, 0, 0.0, 0.0),
        (13, -23, 1, 0.0, 0.0),
        (13, 51, 2, 0.0, 0.0),
        (22, 51, 2, 0.0, 0.0),
        (22, 91, 0, 0.0, 0.0),  # of a jet
        (13, 91, 0, 0.0, 0.0),
    ]
    assert removed(record(event, []), (11, 13, 22)).tolist() == [
        [*[False] * 3, True, True, False, False],
        [False],
    ]


def test_an_angle_is_brought_back() -> None:
    assert wrapped(np.array([3.5, -3.5, 0.5])) == pytest.approx([3.5 - 2 * np.pi, 2 * np.pi - 3.5, 0.5])


def made(process: Process, events: int = 100) -> Any:
    pytest.importorskip("pythia8mc")
    pytest.importorskip("fastjet")
    from strangeness.events.generation import pythia

    return pythia.generator(process, 1).nextBatch(events)


def clustered(batch: Any, radius: float, least: float, drop: Any = None) -> Jets:
    """Jets of all particles but neutrinos, without a detector."""
    from strangeness.events.generation.clustering import antikt
    from strangeness.events.generation.detector import Objects
    from strangeness.events.generation.selection import stable

    true = stable(batch)
    kept = ~np.isin(np.abs(true.pdg), (12, 14, 16))
    if drop is not None:
        kept &= ~ak.to_numpy(ak.flatten(drop[batch.prt.status > 0]))
    true = true.select(kept)
    return antikt(Objects(true.event, true.pt, true.eta, true.phi), len(batch), radius, least)


def by_hand(found: Jets, batch: Any, target: int, radius: float, prongs: int) -> list[list[bool]]:
    """The match of ``matched``, one event, jet and parent at a time."""
    out = []
    for jet_eta, jet_phi, event in zip(found.eta.tolist(), found.phi.tolist(), batch.prt, strict=True):
        code, mother, status = (np.asarray(event[name]) for name in ("id", "mother1", "status"))
        pt = np.maximum(np.hypot(event.p.px, event.p.py), 1e-9)  # the beams have none
        eta, phi = np.asarray(np.arcsinh(event.p.pz / pt)), np.asarray(np.arctan2(event.p.py, event.p.px))
        family: dict[int, list[int]] = {}
        for quark in np.flatnonzero((np.abs(status) == 23) & (np.abs(code) <= 5)):
            place = mother[quark]
            while place and abs(code[place]) != target:
                place = mother[place]
            if place:
                family.setdefault(int(place), []).append(int(quark))
        out.append(
            [
                any(
                    len(quarks) == prongs
                    and all(
                        (je - eta[i]) ** 2 + ((jp - phi[i] + np.pi) % (2 * np.pi) - np.pi) ** 2 < radius**2
                        for i in (parent, *quarks)
                    )
                    for parent, quarks in family.items()
                )
                for je, jp in zip(jet_eta, jet_phi, strict=True)
            ]
        )
    return out


@pytest.mark.parametrize(
    ("process", "target", "prongs", "radius", "share", "mass", "window"),
    [
        (TOP, 6, 3, 0.8, 0.4, 173.0, 15.0),
        (W, 24, 2, 0.8, 0.7, 81.0, 8.0),
        (HIGGS_BB, 25, 2, 0.8, 0.7, 119.0, 12.0),
        (higgs_pair(2000.0), 25, 2, 0.8, 0.6, 120.0, 12.0),
        (scalar_to_tops(2000.0), 6, 3, 0.8, 0.5, 173.0, 15.0),
        (wprime(), 9000001, 2, 1.0, 0.4, 500.0, 25.0),
        (wprime3(), 9000001, 3, 1.0, 0.4, 500.0, 25.0),
        (wprime3(), 9000002, 3, 1.0, 0.8, 103.0, 10.0),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_matched_jets_have_the_mass_of_their_parent(
    process: Process, target: int, prongs: int, radius: float, share: float, mass: float, window: float
) -> None:
    batch = made(process, 60)
    found = clustered(batch, radius, 200.0)
    good = matched(found, batch.prt, target, radius)
    assert good.tolist() == by_hand(found, batch, target, radius, prongs)
    parents, _ = families(batch.prt, target)
    # shares and medians of seed 1 lie well inside; a wrong family gives none
    assert ak.sum(good) > share * ak.sum(ak.num(parents))
    assert np.median(ak.to_numpy(ak.flatten(found.mass[good]))) == pytest.approx(mass, abs=window)


def test_the_classes_of_quark_and_gluon_jets() -> None:
    many = {}
    for process in (QUARK, GLUON):
        batch = made(process, 60)
        found = clustered(batch, 0.4, 450.0)
        code = ak.to_numpy(ak.flatten(flavour(found, batch.prt)[:, :1]))
        counts = ak.to_numpy(ak.flatten(ak.num(found.constituents, axis=2)[:, :1]))
        wanted = [1, 4, 5] if process is QUARK else [21]
        assert np.mean(np.isin(code, wanted)) > 0.9  # the rest is radiation harder than the parton
        many[process.name] = np.mean(counts[code == wanted[0]])
    assert many["gluon"] > 1.3 * many["quark"]


def test_the_leptons_of_the_z_carry_its_mass_and_leave_the_jets() -> None:
    batch = made(Z_JETS)
    gone = removed(batch.prt, Z_JETS.remove)
    p = batch.prt[gone].p
    total = [ak.to_numpy(ak.sum(p[name], axis=1)) for name in ("e", "px", "py", "pz")]
    mass = np.sqrt(total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2)
    assert np.median(mass) == pytest.approx(91.2, abs=0.5)  # 0.2 of its width
    before, after = clustered(batch, 0.4, 20.0), clustered(batch, 0.4, 20.0, gone)
    assert ak.sum(ak.num(after.pt)) < ak.sum(ak.num(before.pt)) - len(batch)
