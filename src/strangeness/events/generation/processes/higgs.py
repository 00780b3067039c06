"""Higgs bosons: heavy ones that decay to tops or to two light ones, and a boosted light one."""

from __future__ import annotations

from strangeness.core.errors import InputError
from strangeness.events.generation.processes.base import HADRONIC_W, Process, beams

TOP_MASS, HIGGS_MASS = 173.0, 125.0  # GeV, where a threshold has to be known; Pythia has its own
_TO_BOTTOMS = ("25:onMode = off", "25:onIfMatch = 5 -5")

# the window of the other classes of single jets; the Z is invisible
HIGGS_BB = Process(
    "hbb",
    (
        *beams(14000.0, 450.0, 850.0),
        "HiggsSM:ffbar2HZ = on",
        *_TO_BOTTOMS,
        "23:onMode = off",
        "23:onIfAny = 12 14 16",
    ),
    target=25,
)


def scalar_to_tops(mass: float = 1500.0, width: float = 15.0) -> Process:
    """A heavy scalar H -> t tbar, tops hadronic, at 13 TeV; ``mass`` and ``width`` in GeV.

    Only the resonance: without its interference with t tbar from QCD (arXiv:1511.05584).

    Raises:
        InputError: below the threshold of two tops, or for a width outside (0, mass / 5].
    """
    settings = (*_heavy(35, "gg2H2", mass, width, 2.0 * TOP_MASS), "35:onIfMatch = 6 -6", *HADRONIC_W)
    return Process(f"h-tt-{mass:g}", settings, target=6)


def pseudoscalar_to_tops(mass: float = 1500.0, width: float = 15.0) -> Process:
    """A heavy pseudoscalar A -> t tbar, else as ``scalar_to_tops``."""
    settings = (*_heavy(36, "gg2A3", mass, width, 2.0 * TOP_MASS), "36:onIfMatch = 6 -6", *HADRONIC_W)
    return Process(f"a-tt-{mass:g}", settings, target=6)


def higgs_pair(mass: float = 800.0, width: float = 5.0) -> Process:
    """A heavy scalar H -> h h -> 4b at 13 TeV; ``mass`` and ``width`` in GeV (as in arXiv:2202.07288).

    Raises:
        InputError: below the threshold of two Higgs bosons, or for a width outside (0, mass / 5].
    """
    lines = _heavy(35, "gg2H2", mass, width, 2.0 * HIGGS_MASS)
    return Process(f"hh4b-{mass:g}", (*lines, "35:onIfMatch = 25 25", *_TO_BOTTOMS), target=25, radius=0.4)


def _heavy(code: int, production: str, mass: float, width: float, threshold: float) -> tuple[str, ...]:
    if not threshold < mass < 13000.0:
        raise InputError(f"a resonance of {mass} GeV cannot decay", f"Choose a mass above {threshold:g} GeV.")
    if not 0.0 < width <= 0.2 * mass:
        raise InputError(
            f"a width of {width} GeV at {mass} GeV", f"Choose one above 0 and up to {0.2 * mass:g}."
        )
    return (
        "Beams:eCM = 13000.0",
        "Higgs:useBSM = on",
        f"HiggsBSM:{production} = on",
        f"{code}:m0 = {mass}",
        f"{code}:mWidth = {width}",
        f"{code}:doForceWidth = on",
        f"{code}:onMode = off",
    )
