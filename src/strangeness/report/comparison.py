"""The section that compares detectors on jets, both ways round."""

from __future__ import annotations

from collections.abc import Sequence

from strangeness.report import figures
from strangeness.report.markup import Content, Html, escaped, fixed, join, number, table, tag, whole
from strangeness.report.schema import Curve, JetRow, JetsSection
from strangeness.stats.metrics import seed_band

Direction = tuple[str, str]
EPS_S, EPS_B = Html("\u03b5<sub>S</sub>"), Html("\u03b5<sub>B</sub>")


def jets(section: JetsSection, name: str = "jets") -> Html:
    """Areas under the curve in every direction, rejection, size and time, and the curves."""
    directions = list(dict.fromkeys((row.trained_on, row.finds) for row in section.rows))
    parts = [
        tag("h2", "Jets"),
        *[tag("p", sentence) for sentence in section.said],
        _areas(section.rows, directions),
        *[_rejections(section.rows, directions, eps_s) for eps_s in _efficiencies(section.rows)],
        _costs(section.rows),
        *[_figures(section.rows, direction, f"{name}{index}") for index, direction in enumerate(directions)],
    ]
    return tag("section", join(parts), id=name)


def _areas(rows: Sequence[JetRow], directions: Sequence[Direction]) -> Html:
    caption = (
        "AUC, trained on one class and finding the other; median and central 68 % over "
        f"{_seeds(rows)}. 0.5 is guessing; where both directions of a pair sum to one, the score only "
        "measures how complex a jet is."
    )
    cells = {(row.detector, row.trained_on, row.finds): _band(row.auc, 3) for row in rows}
    return join([tag("h3", "Area under the curve"), _pivot(caption, rows, directions, cells)])


def _rejections(rows: Sequence[JetRow], directions: Sequence[Direction], eps_s: str) -> Html:
    caption = Html(
        f"Background rejection 1/{EPS_B} at {EPS_S} = {escaped(eps_s)}, median and central 68 %; a dash "
        "where fewer than 25 background jets remain."
    )
    cells = {
        (row.detector, row.trained_on, row.finds): _band(row.rejection.get(eps_s, []), 1) for row in rows
    }
    heading = tag("h3", "Rejection at ", EPS_S, f" = {eps_s}")
    return join([heading, _pivot(caption, rows, directions, cells)])


def _pivot(
    caption: Content,
    rows: Sequence[JetRow],
    directions: Sequence[Direction],
    cells: dict[tuple[str, str, str], Html],
) -> Html:
    header = ["Detector", *[f"{first} \u2192 {second}" for first, second in directions]]
    body: list[list[Content]] = []
    for row in _detectors(rows):
        body.append(
            [
                _name(row),
                *[cells.get((row.detector, *direction), Html("&ndash;")) for direction in directions],
            ]
        )
    return table(caption, header, body, classes="right")


def _costs(rows: Sequence[JetRow]) -> Html | None:
    first = [row for row in _detectors(rows) if row.parameters is not None or row.seconds is not None]
    if not first:
        return None
    body = [
        (_name(row), "\u2013" if row.parameters is None else whole(row.parameters), number(row.seconds, 2))
        for row in first
    ]
    caption = "What a detector costs: fitted numbers, and median wall time of a fit with its scoring."
    header = ("Detector", "Parameters", "Time [s]")
    return join([tag("h3", "Size and time"), table(caption, header, body, classes="right")])


def _figures(rows: Sequence[JetRow], direction: Direction, name: str) -> Html | None:
    curves: list[Curve] = [
        row.curve for row in rows if row.curve is not None and (row.trained_on, row.finds) == direction
    ]
    if not curves:
        return None
    label = f"{direction[0]} \u2192 {direction[1]}"
    drawn = [
        (
            figures.rejection_curves(curves, f"{name}-roc", f"Background rejection, {label}"),
            "background rejection",
        ),
        (figures.improvement_curves(curves, f"{name}-sic", f"Significance improvement, {label}"), "SIC"),
    ]
    both = [tag("figure", svg, tag("figcaption", f"{label}: {what}.")) for svg, what in drawn]
    return join(
        [tag("h3", f"Trained on {direction[0]}, finding {direction[1]}"), tag("div", *both, class_="figures")]
    )


def _detectors(rows: Sequence[JetRow]) -> list[JetRow]:
    """One row a detector, controls last."""
    first = {row.detector: row for row in reversed(rows)}
    ordered = [first[name] for name in dict.fromkeys(row.detector for row in rows)]
    return sorted(ordered, key=lambda row: row.control)


def _name(row: JetRow) -> Content:
    return join([row.detector, tag("span", " (control)", class_="note")]) if row.control else row.detector


def _efficiencies(rows: Sequence[JetRow]) -> list[str]:
    return sorted({eps_s for row in rows for eps_s in row.rejection})


def _seeds(rows: Sequence[JetRow]) -> str:
    most = max(len(row.auc) for row in rows)
    return "1 seed" if most == 1 else f"{most} seeds"


def _band(values: Sequence[float | None], decimals: int) -> Html:
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return Html("&ndash;")
    median, low, high = (float(value) for value in seed_band(known))
    if len(known) == 1:
        return fixed(median, decimals)
    return join(
        [fixed(median, decimals), tag("small", " ", fixed(low, decimals), "\u2013", fixed(high, decimals))]
    )
