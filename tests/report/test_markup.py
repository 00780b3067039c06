"""Nothing that comes from a file becomes HTML."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.report.markup import Html, facts, fixed, number, percent, table, tag, whole


class _Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.attributes = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text())
def test_text_and_attributes_come_back_as_they_were(text: str) -> None:
    seen = _Seen(tag("p", text, class_=text))
    assert seen.tags == ["p"]
    assert seen.text.replace("\r", "\n") == text.replace("\r", "\n")
    assert seen.attributes["class"] == text


@given(st.text(alphabet="<>&\"'abc/"))
def test_tables_and_lists_keep_their_elements(text: str) -> None:
    seen = _Seen(table(text, [text], [[text, text]]) + facts([(text, text)]))
    assert set(seen.tags) <= {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"}


def test_html_is_left_alone_and_none_is_nothing() -> None:
    assert tag("p", Html("<b>x</b>"), None) == "<p><b>x</b></p>"
    assert tag("br") == "<br>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.25, "0.250"),
        (-1234.5, "&minus;1234"),
        (0.0, "0"),
        (None, "&ndash;"),
        (float("inf"), "&ndash;"),
        (3.2e-7, "3.20&thinsp;&times;&thinsp;10<sup>&minus;7</sup>"),
    ],
)
def test_numbers_are_readable(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_decimals_and_counts() -> None:
    assert fixed(-0.284) == "&minus;0.28" and fixed(None) == "&ndash;" and fixed(float("nan")) == "&ndash;"
    assert whole(1234567.0) == "1&#8239;234&#8239;567"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0 %"), (1e-5, "< 0.1 %"), (0.251, "25.1 %"), (0.9999, "> 99.9 %"), (1.0, "100 %"), (0.5, "50 %")],
)
def test_shares_never_claim_all_or_nothing(share: float, shown: str) -> None:
    assert percent(share) == shown
