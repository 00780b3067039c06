"""Tensor networks against published orderings: MERA and its rivals, compressibility, chains and pruning."""

from __future__ import annotations

from validation import tensor_networks_compressibility, tensor_networks_mera, tensor_networks_mps

CASES = [
    *tensor_networks_mera.CASES,
    *tensor_networks_compressibility.CASES,
    *tensor_networks_mps.CASES,
]
