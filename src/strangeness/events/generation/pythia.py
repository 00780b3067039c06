"""Batches of generated events."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strangeness.core.errors import InputError, MissingDependency
from strangeness.events.generation.clustering import quiet
from strangeness.events.generation.processes import Process

PATIENCE = 2000
"""Events after which a veto that lets none pass is given up."""


@dataclass(frozen=True)
class EarlyVeto:
    """Events are given up half-way through the shower when no jet of theirs can pass a cut on the leading pT.

    When the shower has come down to ``scale`` (GeV), the partons are clustered (anti-kT, ``radius``); without
    a jet above ``pt`` (GeV) the event is dropped. What follows moves a jet by less than the distance of
    ``pt`` to the cut, so the selected events are the same and come about twice as fast. ``radius`` is wider
    than that of the jets: two cores a radius apart may still merge, and the heaviest jets would be lost.
    """

    pt: float
    scale: float = 50.0
    radius: float = 1.0


def generator(process: Process, seed: int, hook: Any = None) -> Any:
    """An initialised Pythia for ``process``; one per shard, so that a shard depends on its seed alone.

    ``hook`` is a Pythia ``UserHooks``, or None.

    Raises:
        MissingDependency: without pythia8mc.
        InputError: when Pythia refuses a setting.
    """
    try:
        import pythia8mc
    except ImportError as error:
        raise MissingDependency("pythia8mc", "generate") from error
    pythia = pythia8mc.Pythia("", False)
    for line in process.lines(seed):
        if not pythia.readString(line):
            raise InputError(f"Pythia refuses the setting '{line}'", _nearest_setting(pythia, line))
    if hook is not None:
        pythia.setUserHooksPtr(hook)
    if not pythia.init():
        raise InputError(f"Pythia cannot start the process '{process.name}'", "Check its settings.")
    return pythia


def _nearest_setting(pythia: Any, line: str) -> str:
    """A sentence that offers the names of Pythia's settings closest to that of ``line``."""
    name, found = line.partition("=")[0].strip(), pythia.settings
    maps = (found.getFlagMap, found.getModeMap, found.getParmMap, found.getWordMap)
    spelt = {key: value.name for known in maps for key, value in known("").items()}
    close = difflib.get_close_matches(name.lower(), spelt, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(spelt[key] for key in close)}? Check the value, too."
    return "See the index of Pythia's settings."


def batches(
    process: Process, seed: int, events: int, size: int = 250, early: EarlyVeto | None = None
) -> Iterator[tuple[Any, int]]:
    """Yield awkward arrays of generated events, ``events`` in all, and how many were tried for each array.

    Each event has ``prt.{id, status, mother1, p.{px, py, pz, e}}`` and ``info.{pT2Hat, weights}``; in GeV.

    Raises:
        MissingDependency, InputError: as ``generator``, and where ``early`` lets no event pass.
    """
    hook: Any = hook_of(early) if early else None
    pythia = generator(process, seed, hook)
    for start in range(0, events, size):
        before = hook.calls if hook else start
        batch = pythia.nextBatch(min(size, events - start))
        if early and hook.hopeless:
            raise InputError(
                f"none of {hook.calls} events of '{process.name}' has partons of {early.pt:g} GeV in a cone",
                "Choose a pTHat window that reaches the cuts, or wider cuts.",
            )
        yield batch, (hook.calls if hook else start + len(batch)) - before


def hook_of(early: EarlyVeto) -> Any:
    """``early`` as a Pythia hook: ``calls`` counts events, ``stage`` is the pT of the last one (GeV).

    Raises:
        MissingDependency: without pythia8mc.
    """
    try:
        import pythia8mc
    except ImportError as error:
        raise MissingDependency("pythia8mc", "generate") from error

    jets = pythia8mc.SlowJet(-1, early.radius, 0.5 * early.pt, 10.0, 1, 1)

    class Hook(pythia8mc.UserHooks):  # type: ignore[misc]
        def __init__(self) -> None:
            pythia8mc.UserHooks.__init__(self)
            self.calls, self.passed, self.stage, self.hopeless = 0, 0, 0.0, False

        def canVetoPT(self) -> bool:
            return True

        def scaleVetoPT(self) -> float:
            return early.scale

        def doVetoPT(self, _position: int, event: Any) -> bool:
            self.calls += 1
            jets.analyze(event)
            self.stage = jets.pT(0) if jets.sizeJet() else 0.0
            passes = self.stage >= early.pt
            self.passed += passes
            # Pythia would look for an event that passes for ever
            self.hopeless |= self.calls >= PATIENCE and self.passed == 0
            return not (passes or self.hopeless)

    with quiet():
        # the first use prints a banner
        jets.analyze(pythia8mc.Event())
    return Hook()
