"""The sections of one search: statement, checks, key numbers, spectra, controls, curves."""

from __future__ import annotations

from strangeness.report import figures, sections
from strangeness.report.markup import Content, Html, bullets, facts, fixed, join, number, table, tag, whole
from strangeness.report.schema import Control, Curve, Histogram, SearchSection
from strangeness.search.result import SearchResult, mass_unit


def search(section: SearchSection, name: str, *, titled: bool) -> Html:
    """One search as a section of the page; ``name`` makes its ids."""
    result = SearchResult.from_dict(section.result)
    parts = [
        tag("h2", section.name) if titled else None,
        tag("p", section.statement, class_="statement blocked" if result.blocked else "statement"),
        tag("p", section.blinding, class_="note") if section.blinding else None,
        *[tag("p", sentence) for sentence in section.said],
        key_numbers(result),
        checks(result),
        spectra(section, result, name),
        sections.calibration(section.calibration, name) if section.calibration is not None else None,
        sections.systematics(section.systematics) if section.systematics is not None else None,
        sections.spurious(section.spurious) if section.spurious is not None else None,
        sections.limit(section.limit) if section.limit is not None else None,
        controls(section, result),
        curves(section.curves, name),
        sections.images(section.images, name) if section.images is not None else None,
        sections.displays(section.displays, name),
        sections.costs(section.costs),
        assumptions(result, section),
    ]
    return tag("section", join(parts), id=name)


def key_numbers(result: SearchResult) -> Html:
    """The numbers behind the statement, each with what it is."""
    scale, unit, decimals = mass_unit(result.window[1])
    low, high = (edge / scale for edge in result.window)
    pairs: list[tuple[Content, Content]] = [
        ("Window", join([fixed(low, decimals), "\u2013", fixed(high, decimals), f" {unit}"])),
        ("Events in it", join([_events(result.observed), _small("expected ", number(result.expected, 3))])),
        ("Local p", _local_p(result)),
        (
            "Global p",
            join([_global_p(result), _small("ties at random: ", number(result.global_p_randomised, 2))]),
        ),
        ("Global Z", join([fixed(result.global_z), _small(_interval(result))])),
        ("Smallest global p in reach", number(result.smallest_p, 2)),
        ("Trials factor", number(result.trials_factor, 3)),
    ]
    if result.n_pseudo:
        ours = _small(whole(result.n_extreme), " at least as extreme")
        made = {"pseudo-experiments": "Pseudo-experiments"}
        name = made.get(result.null, f"Null data sets by {result.null}, trained anew")
        pairs.append((name, join([whole(result.n_pseudo), ours])))
    if result.extrapolated_p is not None:
        ours = _small("if ", result.extrapolation)
        pairs.append(("Extrapolated global p", join([number(result.extrapolated_p, 2), ours])))
    if result.alpha is not None:
        reach = _small("smallest p in reach ", number(max(result.p_reach), 2)) if result.p_reach else None
        pairs.append(("Cut on the event's p", join([number(result.alpha, 2), reach])))
    return join([tag("h3", "Key numbers"), facts(pairs, classes="numbers")])


def _local_p(result: SearchResult) -> Html:
    if not result.local_is_calibrated:
        return join(["not calibrated", _small(f"policy {result.policy}")])
    return join([number(result.local_p, 2), _small("Z = ", fixed(result.local_z), _withheld(result))])


def _global_p(result: SearchResult) -> Html:
    """With +1; a bound when no pseudo-experiment was as extreme."""
    bound = result.n_pseudo > 0 and result.n_extreme == 0
    return join([Html("&le;&thinsp;") if bound else None, number(result.global_p, 2)])


def _events(observed: float) -> Html:
    return whole(observed) if observed == round(observed) else number(observed, 4)


def _interval(result: SearchResult) -> Html:
    if result.blocked:
        return _withheld(result)
    low, high = result.global_z_interval
    if low is None and high is None:
        return Html("exact") if not result.n_pseudo else Html("")
    if high is None:
        return join(["68 %: above ", fixed(low)])
    return join(["68 %: ", fixed(low) if low is not None else "0", " to ", fixed(high)])


def _withheld(result: SearchResult) -> Html:
    return Html("withheld") if result.blocked else Html("")


def _small(*parts: Content) -> Html:
    return tag("small", *parts)


def checks(result: SearchResult) -> Html | None:
    """Every validity check with its outcome."""
    if not result.checks:
        return None
    rows = [(check.name, _outcome(check.passed), number(check.p, 2), check.text) for check in result.checks]
    said = "On held-out reference and null toys only; a failed check withholds every significance."
    header = ("Check", "Outcome", "p", "What it says")
    return join([tag("h3", "Validity checks"), table(said, header, rows, classes="prose")])


def _outcome(passed: bool) -> Html:
    return tag("span", "passed" if passed else "failed", class_="pass" if passed else "fail")


def spectra(section: SearchSection, result: SearchResult, name: str) -> Html:
    """The spectrum before the selection, where it is given, and after it."""
    drawn = []
    if section.inclusive is not None:
        title = f"{section.context} spectrum of all events under test"
        svg = figures.spectrum(section.inclusive, result.window, section.context, f"{name}-before", title)
        drawn.append(sections.drawn(svg, "Before the selection: all events under test."))
    cut = "" if result.alpha is None else f" with p \u2264 {result.alpha:g}"
    selected = Histogram.model_validate(section.result["spectrum"])
    title = f"{section.context} spectrum of the events{cut}"
    svg = figures.spectrum(selected, result.window, section.context, f"{name}-after", title)
    drawn.append(
        sections.drawn(svg, f"After the selection: events{cut}. Shaded: the window with the largest excess.")
    )
    return join([tag("h3", "Spectrum"), tag("div", *drawn, class_="figures")])


def controls(section: SearchSection, result: SearchResult) -> Html | None:
    """The same search with simpler scores beside the detector."""
    if not section.controls:
        return None
    own = Control(
        name=section.detector, local_z=result.local_z, global_p=result.global_p, global_z=result.global_z
    )
    rows = [
        (
            join([control.name, tag("small", f" {control.note}") if control.note else None]),
            fixed(control.local_z),
            number(control.global_p, 2),
            fixed(control.global_z),
        )
        for control in (own, *section.controls)
    ]
    said = (
        "The same search with other scores: a detector that has learnt nothing more is no better than these."
    )
    return join([tag("h3", "Controls"), table(said, ("Score", "Local Z", "Global p", "Global Z"), rows)])


def curves(given: list[Curve], name: str) -> Html | None:
    """ROC and SIC curves; they need truth, which only an evaluation has."""
    if not given:
        return None
    seeds = max(len(curve.auc) for curve in given)
    band = f" Bands: central 68 % of {seeds} seeds." if seeds > 1 else ""
    said = (
        "Made with the truth labels of simulated events, for evaluation only: nothing that is fitted, "
        "calibrated or tested has seen them. Curves end where fewer than 25 background events remain "
        f"(20 % error).{band}"
    )
    left = figures.rejection_curves(given, f"{name}-roc", "Background rejection over signal efficiency")
    right = figures.improvement_curves(
        given, f"{name}-sic", "Significance improvement over signal efficiency"
    )
    both = [
        sections.drawn(left, "Background rejection."),
        sections.drawn(right, "Significance improvement (SIC)."),
    ]
    pair = tag("div", *both, class_="figures")
    return join([tag("h3", "ROC and significance improvement"), tag("p", said, class_="note"), pair])


def assumptions(result: SearchResult, section: SearchSection) -> Html:
    """What the p-values rest on, and how many events had which role."""
    parts: list[Content] = []
    if result.assumptions:
        parts += [tag("h3", "Assumptions"), bullets(result.assumptions)]
    if section.counts:
        rows = [(role, whole(number_of)) for role, number_of in section.counts.items()]
        parts += [
            tag("h3", "Events by role"),
            table("Roles are a hash of the event's identity.", ("Role", "Events"), rows),
        ]
    return join(parts)
