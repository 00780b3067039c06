"""Tensor networks against published orderings: MERA, compressibility, chains and pruning, circuits."""

from __future__ import annotations

from validation import (
    tensor_networks_circuits,
    tensor_networks_compressibility,
    tensor_networks_landscape,
    tensor_networks_mera,
    tensor_networks_mps,
)

CASES = [
    *tensor_networks_mera.CASES,
    *tensor_networks_compressibility.CASES,
    *tensor_networks_mps.CASES,
    *tensor_networks_circuits.CASES,
    *tensor_networks_landscape.CASES,
]
