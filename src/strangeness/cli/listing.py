"""``strangeness list``: the detectors by their cards."""

from __future__ import annotations

import json
import textwrap

from strangeness.catalogue import all_detectors
from strangeness.core.cards import MethodCard


def listed(*, as_json: bool) -> str:
    """All detectors, as a table for the eye or as JSON."""
    cards = [detector.card for detector in all_detectors().values()]
    if as_json:
        return json.dumps([_row(card) for card in cards], indent=1, allow_nan=False)
    width = max(len(card.name) for card in cards) + 2
    return "\n".join(_entry(card, width) for card in cards)


def _row(card: MethodCard) -> dict[str, object]:
    return {
        "name": card.name,
        "summary": card.summary,
        "family": card.family,
        "input": card.input_kind,
        "maturity": card.maturity,
        "needs": list(card.needs),
        "weights": card.weights,
        "citation": str(card.citation),
    }


def _entry(card: MethodCard, width: int) -> str:
    lines = [
        f"{card.name:<{width}}{card.summary}",
        f"{'':<{width}}{card.family}, {card.maturity}; needs {', '.join(card.needs)}",
    ]
    cited = textwrap.wrap(str(card.citation), 100 - width)
    return "\n".join([*lines, *[f"{'':<{width}}{line}" for line in cited]])
