"""The page in a real browser: an empty console, every figure, no sideways scrolling on a phone."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.report.browser import chromium, screenshot, visit
from tests.report.whole import whole_page

PROGRAM = chromium() or ""
pytestmark = pytest.mark.skipif(not PROGRAM, reason="no chromium; set STRANGENESS_CHROMIUM")

# The page itself runs no script; this one belongs to the frame around it, since a headless window cannot be
# as narrow as a phone.
_WRAPPER = """<!DOCTYPE html><meta charset="utf-8">
<iframe srcdoc="{page}" style="width:{width}px;height:900px;border:0"></iframe>
<pre id="seen"></pre><script>
const frame = document.querySelector("iframe");
frame.onload = () => {{
  const page = frame.contentDocument, root = page.documentElement, wide = root.clientWidth;
  const box = (element) => element.getBoundingClientRect();
  const spills = [...page.querySelectorAll("main *")].filter(
    (element) => !element.closest(".scroll, svg") && box(element).width && box(element).right > wide + 1);
  const said = [...page.querySelectorAll("main :is(p, td, th, dt, dd, figcaption, small, li, summary)")];
  const seen = {{
    wide, scroll: root.scrollWidth, spills: spills.map((element) => element.outerHTML.slice(0, 200)),
    figures: [...page.querySelectorAll("svg")].map((svg) => [box(svg).width, box(svg).height]),
    letters: Math.min(...said.map((element) => parseFloat(getComputedStyle(element).fontSize))),
    boxes: [...page.querySelectorAll(".scroll")].map((element) => [element.clientWidth, element.scrollWidth]),
  }};
  document.getElementById("seen").textContent = JSON.stringify(seen);
}};
</script>"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "report.html").write_text(whole_page(), encoding="utf-8")
    return folder


def seen(place: Path, width: int) -> dict[str, Any]:
    """What the frame saw of the page at a width, in CSS pixels."""
    wrapper = place / f"wrapper{width}.html"
    wrapper.write_text(_WRAPPER.format(page=html.escape(whole_page()), width=width), encoding="utf-8")
    visited = visit(PROGRAM, wrapper, place / "profile", "--window-size=1400,1000")
    assert visited.console == []
    found = re.search(r'<pre id="seen">(.*?)</pre>', visited.dom, re.DOTALL)
    assert found is not None and found[1], "the frame did not load"
    return json.loads(html.unescape(found[1]))


def test_the_console_stays_empty_and_the_whole_page_is_read(place: Path) -> None:
    visited = visit(PROGRAM, place / "report.html", place / "profile")
    assert visited.console == []
    assert visited.dom.count("<svg") == whole_page().count("<svg") and "</footer>" in visited.dom


def test_a_page_that_breaks_its_own_rules_would_be_noticed(place: Path) -> None:
    broken = place / "broken.html"
    broken.write_text(whole_page().replace("<main", '<img src="file:///x.png"><main'), encoding="utf-8")
    assert any(
        "Content Security Policy" in line for line in visit(PROGRAM, broken, place / "profile").console
    )


@pytest.mark.parametrize("width", [390, 1200])
def test_everything_fits_and_can_be_read(place: Path, width: int) -> None:
    found = seen(place, width)
    assert found["wide"] == width and found["scroll"] <= width and found["spills"] == []
    assert len(found["figures"]) == whole_page().count("<svg")
    assert all(wide > 100 and high > 100 for wide, high in found["figures"])
    assert found["letters"] >= 11.5
    if width == 390:
        # The matrix and the wide tables scroll in boxes of their own.
        assert max(inner - outer for outer, inner in found["boxes"]) > 100
        assert all(outer > 150 for outer, inner in found["boxes"] if inner)


@pytest.mark.parametrize(("scheme", "dark"), [(0, True), (1, False)])
def test_the_page_follows_the_colour_scheme(place: Path, scheme: int, dark: bool) -> None:
    from matplotlib.image import imread

    picture = place / f"scheme{scheme}.png"
    options = (f"--blink-settings=preferredColorScheme={scheme}", "--window-size=900,1200")
    screenshot(PROGRAM, place / "report.html", place / "profile", picture, *options)
    pixels = imread(picture)[..., :3].mean(axis=2)
    # The ground fills most of the screen; letters and figures make the rest differ.
    assert (np.median(pixels) < 0.2) == dark and pixels.std() > 0.05
