"""Bins of the context in which a score is calibrated, when none are asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SELECTED = 5
"""Calibration events that a cut should select in a bin; fewer leave its efficiency uncertain by over 45 %."""


def merged_edges(edges: ArrayLike, context: ArrayLike, enough: float) -> NDArray[np.float64]:
    """The bins of a search, neighbours merged until each holds ``enough`` events of the reference.

    Only the reference's context is looked at, never a score, so the calibration stays valid.

    Args:
        edges: (bins + 1,) of the search.
        context: (n,) of the reference.
        enough: events in each bin.
    """
    edges = np.asarray(edges, np.float64)
    counts = np.histogram(np.asarray(context), edges)[0]
    kept, held = [edges[0]], 0
    for edge, count in zip(edges[1:], counts, strict=True):
        held += int(count)
        if held >= enough:
            kept.append(edge)
            held = 0
    if kept[-1] == edges[-1]:
        return np.asarray(kept)
    # The last bins hold too few: they join the bin before them.
    return np.append(kept[:-1] if len(kept) > 1 else kept, edges[-1])
