"""A falling spectrum with known parameters, for every test of the search."""

import numpy as np

from strangeness.search.background import geometric_edges

EDGES = geometric_edges(2700, 7000, 0.05)


def falling(total: float, edges: np.ndarray = EDGES) -> np.ndarray:
    """Expected counts (bins,) of f = (1 - x)^10 x^-6 at 13 TeV."""
    x = np.sqrt(edges[1:] * edges[:-1]) / 13000
    shape = np.diff(edges) * (1 - x) ** 10 * x**-6.0
    return total * shape / shape.sum()


def masses_of(counts: np.ndarray, edges: np.ndarray = EDGES) -> np.ndarray:
    """Masses at the bin centres that give these counts."""
    return np.repeat(np.sqrt(edges[1:] * edges[:-1]), counts.astype(int))
