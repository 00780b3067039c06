"""One self-contained HTML page from a report: no script, no external resource, every string escaped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

import strangeness
from strangeness.core.files import write_text
from strangeness.report.comparison import comparison
from strangeness.report.injections import injection
from strangeness.report.markup import Content, Html, escaped, facts, join, tag
from strangeness.report.schema import ComparisonSection, InjectionSection, Report, SearchSection
from strangeness.report.searches import search


def render(report: Report) -> str:
    """The page; equal reports give equal text."""
    searches = [(f"search{index}", section) for index, section in enumerate(report.searches)]
    compared = _comparisons(report)
    injected = [(f"injection{index}", section) for index, section in enumerate(report.injections)]
    several = len(searches) + len(compared) + len(injected) > 1
    body = [
        *[tag("p", sentence) for sentence in report.said],
        *[search(section, name, titled=several) for name, section in searches],
        *[comparison(section, name) for name, section in compared],
        *[injection(section, name, titled=several) for name, section in injected],
        provenance(report.provenance),
    ]
    return Template(_packaged("page.html")).substitute(
        title=escaped(report.title),
        version=escaped(strangeness.__version__),
        style=_packaged("page.css"),
        navigation=_navigation([*searches, *compared, *injected]) if several else "",
        body=join(body),
    )


def write_page(report: Report, path: str | os.PathLike[str]) -> None:
    """Write the page whole or not at all.

    Raises:
        FileError: when it cannot be written.
    """
    write_text(path, render(report))


def _comparisons(report: Report) -> list[tuple[str, ComparisonSection]]:
    jets = [] if report.jets is None else [("jets", report.jets)]
    return jets + [(f"comparison{index}", section) for index, section in enumerate(report.comparisons)]


def _navigation(sections: Sequence[tuple[str, SearchSection | ComparisonSection | InjectionSection]]) -> Html:
    links = [tag("a", section.name, href=f"#{name}") for name, section in sections]
    links.append(tag("a", "Provenance", href="#provenance"))
    return tag("nav", tag("ul", *[tag("li", link) for link in links]), aria_label="Sections")


def provenance(values: dict[str, Any]) -> Html | None:
    """Where everything comes from: plain values listed, nested ones folded away."""
    if not values:
        return None
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    parts: list[Content] = [tag("h2", "Provenance"), facts((_words(k), _text(v)) for k, v in plain.items())]
    for key, value in values.items():
        if isinstance(value, dict) and value:
            listed = facts(_flat(value), classes="facts")
            parts.append(tag("details", tag("summary", _words(key)), listed))
    return tag("section", join(parts), id="provenance", class_="facts")


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[Content, Content]]:
    pairs: list[tuple[Content, Content]] = []
    for key, value in values.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{_words(key)} / ")
        else:
            pairs.append((f"{prefix}{_words(key)}", _text(value)))
    return pairs


def _text(value: Any) -> str:
    if value is None:
        return "\u2013"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "yes" if value is True else "no" if value is False else str(value)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _packaged(name: str) -> str:
    return files("strangeness.report").joinpath(name).read_text(encoding="utf-8")
