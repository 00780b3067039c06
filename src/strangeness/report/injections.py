"""The section of an injection study: significance over strength, and what contamination costs."""

from __future__ import annotations

import numpy as np

from strangeness.methods.injection import InjectionCurve
from strangeness.report import sections
from strangeness.report.markup import Content, Html, fixed, join, number, percent, table, tag
from strangeness.report.schema import InjectionPart, InjectionSection
from strangeness.report.style import INK, MUTED, SERIES, as_svg, field_style, new_figure

_Z = 3.0
_LINES = ("-", "--", "-.", ":")


def injection(section: InjectionSection, name: str, *, titled: bool) -> Html:
    """One study as a section of the page; ``name`` makes its ids."""
    pictures = [
        sections.drawn(significance(section, f"{name}-z"), "Median and central 68 % of the repetitions.")
    ]
    if len(section.curves) > 1:
        caption = "The smallest strength with 3 sigma in half of the cases."
        pictures.append(sections.drawn(reach(section, f"{name}-reach"), caption))
    parts: list[Content] = [
        tag("h2", section.name) if titled else None,
        *[tag("p", sentence) for sentence in section.said],
        tag("div", *pictures, class_="figures"),
        *[_numbers(curve) for curve in section.curves],
    ]
    return tag("section", join(parts), id=name)


def significance(section: InjectionSection, name: str) -> Html:
    """Global significance over the injected strength, a line for each contamination, 3 sigma dotted."""
    with field_style():
        figure = new_figure(4.0)
        axis = figure.subplots()
        for index, curve in enumerate(section.curves):
            colour, line = SERIES[index % len(SERIES)], _LINES[index % len(_LINES)]
            x = np.asarray(curve.strengths)
            order = np.argsort(x)
            low, median, high = (np.asarray(v)[order] for v in (curve.low, curve.median, curve.high))
            label = f"{100 * curve.contamination:g} % contamination"
            axis.fill_between(x[order], low, high, color=colour, alpha=0.18, lw=0)
            axis.plot(x[order], median, color=colour, ls=line, marker="o", ms=3.5, label=label)
        axis.axhline(_Z, color=MUTED, lw=1, ls=":")
        if section.largest_z is not None:
            axis.axhline(section.largest_z, color=INK, lw=0.8, ls=(0, (1, 2)), label="largest in reach")
        axis.set(xlabel="injected signal events (expected)", ylabel=r"global significance [$\sigma$]")
        axis.set(ylim=(0, None), xlim=(0, None))
        axis.legend(loc="upper left")
        return as_svg(figure, name, "Global significance over the number of injected signal events")


def reach(section: InjectionSection, name: str) -> Html:
    """The strength that is needed over the contamination; gaps where none of the tested ones suffices."""
    with field_style():
        figure = new_figure(4.0)
        axis = figure.subplots()
        x = [100 * curve.contamination for curve in section.curves]
        y = [np.nan if curve.reach is None else curve.reach for curve in section.curves]
        axis.plot(x, y, color=SERIES[0], marker="o", ms=4)
        axis.set(xlabel="signal in the reference [%]", ylabel=r"signal events for 3 $\sigma$ (expected)")
        axis.set(ylim=(0, None))
        return as_svg(figure, name, "Signal events that are needed over the contamination of the reference")


def _numbers(curve: InjectionPart) -> Html:
    needed = "none of these strengths" if curve.reach is None else f"{curve.reach:.3g} events"
    said = (
        f"Contamination {100 * curve.contamination:g} %: 3 sigma in half of {curve.repetitions} repetitions "
        f"with {needed}."
    )
    rows = [
        (
            number(curve.strengths[i], 4),
            fixed(curve.median[i]),
            join([fixed(curve.low[i]), " to ", fixed(curve.high[i])]),
            percent(curve.found[i]),
        )
        for i in range(len(curve.strengths))
    ]
    return table(said, ("Injected events", "Median Z", "68 %", "3 sigma or more"), rows, classes="right")


def injection_part(curve: InjectionCurve) -> InjectionPart:
    """A curve for the page."""
    median, low, high = curve.band()
    rows = [trial for row in curve.trials for trial in row]
    return InjectionPart(
        contamination=curve.contamination,
        strengths=list(curve.strengths),
        median=median.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        found=curve.found().tolist(),
        reach=curve.reach(),
        repetitions=len(curve.trials[0]),
        failed=sum(bool(trial.failed) for trial in rows),
    )
