"""From selected events to a statement: bump hunts, counts, limits, and the checks of all of them."""

from strangeness.search.background import DijetFunction, geometric_edges
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.channels import Channels
from strangeness.search.check import Check
from strangeness.search.controls import control_wording
from strangeness.search.counting import CountingExperiment
from strangeness.search.function_choice import choose_function, lowest_edge
from strangeness.search.gate import Gate
from strangeness.search.gross_vitells import extrapolated_tail, upcrossings
from strangeness.search.limits import Limit, upper_limit
from strangeness.search.result import SearchResult
from strangeness.search.shape_scan import ShapeScan
from strangeness.search.spurious import spurious_signal
from strangeness.search.systematics import Systematic, systematic_from_counts
from strangeness.search.template import FixedExpectation, TemplateBackground
from strangeness.search.window_scan import Window, window_scan, windows_of

__all__ = [
    "BumpHunt",
    "Channels",
    "Check",
    "CountingExperiment",
    "DijetFunction",
    "FixedExpectation",
    "Gate",
    "Limit",
    "SearchResult",
    "ShapeScan",
    "Systematic",
    "TemplateBackground",
    "Window",
    "choose_function",
    "control_wording",
    "extrapolated_tail",
    "geometric_edges",
    "lowest_edge",
    "spurious_signal",
    "systematic_from_counts",
    "upcrossings",
    "upper_limit",
    "window_scan",
    "windows_of",
]
