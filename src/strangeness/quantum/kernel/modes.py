"""Numbers that the compiled code and its callers share."""

from __future__ import annotations

VALUE, VECTOR, CHAIN, INPUTS = 1, 2, 4, 8
"""What is wanted, as bits: expectations, derivatives by generators, by parameters, by features."""

QUBITS, LAYERS, ROTATIONS, EVENTS, FIRST, LAST, MODE, STATES, PHASES, ENTANGLERS, SIGNED = range(11)
"""The places of the sizes in the first array of a call."""

RUN = 16
"""Amplitudes of each eighth of a state that share a piece of the diagonal when it is not kept."""

ALIGNMENT = 64
"""Of scratch memory, in bytes: the widest register."""

ARGUMENTS, RESULTS = 9, 5
"""Arrays that a call reads and writes."""
XLA_VERSION = 0, 3
"""The version of XLA's interface for foreign functions whose call frame ``entries.handler`` reads."""
