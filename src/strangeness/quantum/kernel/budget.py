"""How much memory a circuit needs, and what to keep when it is short."""

from __future__ import annotations

import os
from dataclasses import dataclass

from strangeness.core.errors import InputError
from strangeness.quantum.kernel.modes import RUN

MOST_QUBITS = 20
KEPT_PHASES = 11
"""Up to this many qubits the diagonals of all layers stay near enough to be worth keeping."""


@dataclass(frozen=True)
class Plan:
    """What is kept for a tile of events, and what that takes.

    Attributes:
        keep_states: the states of all layers; if not they are computed again on the way back, a third slower.
        keep_phases: the diagonals of all layers.
        bytes: scratch memory of one call on all threads together.
    """

    keep_states: bool
    keep_phases: bool
    bytes: int


def scratch_bytes(
    qubits: int,
    layers: int,
    rotations: int,
    *,
    lanes: int = 16,
    bits: int = 32,
    derive: bool = True,
    keep_states: bool = True,
    keep_phases: bool | None = None,
) -> int:
    """Scratch memory of one thread in bytes; it does not grow with the number of events.

    Args:
        qubits: n; one state of a tile takes 2^n complex numbers for each of ``lanes`` events.
        layers: L.
        rotations: G, gates for each qubit and layer.
        lanes: events of a tile.
        bits: of a number, 32 or 64.
        derive: whether derivatives are wanted, rather than expectations alone.
        keep_states: whether the states of all layers are kept.
        keep_phases: whether the diagonals of all layers are kept; by default up to ``KEPT_PHASES`` qubits.
    """
    n = max(qubits, 3)
    kept = (n <= KEPT_PHASES if keep_phases is None else keep_phases) and derive
    states = (layers if keep_states and derive else 2) + (2 if derive else 0) + (layers if kept else 0)
    halves = (4 << n // 2) + (4 << (n - n // 2)) + (1 << (n - 3))
    small = 5 * n + 6 * n * rotations + layers * n * (12 + 9 * rotations) + 2
    vectors = states * (2 << n) + halves + small + (0 if kept else 16 * RUN)
    return vectors * lanes * bits // 8


def plan(
    qubits: int, layers: int, rotations: int, lanes: int, bits: int, threads: int, limit: int | None
) -> Plan:
    """The fastest plan that fits.

    Args:
        qubits: n.
        layers: L.
        rotations: G.
        lanes: events of a tile.
        bits: of a number.
        threads: each has its own scratch memory.
        limit: bytes, by default half of the machine's memory.

    Raises:
        InputError: when not even the leanest plan fits.
    """
    if not 1 <= qubits <= MOST_QUBITS:
        raise InputError(f"a circuit of {qubits} qubits", f"Use 1 to {MOST_QUBITS}.")
    limit = machine_bytes() // 2 if limit is None else limit
    for keep in (True, False):
        kept = keep and qubits <= KEPT_PHASES
        sizes = {"lanes": lanes, "bits": bits, "keep_states": keep, "keep_phases": kept}
        needed = threads * scratch_bytes(qubits, layers, rotations, **sizes)
        if needed <= limit:
            return Plan(keep, kept, needed)
    raise InputError(
        f"{qubits} qubits in tiles of {lanes} events on {threads} threads need {needed / 1e6:.0f} MB of"
        f" {limit / 1e6:.0f} MB",
        "Use fewer qubits, lanes or threads.",
    )


def machine_bytes() -> int:
    """The machine's memory; 4 GB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 4 << 30
