"""A scan with a signal shape, as a search of the chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.null import poisson_pulls
from strangeness.search.result import SearchResult, Spectrum
from strangeness.search.shape_scan import ShapeResult, ShapeScan
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import log_p_from_z

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ShapeHunt:
    """A Gaussian signal at every mass over a dijet function, in the bins of a bump hunt.

    The hunt gives the bins, the background, the cut and the number of pseudo-experiments; its windows serve
    the validity checks, which look for anything in the spectrum and not for one shape.

    Attributes:
        hunt: a bump hunt whose background is a dijet function.
        relative_width: standard deviation of the signal over its mass.
    """

    hunt: BumpHunt
    relative_width: float = 0.03

    @property
    def alpha(self) -> float | None:
        """Cut on the per-event p-value."""
        return self.hunt.alpha

    def bin_edges(self) -> Array:
        """The edges (bins + 1,) in GeV."""
        return self.hunt.bin_edges()

    def scan(self) -> ShapeScan:
        """The scan over the masses.

        Raises:
            InputError: for a background that is not a dijet function.
        """
        if not isinstance(self.hunt.background, DijetFunction):
            raise InputError("a shape scan over a background that is not fitted", "Use a DijetFunction.")
        return ShapeScan(
            tuple(self.bin_edges().tolist()),
            relative_width=self.relative_width,
            background=self.hunt.background,
            n_pseudo=self.hunt.n_pseudo,
            stop_after=self.hunt.stop_after,
        )

    def run(
        self,
        context: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        selection_law: SelectionLaw | None = None,
        rng: np.random.Generator,
        progress: Callable[[int, int], None] | None = None,
    ) -> SearchResult:
        """Search the masses (n,) in GeV of the SELECTED events; arguments as ``BumpHunt.run``.

        Raises:
            InputError: as ``BumpHunt.run``, and for systematics, which a scan does not carry.
        """
        if self.hunt.systematics:
            raise InputError("a shape scan with systematics", "Use a bump hunt, which carries them.")
        edges = self.bin_edges()
        counts, scale = binned(context, edges, weight)
        found = self.scan().run_counts(counts, selection_law=selection_law, rng=rng)
        if progress is not None:
            progress(found.outcome.n_pseudo, self.hunt.n_pseudo)
        notes = (
            () if scale == 1.0 else (f"weighted events: counts are effective numbers, sum over {scale:.4g}",)
        )
        return _result(self, found, counts, selection_law, notes)


def _result(
    hunt: ShapeHunt, found: ShapeResult, counts: Array, law: SelectionLaw | None, notes: tuple[str, ...]
) -> SearchResult:
    edges, fitted = hunt.bin_edges(), found.fit.background.expected
    reach = found.mass * hunt.relative_width
    first = int(np.clip(np.searchsorted(edges, found.mass - reach, side="right") - 1, 0, counts.size - 1))
    last = int(np.clip(np.searchsorted(edges, found.mass + reach), first + 1, counts.size))
    root = float(found.fit.root[found.fit.best])
    signal = (
        f"the largest signal has {found.strength:.3g} +- {found.error:.2g} events at {found.mass:.0f} GeV"
    )
    looked = "the checks look at windows of the spectrum, not at one shape"
    return SearchResult.of_scan(
        "shape scan",
        Spectrum.of(edges, counts, fitted, poisson_pulls(counts, fitted)),
        slice(first, last),
        local_log_p=float(log_p_from_z(root)),
        local_z=root,
        outcome=found.outcome,
        law=law,
        alpha=hunt.alpha,
        assumptions=(signal, *found.assumptions, looked, *notes),
    )
