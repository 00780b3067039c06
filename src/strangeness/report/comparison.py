"""The section that compares detectors, each trained on one class and finding another."""

from __future__ import annotations

from collections.abc import Sequence

from strangeness.report import figures, sections
from strangeness.report.markup import Content, Html, escaped, fixed, join, table, tag
from strangeness.report.matrix import BiasMatrix, bias_matrix, matrix_figure
from strangeness.report.parts import Cost
from strangeness.report.schema import ComparisonRow, ComparisonSection, Curve
from strangeness.stats.metrics import seed_band

Direction = tuple[str, str]
EPS_S, EPS_B = Html("\u03b5<sub>S</sub>"), Html("\u03b5<sub>B</sub>")


def comparison(section: ComparisonSection, name: str = "jets") -> Html:
    """Areas under the curve in every direction, rejection, improvement, size and time, and the curves."""
    rows = section.rows
    directions = list(dict.fromkeys((row.trained_on, row.finds) for row in rows))
    parts = [
        tag("h2", section.name),
        *[tag("p", sentence) for sentence in section.said],
        _bias(bias_matrix(rows), name),
        _areas(rows, directions),
        _improvements(rows, directions),
        *[_rejections(rows, directions, eps_s) for eps_s in _efficiencies(rows)],
        sections.costs([_cost(row) for row in _detectors(rows)]),
        *[_figures(rows, direction, f"{name}{index}") for index, direction in enumerate(directions)],
        sections.images(section.images, name) if section.images is not None else None,
        sections.displays(section.displays, name),
    ]
    return tag("section", join(parts), id=name)


def _bias(matrix: BiasMatrix, name: str) -> Html | None:
    """The complexity-bias matrix, and the same numbers as a table."""
    if not matrix.pairs:
        return None
    said = (
        "Median area under the curve, trained on A and finding B (A \u2192 B) and the other way round; "
        "orange above 0.5, blue below. A score that only orders events by complexity finds the complex class "
        "among simple ones and fails in reverse, so the two sum to 1; one that finds both sums to more."
    )
    pairs = "; ".join(f"{first} and {second}" for first, second in matrix.pairs)
    title = (
        f"Complexity-bias matrix of {len(matrix.detectors)} detectors, {pairs}; its numbers follow as a table"
    )
    svg = matrix_figure(matrix, f"{name}-matrix", title)
    heading = tag("h3", "Complexity-bias matrix")
    return join([heading, tag("p", said, class_="note"), tag("figure", svg), _sums(matrix)])


def _sums(matrix: BiasMatrix) -> Html:
    header: list[Content] = ["Detector"]
    for first, second in matrix.pairs:
        header += [f"{first} \u2192 {second}", f"{second} \u2192 {first}", "Sum"]
    rows = []
    for detector, control in zip(matrix.detectors, matrix.controls, strict=True):
        cells: list[Content] = [sections.labelled(detector, control)]
        for pair in matrix.pairs:
            values = (
                matrix.area(detector, *pair),
                matrix.area(detector, *pair[::-1]),
                matrix.both(detector, pair),
            )
            cells += [fixed(value, 3) for value in values]
        rows.append(cells)
    shown = table(
        "Median area under the curve in both directions, and their sum.", header, rows, classes="right"
    )
    return tag("details", tag("summary", "The matrix in numbers"), shown)


def _areas(rows: Sequence[ComparisonRow], directions: Sequence[Direction]) -> Html:
    caption = (
        "AUC, trained on one class and finding the other; median and central 68 % over "
        f"{_seeds(rows)}. 0.5 is guessing; where both directions of a pair sum to one, the score only "
        "measures how complex a jet is."
    )
    cells = {(row.detector, row.trained_on, row.finds): _band(row.auc, 3) for row in rows}
    return join([tag("h3", "Area under the curve"), _pivot(caption, rows, directions, cells)])


def _rejections(rows: Sequence[ComparisonRow], directions: Sequence[Direction], eps_s: str) -> Html:
    caption = Html(
        f"Background rejection 1/{EPS_B} at {EPS_S} = {escaped(eps_s)}, median and central 68 %; a dash "
        "where fewer than 25 background events remain."
    )
    cells = {
        (row.detector, row.trained_on, row.finds): _band(row.rejection.get(eps_s, []), 1) for row in rows
    }
    heading = tag("h3", "Rejection at ", EPS_S, f" = {eps_s}")
    return join([heading, _pivot(caption, rows, directions, cells)])


def _pivot(
    caption: Content,
    rows: Sequence[ComparisonRow],
    directions: Sequence[Direction],
    cells: dict[tuple[str, str, str], Html],
) -> Html:
    header = ["Detector", *[f"{first} \u2192 {second}" for first, second in directions]]
    body: list[list[Content]] = []
    for row in _detectors(rows):
        body.append(
            [
                sections.labelled(row.detector, row.control),
                *[cells.get((row.detector, *direction), Html("&ndash;")) for direction in directions],
            ]
        )
    return table(caption, header, body, classes="right bands")


def _improvements(rows: Sequence[ComparisonRow], directions: Sequence[Direction]) -> Html | None:
    """The largest significance improvement, from the row or its curve."""
    known = {(row.detector, row.trained_on, row.finds): _largest_sic(row) for row in rows}
    if not any(known.values()):
        return None
    caption = Html(
        f"Largest significance improvement {EPS_S}/&radic;{EPS_B} of any cut that leaves 25 background "
        "events, median and central 68 %; 1 is no cut."
    )
    cells = {where: _band(values, 2) for where, values in known.items()}
    return join([tag("h3", "Significance improvement"), _pivot(caption, rows, directions, cells)])


def _largest_sic(row: ComparisonRow) -> list[float | None]:
    return row.max_sic or ([] if row.curve is None else row.curve.max_sic)


def _cost(row: ComparisonRow) -> Cost:
    return Cost(
        name=row.detector,
        control=row.control,
        parameters=row.parameters,
        seconds=row.seconds,
        memory=row.memory,
        events=row.events,
    )


def _figures(rows: Sequence[ComparisonRow], direction: Direction, name: str) -> Html | None:
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
    both = [sections.drawn(svg, f"{label}: {what}.") for svg, what in drawn]
    return join(
        [tag("h3", f"Trained on {direction[0]}, finding {direction[1]}"), tag("div", *both, class_="figures")]
    )


def _detectors(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """One row a detector, controls last."""
    first = {row.detector: row for row in reversed(rows)}
    ordered = [first[name] for name in dict.fromkeys(row.detector for row in rows)]
    return sorted(ordered, key=lambda row: row.control)


def _efficiencies(rows: Sequence[ComparisonRow]) -> list[str]:
    return sorted({eps_s for row in rows for eps_s in row.rejection})


def _seeds(rows: Sequence[ComparisonRow]) -> str:
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
