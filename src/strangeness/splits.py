"""Who trains, who calibrates, who checks, who is tested: roles by identity, never by order."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

import numpy as np

from strangeness.core.batch import Batch
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64, roles

REFERENCE_ROLES = ("train", "calibrate", "check")
FEWEST = {"train": 2, "train data": 2, "calibrate": 2, "check": 2, "test": 1}


def reference_roles(reference: Batch, shares: Mapping[str, float]) -> dict[str, Batch]:
    """The reference's roles ``train``, ``calibrate`` and ``check``.

    Raises:
        ConfigError: when the shares name other roles, or one of them is not a positive number.
    """
    if set(shares) != set(REFERENCE_ROLES) or not all(isfinite(s) and s > 0 for s in shares.values()):
        raise ConfigError(
            f"'shares' is {dict(shares)}", f"Give a positive number for each of {', '.join(REFERENCE_ROLES)}."
        )
    masks = roles(reference.id, shares, "reference roles")
    return {name: reference.take(mask) for name, mask in masks.items()}


def data_roles(data: Batch, *, trains: bool) -> dict[str, Batch]:
    """The roles of the data: ``train data`` and ``test``, half each, if the detector trains on it."""
    if not trains:
        return {"test": data}
    masks = roles(data.id, {"train data": 0.5, "test": 0.5}, "data roles")
    return {name: data.take(mask) for name, mask in masks.items()}


def sideband_roles(data: Batch, shares: Mapping[str, float], *, trains: bool) -> dict[str, Batch]:
    """Roles without a reference: half of the data is tested; of the other half, the events outside the region
    stand for the reference, and those inside are what a detector that needs data trains on."""
    masks = roles(data.id, {"train data": 0.5, "test": 0.5}, "data roles")
    first = data.take(masks["train data"])
    parts = reference_roles(first.take(~first.region).labelled(0), shares)
    if trains:
        parts["train data"] = first.take(first.region)
    return {**parts, "test": data.take(masks["test"])}


def inside_region(parts: Mapping[str, Batch]) -> dict[str, Batch]:
    """The roles with both training parts cut to the region, so that they are compared like with like."""
    return {
        name: part.take(part.region) if name.startswith("train") else part for name, part in parts.items()
    }


def refuse_empty(parts: Mapping[str, Batch]) -> None:
    """Raise an InputError when a role is left with too few events."""
    for name, part in parts.items():
        if len(part) < FEWEST[name]:
            raise InputError(
                f"{len(part)} events are left for the role '{name}'; it needs {FEWEST[name]} or more",
                "Give more events, or change the shares or the region.",
            )


def refuse_weights(batch: Batch, name: str, remedy: str) -> None:
    """Raise an InputError when the events of a sample do not all count the same."""
    if np.any(batch.weight != batch.weight[0]):
        low, high = np.min(batch.weight), np.max(batch.weight)
        raise InputError(f"the {name} carries weights from {low:g} to {high:g}", remedy)


def refuse_shared(data: Batch, reference: Batch) -> None:
    """Raise an InputError when events are in both samples: they would be tested against themselves."""
    shared = np.intersect1d(as_uint64(data.id), as_uint64(reference.id)).size
    if shared:
        raise InputError(
            f"{shared} events are in the data and in the reference", "Give a reference with other events."
        )
