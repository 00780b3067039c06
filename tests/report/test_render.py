"""The page: complete in itself, every section there, nothing hostile through."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from strangeness.report.parts import Cost, EventDisplay
from strangeness.report.render import render, write_page
from strangeness.report.schema import ComparisonRow, ComparisonSection, Report, SearchSection
from strangeness.report.searches import search
from strangeness.search.result import SearchResult
from tests.report.examples import HOSTILE, demo_report, hunted, search_report, search_section
from tests.report.whole import whole_page

VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Elements, ids, references and text of a page; fails where elements are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href"):
                self.links.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def demo() -> str:
    return render(demo_report())


def test_the_demo_page_is_whole(demo: str) -> None:
    page = Page(demo)
    assert page.tags.count("main") == page.tags.count("h1") == 1
    assert len(page.ids) == len(set(page.ids)), "an id twice"
    assert all(link.startswith("#") for link in page.links), "something external"
    assert {link[1:] for link in page.links} <= set(page.ids), "a link to nowhere"
    for heading in (
        "Validity checks",
        "Key numbers",
        "Spectrum",
        "Controls",
        "Jets",
        "Assumptions",
        "Provenance",
    ):
        assert heading in page.text, heading
    # Two spectra and two curves a search, two curves in each of two directions, the matrix with its labels.
    assert page.tags.count("svg") == 2 * 4 + 2 * 2 + 2


def test_a_page_with_everything_is_whole() -> None:
    text = whole_page()
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "an id twice"
    bitmaps = [link for link in page.links if link.startswith("data:image/png;base64,")]
    # A bitmap and its colour bar for two averages and one error, in the search and in the comparison.
    assert len(bitmaps) == 2 * 2 * (2 + 1)
    assert {link[1:] for link in page.links if link not in bitmaps} <= set(page.ids)
    for heading in (
        "Calibration",
        "Average images",
        "Strangest events",
        "What stood out",
        "Size, time and memory",
        "Complexity-bias matrix",
        "Significance improvement",
        "Rejection at",
        "Comparison on jets",
        "before the region was opened",
        "Systematics",
        "Spurious signal",
        "Upper limit",
        "Sensitivity",
        "3 sigma in half of 20 repetitions with none of these strengths",
    ):
        assert heading in page.text, heading
    assert "<script>" not in text and page.text.count(HOSTILE) > 3
    assert len(text.encode()) < 5_000_000
    titles = re.findall(r"<svg[^>]*><title[^>]*>([^<]+)</title>", text)
    assert len(titles) == page.tags.count("svg"), "a figure without words"


def test_comparisons_and_the_sections_of_a_search_are_optional() -> None:
    section = ComparisonSection(
        name="Few", rows=[ComparisonRow(detector="a", trained_on="A", finds="B", auc=[0.6])]
    )
    text = render(Report(title="t", comparisons=[section]))
    assert re.findall("<h3>([^<]*)", text) == ["Area under the curve"] and "<svg" not in text
    shown = [EventDisplay(name="bare", score=1.0), EventDisplay(name="noted", score=1.0, note="why")]
    bare_section = bare(hunted()).model_copy(
        update={"displays": shown, "costs": [Cost(name="nothing known")]}
    )
    page = Page(search(bare_section, "search0", titled=False))
    assert page.tags.count("svg") == 1 and "why" in page.text and "memory" not in page.text


def test_the_page_loads_nothing_and_runs_nothing(demo: str) -> None:
    assert "script" not in Page(demo).tags
    assert not re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org/)", demo)
    assert len(demo.encode()) < 5_000_000


def test_what_comes_from_files_is_escaped(demo: str) -> None:
    assert "<script>" not in demo
    assert HOSTILE in Page(demo).text


def test_a_blocked_search_claims_nothing(demo: str) -> None:
    start = demo.index('<section id="search1">')
    text = Page(demo[start : demo.index('<section id="jets">')]).text
    assert "no statement of significance" in text and "failed" in text and "withheld" in text
    assert " sigma" not in text


def test_a_search_without_a_pseudo_experiment_as_extreme_shows_a_bound() -> None:
    assert "Global p≤\u20090.0033" in Page(search(bare(hunted(150)), "search0", titled=False)).text


def bare(result: SearchResult) -> SearchSection:
    """A search with nothing but its result."""
    given = {"inclusive": None, "controls": [], "curves": [], "counts": {}}
    return SearchSection.model_validate({**search_section(result), **given})


def test_sections_are_optional() -> None:
    page = Page(render(Report(title="bare", searches=[bare(hunted())])))
    assert page.tags.count("svg") == 1
    assert "Controls" not in page.text and "ROC" not in page.text and "Provenance" not in page.text
    assert Page(render(Report(title="nothing"))).tags.count("svg") == 0


def test_equal_reports_give_equal_pages_and_the_page_decides_colours(tmp_path: Path) -> None:
    report = search_report()
    write_page(report, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page == render(report)
    svg = re.findall(r"<svg.*?</svg>", page, re.DOTALL)

    assert len(svg) == 4 and all("var(--ink, #" in figure and "<title" in figure for figure in svg)
    styles = "".join(re.findall(r'style="[^"]*"', "".join(svg)))
    assert set(re.findall(r"(?<!, )#[0-9a-f]{6}", styles)) == set()
