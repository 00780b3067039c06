"""Figures of pixels and particles: average images, reconstruction errors, event displays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.report.markup import Html
from strangeness.report.parts import EventDisplay, Picture
from strangeness.report.style import MUTED, SERIES, as_svg, field_style, literal, new_figure

Array = NDArray[np.float64]
COLOURS = "viridis"
"""Its own dark ground makes it read the same on a light page, a dark one and grey paper."""
DECADES = 4
REACH = 0.88
"""Half-width of a display, more where a particle lies outside, so that displays can be compared."""
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
HALF = 0.5
"""The outlined pixels hold this share of the error."""


def average(picture: Picture, largest: float, quantity: str, name: str, title: str) -> Html:
    """Mean intensity on a logarithmic scale that ends at ``largest``, the same for all of a set."""
    from matplotlib.colors import LogNorm

    scale = LogNorm(largest * 10.0**-DECADES, largest) if largest > 0 else None
    with field_style():
        figure, axis = _square()
        drawn = _pixels(axis, picture, scale)
        bar = figure.colorbar(drawn, ax=axis, fraction=0.05, pad=0.03)
        bar.set_label(literal(quantity))
        return as_svg(figure, name, title)


def error(image: Picture | None, errors: Picture, name: str, title: str) -> Html:
    """The image, or the error where there is none; outlined: the worst pixels, which hold half the error."""
    from matplotlib.colors import PowerNorm

    with field_style():
        figure, axis = _square()
        shown = errors if image is None else image
        drawn = _pixels(axis, shown, PowerNorm(0.5))
        bar = figure.colorbar(drawn, ax=axis, fraction=0.05, pad=0.03)
        bar.set_label("error" if image is None else "intensity")
        _outline(axis, worst(errors), errors.half_width)
        return as_svg(figure, name, title)


def worst(errors: Picture) -> NDArray[np.bool_]:
    """The fewest pixels (height, width) that hold half of the error."""
    values = np.maximum(np.asarray(errors.values), 0.0)
    order = np.argsort(-values, axis=None, kind="stable")
    held = np.cumsum(values.ravel()[order])
    chosen = np.zeros(values.size, bool)
    if held[-1] > 0:
        chosen[order[: int(np.searchsorted(held, HALF * held[-1])) + 1]] = True
    return chosen.reshape(values.shape)


def particles(display: EventDisplay, name: str, title: str) -> Html:
    """The particles as dots whose area is their pT."""
    pt, eta, phi = (np.asarray(values) for values in (display.pt, display.eta, display.phi))
    with field_style():
        figure, axis = _square(with_bar=False)
        reach = max(REACH, 1.08 * float(np.max(np.abs([eta, phi]), initial=0.0)))
        axis.axhline(0, color=MUTED, lw=0.6, ls=":")
        axis.axvline(0, color=MUTED, lw=0.6, ls=":")
        for size, chosen in _sizes(pt):
            style = {"ls": "", "marker": "o", "ms": size, "color": SERIES[0], "alpha": 0.45, "mec": SERIES[0]}
            axis.plot(eta[chosen], phi[chosen], mew=0.8, **style)
        _axes(axis, reach)
        return as_svg(figure, name, title)


def _sizes(pt: Array) -> list[tuple[float, NDArray[np.bool_]]]:
    """Diameters in points, in steps that keep the page small, large dots first."""
    diameter = np.round(np.maximum(24 * np.sqrt(pt / pt.max()), 1.5) * 2) / 2 if pt.size else pt
    return [(float(size), diameter == size) for size in np.unique(diameter)[::-1]]


def _square(*, with_bar: bool = True) -> tuple[Any, Any]:
    figure = new_figure(3.9 if with_bar else 4.5)
    figure.subplots_adjust(left=0.14, right=0.84 if with_bar else 0.97, bottom=0.13, top=0.97)
    return figure, figure.subplots()


def _axes(axis: Any, reach: float) -> None:
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel=r"$\Delta\eta$", ylabel=r"$\Delta\phi$")
    axis.set(xticks=_ticks(reach), yticks=_ticks(reach), aspect="equal")
    axis.minorticks_off()


def _ticks(reach: float) -> Array:
    """The same ticks along both axes, zero among them."""
    step = max((s for s in _STEPS if s <= reach / 2), default=reach)
    return np.arange(-np.floor(reach / step), np.floor(reach / step) + 1) * step


def _pixels(axis: Any, picture: Picture, scale: Any) -> Any:
    """Pixels as a small bitmap, one byte a colour; what is below the scale takes its lowest colour."""
    import matplotlib

    values, reach = np.asarray(picture.values), picture.half_width
    values = values if scale is None or scale.vmin is None else np.maximum(values, scale.vmin)
    drawn = axis.imshow(
        values,
        cmap=matplotlib.colormaps[COLOURS],
        norm=scale,
        origin="lower",
        extent=(-reach, reach, -reach, reach),
        interpolation="none",
    )
    _axes(axis, reach)
    axis.tick_params(color="white", which="both")
    return drawn


def _outline(axis: Any, chosen: NDArray[np.bool_], reach: float) -> None:
    """The edges between chosen pixels and others, white on black so that they show on every colour."""
    segments = _edges(chosen, reach)
    for colour, width in (("black", 3.0), ("white", 1.4)):
        for x, y in segments:
            axis.plot(x, y, color=colour, lw=width, solid_capstyle="round", clip_on=False)


def _edges(chosen: NDArray[np.bool_], reach: float) -> Sequence[tuple[list[float], list[float]]]:
    """One broken line for all upright edges and one for all level ones."""
    height, width = chosen.shape
    framed = np.pad(chosen, 1)
    x, y = np.linspace(-reach, reach, width + 1), np.linspace(-reach, reach, height + 1)
    level, upright = ([], []), ([], [])
    for row, column in np.argwhere(framed[1:, 1:-1] != framed[:-1, 1:-1]):
        level[0].extend([x[column], x[column + 1], np.nan])
        level[1].extend([y[row], y[row], np.nan])
    for row, column in np.argwhere(framed[1:-1, 1:] != framed[1:-1, :-1]):
        upright[0].extend([x[column], x[column], np.nan])
        upright[1].extend([y[row], y[row + 1], np.nan])
    return [level, upright]
