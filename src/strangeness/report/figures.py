"""The figures of a report, each from its part of the summary to inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.report.markup import Html
from strangeness.report.parts import CalibrationCurve
from strangeness.report.schema import Curve, Histogram
from strangeness.report.style import INK, MUTED, SERIES, WINDOW, as_svg, field_style, literal, new_figure
from strangeness.search.result import mass_unit

Array = NDArray[np.float64]
MOST_INSIDE = 5
"""Curves whose legend fits into the axes."""
MASSES = {"mjj": "m_{jj}", "mass": "m"}


def spectrum(
    histogram: Histogram, window: tuple[float, float] | None, context: str, name: str, title: str
) -> Html:
    """Counts with their fit, the pulls below, the window shaded; the axis in TeV, or GeV below 1 TeV."""
    scale, unit, _ = mass_unit(histogram.edges[-1])
    edges, counts = np.asarray(histogram.edges) / scale, np.asarray(histogram.counts)
    with field_style():
        figure = new_figure(4.4)
        if histogram.pulls:
            heights = {"height_ratios": [3, 1], "hspace": 0.06}
            top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw=heights)
            top.tick_params(labelbottom=False)
            _pulls(bottom, edges, np.asarray(histogram.pulls))
            axes = [top, bottom]
        else:
            axes = [figure.subplots()]
        _counts(axes[0], edges, counts, np.asarray(histogram.fitted))
        for axis in axes:
            if window is not None:
                axis.axvspan(window[0] / scale, window[1] / scale, color=WINDOW, alpha=0.35, lw=0, zorder=0)
        axes[0].legend(loc="upper right")
        axes[-1].set(xlim=(edges[0], edges[-1]), xlabel=f"{_symbol(context)} [{unit}]")
        return as_svg(figure, name, title)


def _counts(axis: Any, edges: Array, counts: Array, fitted: Array) -> None:
    """Points with the central 68 % interval of the Poisson mean (Garwood 1936), and the fit as a line."""
    low, high = _poisson_interval(counts)
    middle = 0.5 * (edges[1:] + edges[:-1])
    if fitted.size:
        axis.stairs(fitted, edges, color=SERIES[1], lw=1.7, baseline=None, label="smooth fit", zorder=2)
    axis.errorbar(
        middle, counts, [counts - low, high - counts], fmt="o", color=INK, lw=1, label="events", zorder=3
    )
    seen = counts[counts > 0]
    floor = 0.4 if not seen.size else 0.4 * min(seen.min(), fitted.min() if fitted.size else np.inf)
    _logarithmic(axis, "events in the bin", (max(floor, 0.2), 3 * max(counts.max(), 1.0)))


def _logarithmic(axis: Any, label: str, limits: tuple[float, float | None]) -> None:
    """A logarithmic axis whose ticks are plain numbers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set(yscale="log", ylabel=label, ylim=limits)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_formatter(NullFormatter())


def _poisson_interval(counts: Array) -> tuple[Array, Array]:
    from scipy.special import gammaincinv

    side = 0.158655
    low = np.where(counts > 0, gammaincinv(np.maximum(counts, 1e-9), side), 0.0)
    return low, gammaincinv(counts + 1, 1 - side)


def _pulls(axis: Any, edges: Array, pulls: Array) -> None:
    axis.stairs(pulls, edges, fill=True, color=SERIES[0], alpha=0.55)
    axis.stairs(pulls, edges, color=SERIES[0], lw=0.8)
    for level in (-2, 0, 2):
        axis.axhline(level, color=MUTED, lw=0.8, ls="-" if level == 0 else ":")
    reach = max(3.4, 1.15 * float(np.max(np.abs(pulls))))
    axis.set(ylim=(-reach, reach), ylabel="pull")


def calibration(curve: CalibrationCurve, name: str, title: str, *, ratio: bool = False) -> Html:
    """Share of p <= alpha over alpha with its bands, or that share over alpha; exact p-values are dotted."""
    from matplotlib.ticker import FuncFormatter

    alpha = np.asarray(curve.alpha)
    by, floor = alpha if ratio else np.ones(alpha.size), 0.3 / sum(curve.tested)
    with field_style():
        figure = new_figure(4.0)
        axis = figure.subplots()
        for low, high, opacity, label in _bands(curve):
            low, high = (np.asarray(edge) if ratio else np.maximum(edge, floor) for edge in (low, high))
            axis.fill_between(alpha, low / by, high / by, color=SERIES[0], alpha=opacity, lw=0, label=label)
        axis.plot(alpha, alpha / by, color=MUTED, ls=":", lw=1.2, label="exact")
        share = np.where(np.asarray(curve.share) > 0, curve.share, np.nan)
        axis.plot(alpha, share / by, color=INK, lw=1.6, label="held-out events")
        axis.set(xscale="log", xlim=(alpha[0], 1), xlabel=r"$\alpha$")
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        if ratio:
            axis.set(ylabel=r"share / $\alpha$", ylim=(0, max(2.0, 1.1 * float(np.nanmax(share / by)))))
        else:
            _logarithmic(axis, r"share with $p \leq \alpha$", (max(floor, 0.3 * alpha[0]), 1.3))
            axis.legend(loc="upper left")
        return as_svg(figure, name, title)


def _bands(curve: CalibrationCurve) -> tuple[tuple[list[float], list[float], float, str], ...]:
    return (curve.low95, curve.high95, 0.16, "95 %"), (curve.low, curve.high, 0.34, "68 %")


def rejection_curves(curves: Sequence[Curve], name: str, title: str) -> Html:
    """1 / eps_B over eps_S with seed bands, logarithmic; guessing dotted."""
    with field_style():
        figure, axis = _for_curves(len(curves))
        grid = np.linspace(0.01, 1, 100)
        axis.plot(grid, 1 / grid, color=MUTED, ls=":", lw=1.2, label="guessing")
        for style, curve in _styled(curves):
            _band(axis, curve, np.ones(len(curve.eps_s)), 1.0, style)
        axis.set(xlim=(0, 1), xlabel=r"signal efficiency $\varepsilon_S$")
        _logarithmic(axis, r"background rejection $1/\varepsilon_B$", (1, None))
        _legend(figure, axis, "upper right")
        return as_svg(figure, name, title)


def improvement_curves(curves: Sequence[Curve], name: str, title: str) -> Html:
    """eps_S / sqrt(eps_B) over eps_S with seed bands; 1 = no cut."""
    with field_style():
        figure, axis = _for_curves(len(curves))
        grid = np.linspace(0, 1, 100)
        axis.plot(grid, np.sqrt(grid), color=MUTED, ls=":", lw=1.2, label="guessing")
        for style, curve in _styled(curves):
            _band(axis, curve, np.asarray(curve.eps_s), 0.5, style)
        axis.set(xlim=(0, 1), xlabel=r"signal efficiency $\varepsilon_S$", ylim=(0, None))
        axis.set(ylabel=r"improvement $\varepsilon_S/\varepsilon_B^{1/2}$")
        _legend(figure, axis, "best")
        return as_svg(figure, name, title)


def _for_curves(n: int) -> tuple[Any, Any]:
    """A figure with its axes; many curves leave room for a legend below them."""
    below = 0.2 * ((n + 2) // 2) if n > MOST_INSIDE else 0.0
    figure = new_figure(4.0 + below)
    figure.subplots_adjust(bottom=(0.54 + below) / (4.0 + below))
    return figure, figure.subplots()


def _legend(figure: Any, axis: Any, inside: str) -> None:
    if len(axis.get_lines()) - 1 <= MOST_INSIDE:
        axis.legend(loc=inside)
        return
    figure.legend(
        loc="lower center", ncols=2, fontsize=9.5, labelspacing=0.25, borderpad=0.1, columnspacing=1.5
    )


def _styled(curves: Sequence[Curve]) -> list[tuple[dict[str, Any], Curve]]:
    """Detectors in full colour, controls dashed after them."""
    ordered = sorted(curves, key=lambda curve: curve.control)
    dashes = ("--", "-.", (0, (1, 1)), (0, (8, 1.5, 1, 1.5, 1, 1.5)))
    styled, controls = [], 0
    for index, curve in enumerate(ordered):
        if curve.control:
            style = {"color": MUTED, "ls": dashes[controls % len(dashes)], "lw": 1.3}
            controls += 1
        else:
            # Beyond the colours, lines tell detectors apart.
            line = ("-", (0, (6, 1.5)), (0, (6, 1.2, 1.2, 1.2)))[index // len(SERIES) % 3]
            style = {"color": SERIES[index % len(SERIES)], "ls": line}
        styled.append((style, curve))
    return styled


def _band(axis: Any, curve: Curve, factor: Array, power: float, style: dict[str, Any]) -> None:
    middle, low, high = (
        factor * np.array([np.nan if value is None else value for value in values]) ** power
        for values in (curve.rejection, curve.low, curve.high)
    )
    axis.plot(curve.eps_s, middle, label=literal(curve.name), **style)
    if len(curve.auc) > 1:
        axis.fill_between(
            curve.eps_s, low, high, color=style["color"], alpha=0.1 if curve.control else 0.2, lw=0
        )


def _symbol(context: str) -> str:
    return f"${MASSES[context]}$" if context in MASSES else literal(context)
