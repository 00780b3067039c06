"""Tensor networks against published orderings: MERA, its tree limit, dense rivals, compressibility."""

from __future__ import annotations

from validation import tensor_networks_compressibility, tensor_networks_mera

CASES = [*tensor_networks_mera.CASES, *tensor_networks_compressibility.CASES]
