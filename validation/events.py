"""Collider data against what they must satisfy: physics, detector, polynomials, and the pool of dijets."""

from __future__ import annotations

from validation import events_energy_flow, events_images, events_physics, events_pool, events_sinkhorn

CASES = [
    *events_physics.CASES,
    *events_pool.CASES,
    *events_images.CASES,
    *events_energy_flow.CASES,
    *events_sinkhorn.CASES,
]
