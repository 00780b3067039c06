"""Small pictures made of characters: a histogram in one line, and a map in shades."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BARS = "▁▂▃▄▅▆▇█"
_SHADES = " ░▒▓█"
_DECADES = 3.0


def bars(counts: ArrayLike) -> str:
    """A histogram in one line; a space stands for an empty bin."""
    heights = np.asarray(counts, np.float64)
    if not heights.size or heights.max() <= 0:
        return " " * heights.size
    levels = np.ceil(heights / heights.max() * len(_BARS)).astype(int)
    return "".join(_BARS[level - 1] if level else " " for level in levels)


def shades(cells: NDArray[np.float64]) -> list[str]:
    """A map (rows, columns) in shades, the first row on top; each shade is a factor, over three decades."""
    if not cells.size or cells.max() <= 0:
        return [" " * row.size for row in cells]
    with np.errstate(divide="ignore"):
        depth = 1.0 + np.log10(cells / cells.max()) / _DECADES
    levels = np.clip(np.ceil(depth * (len(_SHADES) - 1)), 0, len(_SHADES) - 1).astype(int)
    return ["".join(_SHADES[level] for level in row) for row in levels]
