"""How much memory a simulation takes, said before it is tried."""

from __future__ import annotations

import os

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import Circuit

_COPIES = 3
"""States that a forward pass holds at once: before and after a gate, and what is being rearranged."""
_UNKNOWN = 2**36


def memory_needed(circuit: Circuit, batch: int, *, gradient: bool = False, double: bool = False) -> int:
    """Bytes that the state vectors of so many events take when they are simulated at once.

    Args:
        circuit: the circuit.
        batch: events at once.
        gradient: with reverse-mode differentiation, which keeps a state for each qubit of each layer.
        double: complex128 rather than complex64.
    """
    kept = _COPIES + gradient * len(circuit.layers) * (circuit.qubits + 1)
    return (16 if double else 8) * 2**circuit.qubits * batch * kept


def density_memory_needed(circuit: Circuit, batch: int, *, double: bool = False) -> int:
    """The same for density matrices."""
    return (16 if double else 8) * 4**circuit.qubits * batch * _COPIES


def refuse_too_large(circuit: Circuit, bytes_needed: int, limit: int | None = None) -> None:
    """Raise ``InputError`` when that many bytes are more than the limit, by default this machine's memory."""
    limit = _installed() if limit is None else limit
    if bytes_needed > limit:
        raise InputError(
            f"{circuit.qubits} qubits need {readable(bytes_needed)} and {readable(limit)} are there",
            "Take fewer qubits or smaller batches.",
        )


def readable(size: int) -> str:
    """Bytes with a binary prefix: "1.5 GiB"."""
    value, unit = float(size), 0
    while value >= 1024 and unit < 6:
        value, unit = value / 1024, unit + 1
    return f"{value:.3g} {('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB')[unit]}"


def _installed() -> int:
    """Bytes of memory of this machine, or 64 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN
