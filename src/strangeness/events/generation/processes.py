"""The named hard processes, as lists of Pythia 8 settings."""

from __future__ import annotations

from dataclasses import dataclass

from strangeness.core.errors import InputError

COMMON = ("Print:quiet = on", "Next:numberCount = 0", "PartonLevel:MPI = off")
HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")


@dataclass(frozen=True)
class Process:
    """A hard process: its Pythia settings, and the boosted particle its jets must contain.

    ``settings`` are lines for ``Pythia.readString`` without the seed; ``target`` is the absolute PDG code of
    the parent to match jets to (6 top, 24 W) or None when every jet counts.
    """

    name: str
    settings: tuple[str, ...]
    target: int | None = None

    def lines(self, seed: int) -> tuple[str, ...]:
        """All settings of one generator, with its random seed (1 to 900,000,000)."""
        if not 1 <= seed <= 900_000_000:
            raise InputError(f"the Pythia seed {seed} is not in 1..900000000", "Choose a smaller seed.")
        return (*COMMON, "Random:setSeed = on", f"Random:seed = {seed}", *self.settings)


def _beams(energy: float, low: float, high: float | None = None) -> tuple[str, ...]:
    window = [f"Beams:eCM = {energy}", f"PhaseSpace:pTHatMin = {low}"]
    return tuple(window if high is None else [*window, f"PhaseSpace:pTHatMax = {high}"])


# one wide window for all three classes: a narrow one shapes the pT edges differently for each class
QCD = Process("qcd", (*_beams(14000.0, 450.0, 850.0), "HardQCD:all = on"))
TOP = Process(
    "top",
    (*_beams(14000.0, 450.0, 850.0), "Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W),
    target=6,
)
W = Process("w", (*_beams(14000.0, 450.0, 850.0), "WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W), target=24)
# 900 and not higher: jets above 1.2 TeV that come from below the window would be lost, the heavier ones first
DIJET = Process("dijet", (*_beams(13000.0, 900.0), "HardQCD:all = on"))


def wprime(mass: float = 3500.0, x: float = 500.0, y: float = 100.0) -> Process:
    """W' -> X Y, each to two quarks, at 13 TeV (the resonance of the LHC Olympics, arXiv:2101.08320).

    ``mass``, ``x`` and ``y`` are in GeV. X carries the charge, so that every decay conserves it.
    """
    if min(x, y) <= 0.0 or x + y >= mass:
        raise InputError(f"a W' of {mass} GeV cannot decay to {x} + {y} GeV", "Choose lighter daughters.")
    settings = (
        "Beams:eCM = 13000.0",
        "NewGaugeBoson:ffbar2Wprime = on",
        f"34:m0 = {mass}",
        "34:mWidth = 10.",
        f"34:mMin = {mass - 500.0}",
        f"34:mMax = {mass + 500.0}",
        "34:doForceWidth = on",
        f"9000001:new = Xres Xresbar 3 3 0 {x} 2. {0.9 * x} {1.1 * x} 0.",
        "9000001:isResonance = true",
        "9000001:addChannel = 1 1.0 101 2 -1",
        f"9000002:new = Yres void 3 0 0 {y} 1. {0.8 * y} {1.2 * y} 0.",
        "9000002:isResonance = true",
        "9000002:addChannel = 1 0.5 101 2 -2",
        "9000002:addChannel = 1 0.5 101 1 -1",
        "34:oneChannel = 1 1.0 101 9000001 9000002",
    )
    return Process(f"wprime-{mass:g}-{x:g}-{y:g}", settings)
