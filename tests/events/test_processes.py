"""Processes: their literal settings, what changes them, and what Pythia makes of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation.processes import (
    DIJET,
    PROCESSES,
    QCD,
    QUARK,
    TOP,
    Z_JETS,
    Process,
    W,
    biased,
    higgs_pair,
    process_named,
    pseudoscalar_to_tops,
    scalar_to_tops,
    semi_visible,
    with_mpi,
    with_settings,
    with_window,
    wprime,
    wprime3,
)

FIRST = ("Print:quiet = on", "Next:numberCount = 0", "PartonLevel:MPI = off", "Random:setSeed = on")
WINDOW = ("Beams:eCM = 14000.0", "PhaseSpace:pTHatMin = 450.0", "PhaseSpace:pTHatMax = 850.0")
TO_QUARKS = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
LITERAL = {
    QCD: (*WINDOW, "HardQCD:all = on"),
    TOP: (*WINDOW, "Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *TO_QUARKS),
    W: (*WINDOW, "WeakDoubleBoson:ffbar2WW = on", *TO_QUARKS),
    DIJET: ("Beams:eCM = 13000.0", "PhaseSpace:pTHatMin = 900.0", "HardQCD:all = on"),
    wprime(): (
        "Beams:eCM = 13000.0",
        "NewGaugeBoson:ffbar2Wprime = on",
        "34:m0 = 3500.0",
        "34:mWidth = 10.",
        "34:mMin = 3000.0",
        "34:mMax = 4000.0",
        "34:doForceWidth = on",
        "9000001:new = Xres Xresbar 3 3 0 500.0 2. 450.0 550.0 0.",
        "9000001:isResonance = true",
        "9000001:addChannel = 1 1.0 101 2 -1",
        "9000002:new = Yres void 3 0 0 100.0 1. 80.0 120.0 0.",
        "9000002:isResonance = true",
        "9000002:addChannel = 1 0.5 101 2 -2",
        "9000002:addChannel = 1 0.5 101 1 -1",
        "34:oneChannel = 1 1.0 101 9000001 9000002",
    ),
}


@pytest.mark.parametrize("process", LITERAL, ids=lambda process: process.name)
def test_settings_on_which_made_samples_depend_stay_as_they_are(process: Process) -> None:
    assert process.lines(7) == (*FIRST, "Random:seed = 7", *LITERAL[process])


def test_a_process_is_changed_without_touching_the_first() -> None:
    before = QCD.lines(1)
    assert "PartonLevel:MPI = on" in with_mpi(QCD).lines(1)
    assert "PartonLevel:MPI = off" not in with_mpi(QCD).lines(1)
    narrow = with_window(QCD, 525.0, 725.0)
    assert narrow.name == "qcd-525-725"
    assert [line for line in narrow.settings if "pTHat" in line] == [
        "PhaseSpace:pTHatMin = 525.0",
        "PhaseSpace:pTHatMax = 725.0",
    ]
    assert not any("pTHatMax" in line for line in with_window(QCD, 525.0).settings)
    assert with_settings(QCD, [" SpaceShower:pTmaxMatch = 1 "]).settings[-1] == "SpaceShower:pTmaxMatch = 1"
    assert biased(QCD, 4.0, 1100.0).settings[-3:] == (
        "PhaseSpace:bias2Selection = on",
        "PhaseSpace:bias2SelectionPow = 4.0",
        "PhaseSpace:bias2SelectionRef = 1100.0",
    )
    assert QCD.lines(1) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: QCD.lines(0), "seed 0"),
        (lambda: with_window(QCD, 500.0, 400.0), "500.0 to 400.0"),
        (lambda: with_window(QCD, -1.0), "-1.0"),
        (lambda: with_window(QCD, float("nan")), "nan"),
        (lambda: with_window(QCD, 100.0, float("inf")), "inf"),
        (lambda: biased(QCD, 0.0, 1100.0), "power of the bias is 0.0"),
        (lambda: biased(QCD, 4.0, -1.0), "-1.0 GeV"),
        (lambda: with_settings(QCD, ["nonsense"]), "'nonsense'"),
        (lambda: with_settings(QCD, ["Random:seed = 3"]), "seed of the sample"),
        (lambda: with_settings(QCD, ["PartonLevel:MPI = on"]), "with_mpi"),
        (lambda: wprime(3500.0, 3000.0, 500.0), "3000.0 . 500.0"),
        (lambda: wprime3(3500.0, 0.0, 500.0), "lighter daughters"),
        (lambda: scalar_to_tops(340.0), "above 346 GeV"),
        (lambda: pseudoscalar_to_tops(1000.0, 0.0), "up to 200"),
        (lambda: higgs_pair(249.0), "above 250 GeV"),
        (lambda: semi_visible(invisible=1.1), "0 to 1"),
        (lambda: semi_visible(mass=500.0, dark=100.0), "ten times"),
        (lambda: semi_visible(dark=float("nan")), "nan"),
        (lambda: semi_visible(dark=20.0, scale=25.0), "from 4 to 20 GeV"),
        (lambda: process_named("wprim"), "Did you mean wprime"),
        (lambda: process_named("wprime", masss=3.0), "Did you mean mass"),
        (lambda: process_named("qcd", mass=3.0), "takes none"),
        (lambda: process_named("wprime", mass=20000.0), "Give 1000 to 9000 GeV"),
        (lambda: process_named("wprime", mass="heavy"), "'heavy'"),
        (lambda: process_named("hh4b", mass=float("nan")), "nan"),
    ],
)
def test_what_cannot_run_is_refused_with_a_remedy(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


@pytest.mark.parametrize("card", PROCESSES.values(), ids=PROCESSES)
def test_every_card_makes_its_process_and_says_what_it_is(card: Any) -> None:
    assert card.process() == card.make(**{p.name: p.default for p in card.parameters})
    assert card.summary and card.expect and card.citation.startswith("arXiv:")
    for parameter in card.parameters:
        assert parameter.low <= parameter.default <= parameter.high
        assert parameter.checked(parameter.low) == parameter.low


def test_numbers_are_floats_however_they_are_written() -> None:
    assert process_named("wprime", mass=3000, x="400") == wprime(3000.0, 400.0, 100.0)


@cache
def made(process: Process, events: int = 150) -> Any:
    """Events of Pythia with seed 1."""
    pytest.importorskip("pythia8mc")
    from strangeness.events.generation import pythia

    return pythia.generator(process, 1).nextBatch(events)


def masses(batch: Any, code: int) -> Any:
    """The masses of the particles of ``code`` as the hard process made them."""
    import awkward as ak

    prt = batch.prt
    return ak.to_numpy(ak.flatten(prt.m[(np.abs(prt.id) == code) & (np.abs(prt.status) == 22)]))


def products(batch: Any, code: int) -> list[tuple[int, ...]]:
    """The sorted absolute codes of the hard decay (status 23) of each particle of ``code``."""
    found = []
    for event in batch.prt:
        ids, mother = np.abs(np.asarray(event.id)), np.asarray(event.mother1)
        hard = np.flatnonzero(np.abs(np.asarray(event.status)) == 23)
        for parent in np.unique(mother[hard]):
            if ids[parent] == code:
                found.append(tuple(sorted(int(ids[i]) for i in hard if mother[i] == parent)))
    return found


@pytest.mark.parametrize(
    ("process", "code", "mass", "width", "decays"),
    [
        (wprime(), 9000001, 500.0, 2.0, {(1, 2)}),
        (wprime(), 9000002, 100.0, 1.0, {(1, 1), (2, 2)}),
        (wprime3(), 9000001, 500.0, 2.0, {(1, 2, 2)}),
        (wprime3(), 9000002, 100.0, 1.0, {(1, 1, 2)}),
        (higgs_pair(), 25, 125.0, 0.01, {(5, 5)}),
        (PROCESSES["hbb"].process(), 25, 125.0, 0.01, {(5, 5)}),
        (semi_visible(), 4900023, 3000.0, 30.0, {(4900101, 4900101)}),
        (Z_JETS, 23, 91.2, 2.5, {(11, 11), (13, 13)}),
        (QUARK, 23, 91.2, 2.5, {(12, 12), (14, 14), (16, 16)}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_resonance_has_its_mass_and_its_decays(
    process: Process, code: int, mass: float, width: float, decays: set[tuple[int, ...]]
) -> None:
    batch = made(process)
    # the median of 150 Breit-Wigner masses is off by 0.07 widths; parton densities pull it too
    assert np.median(masses(batch, code)) == pytest.approx(mass, abs=0.4 * width)
    found = products(batch, code)
    assert len(found) >= 150
    assert set(found) == decays


@pytest.mark.parametrize("process", [scalar_to_tops(), pseudoscalar_to_tops()], ids=lambda p: p.name)
def test_heavy_bosons_decay_to_two_hadronic_tops(process: Process) -> None:
    batch = made(process)
    code = 35 if process.name.startswith("h") else 36
    assert np.median(masses(batch, code)) == pytest.approx(1500.0, abs=6.0)  # 0.4 of its width
    tops = masses(batch, 6)
    assert len(tops) == 300
    assert np.median(tops) == pytest.approx(173.0, abs=1.0)  # 0.7 of its width
    assert all(set(pair) <= {1, 2, 3, 4, 5} for pair in products(batch, 24))
    assert len(products(batch, 24)) == 300


def test_the_pair_of_light_bosons_has_the_mass_of_the_heavy_one() -> None:
    assert np.median(masses(made(higgs_pair()), 35)) == pytest.approx(800.0, abs=2.0)  # 0.4 of its width


@pytest.mark.parametrize("invisible", [0.0, 0.3, 1.0])
def test_dark_mesons_decay_and_the_share_asked_for_is_unseen(invisible: float) -> None:
    import awkward as ak

    batch = made(semi_visible(invisible=invisible))
    code = np.abs(batch.prt.id)
    meson = (code > 4900110) & (code < 4900230)
    assert not ak.any(meson & (batch.prt.status > 0))
    number = int(ak.sum(meson))
    assert number > 5 * len(batch)
    unseen = int(ak.sum((code == 12) & meson[batch.prt.mother1])) / 2
    # binomial, four standard deviations
    assert unseen / number == pytest.approx(invisible, abs=4 * np.sqrt(invisible * (1 - invisible) / number))
    assert ak.to_numpy(ak.flatten(batch.prt.m[meson])) == pytest.approx(20.0, abs=0.01)


def test_a_bias_is_undone_by_the_weights() -> None:
    import awkward as ak

    pytest.importorskip("pythia8mc")
    process = with_window(DIJET, 900.0)
    plain, bent = made(process, 400), made(biased(process, 4.0, 1100.0), 400)
    weight = ak.to_numpy(bent.info.weights)[:, 0]
    low, high = (np.sqrt(ak.to_numpy(batch.info.pT2Hat)) for batch in (plain, bent))
    assert np.mean(high > 1100.0) > 2 * np.mean(low > 1100.0)
    # heavy quarks are weighted by their transverse mass: (5 / 900)^2 at most
    assert weight * (high / 1100.0) ** 4 == pytest.approx(1.0, rel=1e-4)
    above = np.sum(weight[high > 1100.0]) / np.sum(weight)
    error = np.sqrt(0.25 / 400 + np.sum(weight**2) / np.sum(weight) ** 2 / 4)  # both binomial, at most
    assert above == pytest.approx(np.mean(low > 1100.0), abs=3 * error)


def test_the_underlying_event_adds_particles() -> None:
    import awkward as ak

    off, on = (made(process, 50) for process in (QCD, with_mpi(QCD)))
    many = [float(ak.mean(ak.sum(batch.prt.status > 0, axis=1))) for batch in (off, on)]
    assert many[1] > 1.3 * many[0]
