"""Collider data against its rivals: Pythia, FastJet, energyflow, POT and plain NumPy."""

from __future__ import annotations

from benchmarks import (
    events_energy_flow,
    events_generation,
    events_images,
    events_nsubjettiness,
    events_transport,
)

CASES = [
    *events_generation.CASES,
    *events_nsubjettiness.CASES,
    *events_energy_flow.CASES,
    *events_transport.CASES,
    *events_images.CASES,
]
