"""HTML in small functions: every string is escaped unless it is ``Html`` already."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence


class Html(str):
    """Text that is HTML: made here or by ``figures``, never read from a file."""

    __slots__ = ()


Content = str | Html | None
_VOID = {"meta", "br"}


def escaped(value: Content) -> str:
    """``value`` as HTML: escaped, except for ``Html``; nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, Html) else html.escape(str(value), quote=True)


def tag(name: str, *children: Content, **attributes: str | None) -> Html:
    """An element; ``class_`` stands for class, ``_`` in attribute names for ``-``, None leaves one out."""
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{listed}>")
    return Html(f"<{name}{listed}>{''.join(map(escaped, children))}</{name}>")


def join(parts: Iterable[Content], between: str = "") -> Html:
    """Parts one behind the other."""
    return Html(escaped(between).join(escaped(part) for part in parts if part))


def table(
    said: Content, header: Sequence[Content], rows: Sequence[Sequence[Content]], *, classes: str | None = None
) -> Html:
    """A table under what is said of it; its first column names its row; it scrolls alone when narrow."""
    head = tag("tr", *[tag("th", cell, scope="col") for cell in header])
    body = [tag("tr", tag("th", row[0], scope="row"), *[tag("td", cell) for cell in row[1:]]) for row in rows]
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_=classes)
    label = Html(re.sub(r"<[^>]*>", "", said)) if isinstance(said, Html) else said
    frame = tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)
    return join([tag("p", said, class_="note"), frame])


def facts(pairs: Iterable[tuple[Content, Content]], *, classes: str | None = None) -> Html:
    """A list of names and values."""
    return tag(
        "dl", *[tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_=classes
    )


def bullets(items: Iterable[Content]) -> Html:
    """An unordered list."""
    return tag("ul", *[tag("li", item) for item in items])


def number(value: float | None, digits: int = 3) -> Html:
    """A number with ``digits`` significant digits; powers of ten below 0.001 and from a million on."""
    if value is None or not math.isfinite(value):
        return Html("&ndash;")
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return Html(_plain(value, digits).replace("-", "&minus;"))
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = str(int(exponent)).replace("-", "&minus;")
    return Html(f"{mantissa.replace('-', '&minus;')}&thinsp;&times;&thinsp;10<sup>{power}</sup>")


def whole(value: float) -> Html:
    """A count with thin spaces between thousands."""
    return Html(f"{round(value):,}".replace(",", "&#8239;"))


def percent(share: float) -> str:
    """A share in per cent; never 100 % of what is not all, nor 0 % of something."""
    shown = f"{100 * share:.1f}"
    if shown == "100.0" and share < 1:
        return "> 99.9 %"
    return "< 0.1 %" if shown == "0.0" and share > 0 else f"{shown.removesuffix('.0')} %"


def fixed(value: float | None, decimals: int = 2) -> Html:
    """A number with so many decimals."""
    if value is None or not math.isfinite(value):
        return Html("&ndash;")
    return Html(f"{value:.{decimals}f}".replace("-", "&minus;"))


def _plain(value: float, digits: int) -> str:
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0) if value else 0
    return f"{value:.{decimals}f}"
