"""Semi-visible jets: a shower of dark quarks whose mesons decay partly to nothing seen."""

from __future__ import annotations

import math

from strangeness.core.errors import InputError
from strangeness.events.generation.processes.base import Process

_SCALARS, _VECTORS = (4900111, 4900211, 4900221), (4900113, 4900213)
_THRESHOLDS = {1: 0.7, 2: 0.7, 3: 1.2, 4: 3.8, 5: 10.6}  # GeV a quark pair needs to become two hadrons


def semi_visible(
    mass: float = 3000.0, dark: float = 20.0, invisible: float = 0.3, scale: float = 10.0
) -> Process:
    """Z' -> two dark quarks that shower, form dark mesons, and decay back in part (arXiv:1503.00009).

    The invisible decays go to neutrinos, which every detector step leaves out. Dark scalars decay to the
    heaviest quarks they can, dark vectors to all alike (arXiv:2112.11125). Two dark colours, two flavours.

    Args:
        mass: of the Z' in GeV; its width is 1 %.
        dark: mass of all dark mesons in GeV.
        invisible: share of the dark mesons that decay to nothing seen, 0 to 1.
        scale: confinement scale of the dark force in GeV.

    Raises:
        InputError: for a share outside 0 to 1, a Z' too light for a shower of dark mesons, or a scale that is
            not 0.2 to 1 times the mass of the mesons.
    """
    if not 0.0 <= invisible <= 1.0:
        raise InputError(f"an invisible share of {invisible}", "Give a number from 0 to 1.")
    if not 1.5 <= dark < math.inf or mass < 10.0 * dark:
        raise InputError(
            f"dark mesons of {dark} GeV from a Z' of {mass} GeV",
            "Choose mesons of at least 1.5 GeV and a Z' of at least ten times their mass.",
        )
    if not 0.2 * dark <= scale <= dark:
        raise InputError(
            f"a dark scale of {scale} GeV with mesons of {dark} GeV",
            f"Choose a scale from {0.2 * dark:g} to {dark:g} GeV.",
        )
    settings = (*_portal(mass), *_force(dark, scale), *_decays(dark, invisible))
    return Process(f"svj-{mass:g}-{dark:g}-{invisible:g}", settings)


def _portal(mass: float) -> tuple[str, ...]:
    return (
        "Beams:eCM = 13000.0",
        "HiddenValley:ffbar2Zv = on",
        f"4900023:m0 = {mass}",
        f"4900023:mWidth = {0.01 * mass:g}",
        f"4900023:mMin = {0.8 * mass:g}",
        f"4900023:mMax = {1.2 * mass:g}",
        "4900023:doForceWidth = on",
        "4900023:onMode = off",  # its channels to quarks stay in the table: they make it
        "4900023:onIfAny = 4900101",
    )


def _force(dark: float, scale: float) -> tuple[str, ...]:
    return (
        "HiddenValley:Ngauge = 2",
        "HiddenValley:nFlav = 2",
        "HiddenValley:FSR = on",
        "HiddenValley:fragment = on",
        "HiddenValley:alphaOrder = 1",
        "HiddenValley:setLambda = on",  # off, the next line would change nothing
        f"HiddenValley:Lambda = {scale}",
        f"HiddenValley:pTminFSR = {1.1 * scale:g}",
        "HiddenValley:probVector = 0.75",
        f"4900101:m0 = {0.5 * dark}",
    )


def _decays(dark: float, invisible: float) -> tuple[str, ...]:
    quarks = [quark for quark, least in _THRESHOLDS.items() if dark > least]
    lines: list[str] = []
    for code in (*_SCALARS, *_VECTORS):
        chosen = quarks[-1:] if code in _SCALARS else quarks
        share = (1.0 - invisible) / len(chosen)
        lines += [f"{code}:m0 = {dark}", f"{code}:oneChannel = 1 {invisible} 0 12 -12"]
        lines += [f"{code}:addChannel = 1 {share:g} 91 {quark} {-quark}" for quark in chosen]
    return tuple(lines)
