"""Batches of generated events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from strangeness.core.errors import InputError, MissingDependency
from strangeness.events.generation.processes import Process


def generator(process: Process, seed: int) -> Any:
    """An initialised Pythia for ``process``; one per shard, so that a shard depends on its seed alone.

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
    if not pythia.init():
        raise InputError(f"Pythia cannot start the process '{process.name}'", "Check its settings.")
    return pythia


def batches(process: Process, seed: int, events: int, size: int = 250) -> Iterator[Any]:
    """Yield awkward arrays of generated events, ``events`` in all, at most ``size`` at a time.

    Each event has ``prt.{id, status, mother1, p.{px, py, pz, e}}``; energies in GeV.
    """
    pythia = generator(process, seed)
    for start in range(0, events, size):
        yield pythia.nextBatch(min(size, events - start))
