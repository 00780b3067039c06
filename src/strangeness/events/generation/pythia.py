"""Batches of generated events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strangeness.core.errors import InputError, MissingDependency
from strangeness.events.generation.clustering import quiet
from strangeness.events.generation.processes import Process


@dataclass(frozen=True)
class EarlyVeto:
    """Events are given up half-way through the shower when no jet of theirs can pass a cut on the leading pT.

    When the shower has come down to ``scale`` (GeV), the partons are clustered (anti-kT, ``radius``); without
    a jet above ``pt`` (GeV) the event is dropped. What follows moves a jet by far less than the distance of
    ``pt`` to the cut, so the selected events are the same and come about twice as fast.
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
            raise InputError(f"Pythia refuses the setting '{line}'", "Check its spelling and value.")
    if hook is not None:
        pythia.setUserHooksPtr(hook)
    if not pythia.init():
        raise InputError(f"Pythia cannot start the process '{process.name}'", "Check its settings.")
    return pythia


def batches(
    process: Process, seed: int, events: int, size: int = 250, early: EarlyVeto | None = None
) -> Iterator[tuple[Any, int]]:
    """Yield awkward arrays of generated events, ``events`` in all, and how many were tried for each array.

    Each event has ``prt.{id, status, mother1, p.{px, py, pz, e}}`` and ``info.pT2Hat``; energies in GeV.
    """
    hook = _hook(early) if early else None
    pythia = generator(process, seed, hook)
    for start in range(0, events, size):
        before = hook.calls if hook else start
        batch = pythia.nextBatch(min(size, events - start))
        yield batch, (hook.calls if hook else start + len(batch)) - before


def _hook(early: EarlyVeto) -> Any:
    """``early`` as a Pythia hook that counts its calls, one an event.

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
            self.calls = 0

        def canVetoPT(self) -> bool:
            return True

        def scaleVetoPT(self) -> float:
            return early.scale

        def doVetoPT(self, _position: int, event: Any) -> bool:
            self.calls += 1
            jets.analyze(event)
            return jets.sizeJet() == 0 or jets.pT(0) < early.pt

    with quiet():
        # the first use prints a banner
        jets.analyze(pythia8mc.Event())
    return Hook()
