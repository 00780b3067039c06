"""Many jets of unequal length in flat arrays: what every function of this room takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Jets(NamedTuple):
    """Massless constituents of many jets, one after the other.

    ``pt`` (GeV), ``eta`` and ``phi`` (radians) have shape (constituents,); jet i owns the entries
    ``offsets[i]`` to ``offsets[i + 1]``, so ``offsets`` has shape (jets + 1,).
    """

    pt: Floats
    eta: Floats
    phi: Floats
    offsets: Ints

    @property
    def counts(self) -> Ints:
        """The number of constituents of each jet, shape (jets,)."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> Ints:
        """The jet of each constituent, shape (constituents,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def sums(self, values: NDArray[np.floating]) -> Floats:
        """The sum of ``values`` (constituents,) over each jet, shape (jets,)."""
        return np.bincount(self.owner, values, len(self.offsets) - 1).astype(np.float64)


def ragged(pt: object, eta: object, phi: object, counts: object) -> Jets:
    """Jets of flat columns and the number of constituents of each jet; constituents without pT are dropped.

    Raises:
        InputError: for lengths that do not fit, or values that are negative or not finite.
    """
    columns = [np.ascontiguousarray(values, dtype=np.float64) for values in (pt, eta, phi)]
    number = np.asarray(counts, dtype=np.int64)
    if number.ndim != 1 or (number < 0).any() or any(c.shape != (number.sum(),) for c in columns):
        shapes = [c.shape for c in columns]
        raise InputError(
            f"constituents of shapes {shapes} for {number.sum()} counted ones", "Give one count a jet."
        )
    for name, values in zip(("pt", "eta", "phi"), columns, strict=True):
        if not np.isfinite(values).all():
            raise InputError(f"constituents have a '{name}' that is not finite", "Remove these jets.")
    if (columns[0] < 0.0).any():
        raise InputError(f"a constituent has pt = {columns[0].min():g} GeV", "Give transverse momenta >= 0.")
    kept = columns[0] > 0.0
    owner = np.repeat(np.arange(len(number)), number)
    left = np.bincount(owner[kept], minlength=len(number))
    offsets = np.concatenate([[0], np.cumsum(left)]).astype(np.int64)
    return Jets(columns[0][kept], columns[1][kept], columns[2][kept], offsets)


def padded(x: NDArray[np.floating], mask: NDArray[np.bool_] | None = None) -> Jets:
    """Jets of an array (jets, particles, 3) of pt, eta, phi; entries without pT are no constituents.

    Raises:
        InputError: for another shape, or values that are not finite.
    """
    if x.ndim != 3 or x.shape[2] < 3:
        raise InputError(f"constituents have the shape {x.shape}", "Give (jets, particles, pt eta phi).")
    pt = x[..., 0] if mask is None else np.where(mask, x[..., 0], 0.0)
    counts = np.full(len(x), x.shape[1])
    return ragged(pt.reshape(-1), x[..., 1].reshape(-1), x[..., 2].reshape(-1), counts)
