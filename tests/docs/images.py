"""How sparse the images of the shipped jets are, as the code measures it."""

from __future__ import annotations

from functools import cache

import jax
import numpy as np

from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.methods.jet_tagging import shown_classes
from strangeness.representations import JetImages, sparsity
from tests.docs.markdown import table

JETS = 1000
"""Jets of a class: the error of a printed mean is below its last digit but one."""


def images() -> str:
    """One row a class and size: active pixels, and what the hardest hold."""
    head = ("class", "pixels", "active", "in the hardest", "in the 5 hardest", "in the 10 hardest")
    return table(head, [_row(name, pixels) for pixels in (40, 12) for name in _batches()])


@cache
def _batches() -> dict[str, object]:
    classes = shown_classes(read(verify("jets"), columns=["constituents"]))
    return {name: jets.without_truth().take(np.arange(JETS)).batch() for name, jets in classes.items()}


def _row(name: str, pixels: int) -> tuple[str, ...]:
    batch = _batches()[name]
    made = JetImages(pixels).fit_map([batch], key=jax.random.key(0))(batch).x  # type: ignore[arg-type]
    found = sparsity(made)
    shares = [found.active.mean(), *found.held.mean(axis=0)]
    return (name, f"{pixels} x {pixels}", *(f"{share:.1%}" for share in shares))


TABLES = {"image sparsity": images}
