"""Several counting regions at once, as a search of the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.result import SearchResult, Spectrum, over_local
from strangeness.search.systematics import Systematic
from strangeness.search.window_scan import Window, WindowScan, window_scan, windows_of
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import z_from_p

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CountingWindows:
    """The counts of p <= alpha in regions that were fixed before, with one global p-value.

    Exact where the regions share neither events nor a bin of the calibration, else a bound that holds however
    they depend (``window_scan``).

    Attributes:
        alpha: cut on the per-event p-value.
        regions: (lo, hi) of each in GeV, hi excluded.
    """

    alpha: float
    regions: tuple[tuple[float, float], ...]

    def run(
        self,
        p_values: ArrayLike,
        context: ArrayLike,
        *,
        selection_law: SelectionLaw,
        rng: np.random.Generator,
        weight: ArrayLike | None = None,
        systematics: Sequence[Systematic] = (),
    ) -> SearchResult:
        """Count the events of the whole sample that pass in each region.

        Args:
            p_values: conformal p-values (n,).
            context: (n,) in GeV.
            selection_law: the law of the efficiency of p <= alpha from the calibration.
            rng: breaks ties for ``global_p_randomised``.
            weight: refused where events count differently.
            systematics: refused.

        Raises:
            InputError: for no region, one without events, weights or systematics.
        """
        if not self.regions:
            raise InputError("a search without regions", "Give at least one (lo, hi) in GeV.")
        if weight is not None or systematics:
            what = "weighted data" if weight is not None else "systematics"
            raise InputError(
                f"{what} in several counting regions",
                "Use a counting experiment in one region, or a bump hunt.",
            )
        windows = windows_of(p_values, context, self.regions, alpha=self.alpha, selection_law=selection_law)
        scan = window_scan(windows, rng)
        return _result(self, scan, selection_law, _spectrum(self, p_values, context, selection_law))


def _result(search: CountingWindows, scan: WindowScan, law: SelectionLaw, spectrum: Spectrum) -> SearchResult:
    best: Window = scan.windows[scan.best]
    local = scan.local_p[scan.best]
    return SearchResult(
        kind="counting windows",
        local_p=local,
        local_log_p=float(np.log(max(local, 1e-300))),
        local_z=float(z_from_p(min(local, 1 - 1e-16))),
        window=(float(best.region[0]), float(best.region[1])),
        observed=float(best.observed),
        expected=best.expected,
        global_p=scan.global_p,
        global_p_randomised=float(np.clip(scan.global_p_randomised, 0.0, 1.0)),
        n_pseudo=0,
        n_extreme=0,
        global_z=scan.global_z,
        global_z_interval=(None, None),
        smallest_p=scan.smallest_p,
        trials_factor=over_local(scan.global_p, local),
        p_reach=tuple(float(value) for value in law.smallest_p),
        alpha=search.alpha,
        assumptions=(
            "events are exchangeable with the calibration sample under the null",
            "counts are beta-binomial: the calibration sample is finite and shared",
            f"{len(scan.windows)} regions, chosen without looking; global p-value {scan.method}",
            *(
                f"{w.region[0]:g} to {w.region[1]:g} GeV: {w.observed} events, {w.expected:.4g} expected, "
                f"local p = {p:.2g}"
                for w, p in zip(scan.windows, scan.local_p, strict=True)
            ),
        ),
        spectrum=spectrum,
    )


def _spectrum(
    search: CountingWindows, p_values: ArrayLike, context: ArrayLike, law: SelectionLaw
) -> Spectrum:
    """Selected events between all ends of the regions, what lies in none of them left at zero."""
    edges = np.unique(np.asarray(search.regions, np.float64))
    middle = 0.5 * (edges[1:] + edges[:-1])
    used = np.array([any(lo <= m < hi for lo, hi in search.regions) for m in middle])
    p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
    inside = (mass >= edges[0]) & (mass < edges[-1])
    p, mass = p[inside], mass[inside]
    where = np.searchsorted(edges, mass, side="right") - 1
    counts = np.where(used, np.bincount(where[p <= search.alpha], minlength=middle.size), 0.0)
    expected = np.where(used, np.bincount(where, law.mean[law.bin_of(mass)], middle.size), 0.0)
    pulls = (counts - expected) / np.sqrt(np.maximum(expected, 1.0))
    return Spectrum.of(edges, counts, expected, pulls)
