"""The field's figure style (mplhep) on a transparent ground, as inline SVG whose colours the page decides."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from strangeness.core.errors import MissingDependency
from strangeness.report.markup import Html, escaped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, WINDOW = "#1b1d22", "#7b7f87", "#f2c14e"
SERIES = ("#0068a8", "#c8500a", "#00805c", "#a8488a", "#8a6d00", "#4a55c0")
"""Colours that differ in hue and lightness; the page replaces them by its own for dark and for print."""

VARIABLES = {INK: "--ink", MUTED: "--muted", WINDOW: "--window"} | {
    colour: f"--series{index}" for index, colour in enumerate(SERIES)
}

_SETTINGS: dict[str, Any] = {
    "font.size": 11,
    "axes.labelsize": 12.5,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 10.5,
    "legend.borderpad": 0.4,
    "legend.handlelength": 1.6,
    "axes.labelpad": 5,
    "axes.autolimit_mode": "data",
    "ytick.major.size": 6,
    "ytick.minor.size": 3,
    "lines.linewidth": 1.7,
    "lines.markersize": 4,
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.subplot.left": 0.14,
    "figure.subplot.right": 0.965,
    "figure.subplot.top": 0.975,
    "figure.subplot.bottom": 0.135,
    "svg.fonttype": "path",
    "svg.hashsalt": "strangeness",
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "legend.labelcolor"),
    INK,
)


@contextmanager
def field_style() -> Iterator[None]:
    """The ATLAS style of mplhep, sized for a column of the page.

    Raises:
        MissingDependency: without matplotlib or mplhep.
    """
    try:
        import matplotlib
        import mplhep
    except ImportError as error:
        raise MissingDependency(error.name or "mplhep", "all") from error
    style: Any = mplhep.style.ATLAS
    # Names may hold letters that the field's font lacks.
    family = [*style.get("font.sans-serif", [])[:1], "DejaVu Sans"]
    settings: dict[Any, Any] = {**style, **_SETTINGS, "font.family": family}
    with matplotlib.rc_context(settings):
        yield


def new_figure(height: float = 4.0) -> Figure:
    """An empty figure, 5.2 inches wide, apart from pyplot's global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(5.2, height))


def literal(text: str) -> str:
    """Text from a file for a label: a dollar sign does not begin a formula, a leading _ does not hide it."""
    shown = text.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def as_svg(figure: Figure, name: str, title: str) -> Html:
    """The figure as inline SVG, equal for equal input; ``title`` is read aloud, ids start with ``name``."""
    buffer = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # drawn as a box; the table has the name
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return Html(_inline(buffer.getvalue(), name, title))


def _inline(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="', f' id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable}, {colour})")
    label = f'role="img" aria-labelledby="{name}-title"'
    return re.sub(
        r"<svg([^>]*)>", rf'<svg\1 {label}><title id="{name}-title">{_safe(title)}</title>', svg, count=1
    )


def _safe(title: str) -> str:
    """The title for a replacement text of ``re.sub``."""
    return escaped(title).replace("\\", r"\\")
