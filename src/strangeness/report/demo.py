"""The demo's page: two dijet searches, and detectors on jets both ways round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strangeness.methods.comparison import Compared
from strangeness.methods.demo import SearchRun
from strangeness.methods.jet_tagging import SHOWN
from strangeness.methods.planted import DEMO_SEEDS, EMPTY_ABOVE, PLANTED_ABOVE, Planted
from strangeness.report.calibrated import calibration_of
from strangeness.report.compared import row_of
from strangeness.report.runs import displays_of
from strangeness.report.schema import ComparisonSection, Report, SearchSection
from strangeness.report.summary import classes, control, curve, plain, search_section, versions
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.controls import control_wording

STRANGEST = 3
"""Events of a search that are shown."""


def demo_report(
    planted: SearchRun,
    empty: SearchRun,
    jets: Sequence[Compared],
    *,
    stored: Planted,
    detector: str,
    hunt: BumpHunt,
    seed: int,
    samples: Mapping[str, Any],
) -> Report:
    """Everything that the demo shows.

    Args:
        planted: the search with a resonance.
        empty: the search without one.
        jets: every detector and control in every direction.
        stored: what 20 seeds gave.
        detector: name of the detector of the searches.
        hunt: their bump hunt.
        seed: of the pseudo-experiment that is shown.
        samples: what the shipped samples say of themselves.
    """
    n = len(DEMO_SEEDS)
    with_it = (
        f"About {planted.planted:.0f} W\u2032 \u2192 XY events are expected, {planted.n_planted} are there; "
        f"before any selection their window shows a local Z of {planted.inclusive_z:.1f}. "
        f"Of {n} such searches with fixed seeds, "
        f"{stored.planted_above} exceed {PLANTED_ABOVE:g} sigma global; this is seed {seed}."
    )
    without = (
        f"The same without a resonance. Of {n} such searches with fixed seeds, {stored.empty_above} exceed "
        f"{EMPTY_ABOVE:g} sigma global; this is seed {seed}."
    )
    return Report(
        title="strangeness demo",
        said=[
            "Simulated jets and dijets: Pythia 8 without multiparton interactions and pile-up, a parametric "
            "detector.",
        ],
        searches=[
            _search("Dijets with a planted resonance", planted, detector, hunt, with_it),
            _search("Dijets without one", empty, detector, hunt, without),
        ],
        jets=jets_section(jets),
        provenance=plain({"seed": seed, "versions": versions(), "samples": samples}),
    )


def _search(name: str, run: SearchRun, detector: str, hunt: BumpHunt, said: str) -> SearchSection:
    scores = classes(run.outcome, run.data)
    return search_section(
        name,
        detector,
        run.outcome,
        hunt=hunt,
        controls=[control(other, result) for other, result in run.controls.items()],
        curves=[] if scores is None else [curve(detector, [scores])],
        said=[said, control_wording(run.outcome.result, run.controls)],
        calibration=calibration_of(run.outcome),
        displays=displays_of(run.outcome, run.data, most=STRANGEST, columns=("mjj",)),
    )


def jets_section(results: Sequence[Compared]) -> ComparisonSection:
    """The comparison on jets, with curves over all seeds whose scores were kept."""
    said = (
        "Each detector is fitted to half of the jets of one class and tested on the other half and on "
        "another class. All classes share one flat spectrum of pT and |eta|, so pT alone must guess."
    )
    return ComparisonSection(said=[said], rows=[row_of(result, SHOWN) for result in results])
