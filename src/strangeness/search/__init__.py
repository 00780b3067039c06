"""From selected events to a statement: bump hunts, counting experiments and their checks."""

from strangeness.search.background import DijetFunction, geometric_edges
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult
from strangeness.search.template import FixedExpectation, TemplateBackground

__all__ = [
    "BumpHunt",
    "Check",
    "CountingExperiment",
    "DijetFunction",
    "FixedExpectation",
    "Gate",
    "SearchResult",
    "TemplateBackground",
    "geometric_edges",
]
