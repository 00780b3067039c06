"""New resonances that decay to jets."""

from __future__ import annotations

from strangeness.core.errors import InputError
from strangeness.events.generation.processes.base import Process


def wprime(mass: float = 3500.0, x: float = 500.0, y: float = 100.0) -> Process:
    """W' -> X Y, each to two quarks, at 13 TeV (the resonance of the LHC Olympics, arXiv:2101.08320).

    ``mass``, ``x`` and ``y`` are in GeV. X carries the charge, so that every decay conserves it.
    """
    settings = (
        *_wprime_lines(mass, x, y),
        f"9000001:new = Xres Xresbar 3 3 0 {x} 2. {0.9 * x} {1.1 * x} 0.",
        "9000001:isResonance = true",
        "9000001:addChannel = 1 1.0 101 2 -1",
        f"9000002:new = Yres void 3 0 0 {y} 1. {0.8 * y} {1.2 * y} 0.",
        "9000002:isResonance = true",
        "9000002:addChannel = 1 0.5 101 2 -2",
        "9000002:addChannel = 1 0.5 101 1 -1",
        "34:oneChannel = 1 1.0 101 9000001 9000002",
    )
    return Process(f"wprime-{mass:g}-{x:g}-{y:g}", settings, radius=1.0)


def wprime3(mass: float = 3500.0, x: float = 500.0, y: float = 100.0) -> Process:
    """W' -> X Y, each to three quarks, at 13 TeV (as the second signal of arXiv:2101.08320).

    ``mass``, ``x`` and ``y`` are in GeV. X -> u u d and Y -> u d d or its conjugate: colour closes in a
    junction, baryon number is broken. Their decays are flat in phase space.
    """
    settings = (
        *_wprime_lines(mass, x, y),
        f"9000001:new = Xres Xresbar 2 3 0 {x} 2. {0.9 * x} {1.1 * x} 0.",
        "9000001:isResonance = true",
        "9000001:addChannel = 1 1.0 101 2 2 1",
        f"9000002:new = Yres void 2 0 0 {y} 1. {0.8 * y} {1.2 * y} 0.",
        "9000002:isResonance = true",
        "9000002:addChannel = 1 0.5 101 2 1 1",
        "9000002:addChannel = 1 0.5 101 -2 -1 -1",
        "34:oneChannel = 1 1.0 101 9000001 9000002",
    )
    return Process(f"wprime3-{mass:g}-{x:g}-{y:g}", settings, radius=1.0)


def _wprime_lines(mass: float, x: float, y: float) -> tuple[str, ...]:
    if min(x, y) <= 0.0 or x + y >= mass:
        raise InputError(f"a W' of {mass} GeV cannot decay to {x} + {y} GeV", "Choose lighter daughters.")
    return (
        "Beams:eCM = 13000.0",
        "NewGaugeBoson:ffbar2Wprime = on",
        f"34:m0 = {mass}",
        "34:mWidth = 10.",
        f"34:mMin = {mass - 500.0}",
        f"34:mMax = {mass + 500.0}",
        "34:doForceWidth = on",
    )
