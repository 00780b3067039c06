"""What searches and comparisons show alike: calibration, average images, strange events, costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from strangeness.report import figures, pictures
from strangeness.report.markup import Content, Html, facts, join, number, percent, table, tag, whole
from strangeness.report.parts import (
    CalibrationCurve,
    Cost,
    EventDisplay,
    FeatureNote,
    ImageSet,
    LimitPart,
    SpuriousPart,
    SystematicsPart,
)

MOST_FEATURES = 8
IN_GEV = frozenset({"pt", "mass", "energy", "mjj", "mj1", "mj2", "ptj1", "ptj2"})


def drawn(svg: Html, caption: Content) -> Html:
    """A figure with its caption."""
    return tag("figure", svg, tag("figcaption", caption))


def calibration(curve: CalibrationCurve, name: str) -> Html:
    """The empirical law of the p-values of held-out null events, and the same numbers at a few cuts."""
    said = (
        f"Share of {whole(sum(curve.tested))} held-out reference events with p \u2264 \u03b1. "
        f"Bands: central 68 % and 95 % at each \u03b1 for exact p-values. {_shared(curve)}"
    )
    title = "Share of held-out events with p below alpha"
    left = figures.calibration(curve, f"{name}-calibration", title)
    right = figures.calibration(curve, f"{name}-ratio", f"{title}, over alpha", ratio=True)
    pair = tag("div", drawn(left, "The share."), drawn(right, "The share over \u03b1."), class_="figures")
    rows = [
        (number(curve.alpha[i], 2), number(curve.share[i], 3), _range(curve.low[i], curve.high[i]),
         _range(curve.low95[i], curve.high95[i]))
        for i in _decades(curve.alpha)
    ]  # fmt: skip
    header = ("\u03b1", "Share", "68 %", "95 %")
    numbers = tag(
        "details",
        tag("summary", "The curve in numbers"),
        table("At some cuts.", header, rows, classes="right"),
    )
    return join([tag("h3", "Calibration"), tag("p", Html(said), class_="note"), pair, numbers])


def systematics(part: SystematicsPart) -> Html:
    """What shifted copies of the reference changed, and the p-values with and without."""
    rows = [(row.name, _signed(row.up), _signed(row.down)) for row in part.rows]
    changes = table(
        "Largest relative change of the selected background at one standard deviation.",
        ("Systematic", "up", "down"),
        rows,
    )
    both = [
        ("Local", number(part.local_p, 2), number(part.local_p_without, 2)),
        ("Global", number(part.global_p, 2), number(part.global_p_without, 2)),
    ]
    effect = table("The p-value of the search.", ("p", "with systematics", "without"), both)
    return join([tag("h3", "Systematics"), changes, effect])


def spurious(part: SpuriousPart) -> Html:
    """The signal that the background function invents, at some masses."""
    step = max(len(part.masses) // 12, 1)
    rows = [
        (number(part.masses[i], 4), number(part.strength[i], 3), number(part.error[i], 3))
        for i in range(0, len(part.masses), step)
    ]
    header = ("Mass [GeV]", "Spurious signal [events]", "Statistical error [events]")
    said = table("On the reference, at the size of the selected data.", header, rows, classes="right")
    return join([tag("h3", "Spurious signal"), tag("p", part.text), said])


def limit(part: LimitPart) -> Html:
    """The upper limit, and what it rests on."""
    pairs: list[tuple[Content, Content]] = [
        ("Observed", number(part.observed, 3)),
        (
            "Expected",
            join([number(part.expected[2], 3), _between("68 %", part.expected[1], part.expected[3])]),
        ),
        ("Two sigma", _between("95 %", part.expected[0], part.expected[4])),
        ("mu = 1", part.unit),
        ("Window", join([number(part.window[0], 4), " to ", number(part.window[1], 4), " GeV"])),
        ("Signal efficiency", join([percent(part.efficiency), f" of {part.produced:,} events"])),
        ("Calculator", part.calculator),
    ]
    return join([tag("h3", "Upper limit"), tag("p", part.statement), facts(pairs, classes="numbers")])


def _between(label: str, low: float, high: float) -> Html:
    return tag("small", f" {label}: ", number(low, 3), " to ", number(high, 3))


def _signed(change: float) -> Content:
    return f"{100 * change:+.2g} %"


def _shared(curve: CalibrationCurve) -> Html:
    bins, events = len(curve.calibration), whole(sum(curve.calibration))
    where = f"in {bins} bins, each with its own" if bins > 1 else "in one sample"
    return Html(
        f"All tested events share {events} calibration events ({where}), which widens the bands beyond "
        "binomial ones."
    )


def _decades(alpha: Sequence[float]) -> list[int]:
    values = np.log10(np.asarray(alpha))
    wanted = np.arange(np.ceil(values[0] - 1e-9), 0.5)
    return sorted({int(np.argmin(np.abs(values - power))) for power in wanted})


def _range(low: float, high: float) -> Html:
    return join([number(low, 2), "\u2013", number(high, 2)])


def images(given: ImageSet, name: str) -> Html:
    """Average images on one scale."""
    largest = max((max(map(max, picture.values)) for picture in given.pictures), default=0.0)
    parts = []
    for index, picture in enumerate(given.pictures):
        title = f"Average image, {picture.label}: {_brightest(picture.values)}"
        svg = pictures.average(picture, largest, given.quantity, f"{name}-image{index}", title)
        events = None if picture.events is None else Html(f" ({whole(picture.events)} events)")
        parts.append(drawn(svg, join([picture.label, events])))
    said = [tag("p", sentence, class_="note") for sentence in given.said]
    return join([tag("h3", "Average images"), *said, tag("div", *parts, class_="figures small")])


def _brightest(values: Sequence[Sequence[float]]) -> str:
    array = np.asarray(values)
    active = float(np.mean(array > 0))
    return f"{array.shape[1]} by {array.shape[0]} pixels, {percent(active)} of them above 0"


def displays(given: Sequence[EventDisplay], name: str) -> Html | None:
    """The strangest events: particles, what stood out, and where the picture was described badly."""
    if not given:
        return None
    shown = [_display(display, f"{name}-event{index}") for index, display in enumerate(given)]
    return join([tag("h3", "Strangest events"), tag("p", _explained(given), class_="note"), *shown])


def _explained(given: Sequence[EventDisplay]) -> str:
    said = (
        "The highest scores, strangest first. A strange event is not yet a signal: in ordinary data some "
        "event comes first too."
    )
    if any(display.pt for display in given):
        said += " The area of a dot is the particle's pT."
    if any(display.features for display in given):
        said += (
            " Features: the share of the reference below the value, and the score with this feature alone "
            "moved to the reference's median; the lower that is, the more the feature tells."
        )
    return said


def _display(display: EventDisplay, name: str) -> Html:
    drawings: list[Content] = []
    if display.pt:
        title = f"{display.name}: {len(display.pt)} particles in eta and phi"
        drawings.append(drawn(pictures.particles(display, name, title), _particles_said(display)))
    if display.error is not None:
        n = int(pictures.worst(display.error).sum())
        pixels = f"{n} pixel{'s' * (n != 1)}"
        title = f"{display.name}: its image; {pixels} hold half of the error"
        svg = pictures.error(display.image, display.error, f"{name}-error", title)
        drawings.append(
            drawn(svg, f"What the detector saw; outlined: the {pixels} that hold half of its error.")
        )
    side = [*drawings, _features(display.features, display.score)]
    parts = [
        tag("h4", display.name),
        facts(_numbers(display), classes="line"),
        tag("div", *side, class_="side"),
        tag("p", display.note, class_="note") if display.note else None,
    ]
    return tag("article", *parts, class_="event")


def _particles_said(display: EventDisplay) -> Html:
    left = f"; {whole(display.left_out)} softer ones are left out" if display.left_out else ""
    return Html(
        f"{whole(len(display.pt))} particles, the hardest with {number(max(display.pt), 3)} GeV{left}."
    )


def _numbers(display: EventDisplay) -> list[tuple[Content, Content]]:
    first: list[tuple[Content, Content]] = [("Score", number(display.score, 4))]
    if display.p is not None:
        first.append(("p", number(display.p, 2)))
    return first + [
        (column, join([number(value, 4), " GeV" if column in IN_GEV else None]))
        for column, value in display.context.items()
    ]


def _features(notes: Sequence[FeatureNote], score: float) -> Html | None:
    if not notes:
        return None
    said = join(["What stood out, most telling first; the score is ", number(score, 4), "."])
    rows = [
        (note.name, number(note.value, 3), number(note.median, 3), _meter(note.below),
         number(note.score_at_median, 4))
        for note in notes[:MOST_FEATURES]
    ]  # fmt: skip
    header = ("Feature", "Value", "Median", "Reference below", "Score at median")
    return tag("div", table(said, header, rows, classes="right compact"))


def _meter(below: float) -> Html:
    """The number with a bar; the bar is decoration and hidden from screen readers."""
    bar = tag("span", tag("span", style=f"width:{100 * below:.1f}%"), class_="meter", aria_hidden="true")
    return join([bar, f" {percent(below)}"])


def costs(given: Sequence[Cost]) -> Html | None:
    """Parameters, wall time, peak memory and training events, of what is known of them."""
    columns = [
        ("Parameters", [None if cost.parameters is None else whole(cost.parameters) for cost in given]),
        ("Time [s]", [None if cost.seconds is None else number(cost.seconds, 3) for cost in given]),
        ("Memory [MB]", [None if cost.memory is None else number(cost.memory, 3) for cost in given]),
        ("Training events", [None if cost.events is None else whole(cost.events) for cost in given]),
    ]
    known = [(name, cells) for name, cells in columns if any(cell is not None for cell in cells)]
    if not known:
        return None
    rows = [
        [labelled(cost.name, cost.control), *[cells[i] or Html("&ndash;") for _, cells in known]]
        for i, cost in enumerate(given)
    ]
    said = "What a score costs: numbers that were fitted, wall time of a fit with its scoring, peak memory."
    header = ("Detector", *[name for name, _ in known])
    return join([tag("h3", "Size, time and memory"), table(said, header, rows, classes="right")])


def labelled(name: str, control: bool) -> Content:
    """A detector's name, marked where it is a control."""
    return join([name, tag("span", " (control)", class_="note")]) if control else name
