"""``strangeness demo``: run everything on the shipped samples and write one page."""

from __future__ import annotations

from pathlib import Path

import strangeness
from strangeness.cli.folder import PAGE, RESULT, refuse_finished, run_folder
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.events.shipped import SAMPLES, manifest, verify
from strangeness.methods.demo import compare_jets, demo_search
from strangeness.methods.dijet_search import dijet_search
from strangeness.methods.planted import planted
from strangeness.report.demo import demo_report
from strangeness.report.render import write_page
from strangeness.report.schema import Report, as_json, write_report
from strangeness.search.bump_hunt import BumpHunt


def run_demo(out: Path, *, seed: int, quiet: bool, json: bool) -> str:
    """Run the demo into the folder ``out`` and return what is printed.

    Raises:
        StrangenessError: when ``out`` holds a finished run, a sample is damaged, or on Ctrl-C.
    """
    refuse_finished(out)
    for name in SAMPLES:
        verify(name)
    config = {"demo": strangeness.__version__, "seed": seed}
    with run_folder(out, config, quiet=quiet) as folder:
        report = _run(seed)
        write_page(report, folder.path / PAGE)
        write_report(report, folder.path / RESULT)
    if json:
        return as_json(report).rstrip("\n")
    lines = [f"{section.name}: {section.statement}" for section in report.searches]
    return "\n".join([*lines, f"The page: {out / PAGE}"])


def _run(seed: int) -> Report:
    jets = compare_jets()
    with_resonance, without = (demo_search(seed, with_resonance=there) for there in (True, False))
    detector = CWoLaTrees()
    hunt = dijet_search(detector).search
    if not isinstance(hunt, BumpHunt):
        raise TypeError("the demo's search is a bump hunt")
    return demo_report(
        with_resonance,
        without,
        jets,
        stored=planted(),
        detector=detector.card.name,
        hunt=hunt,
        seed=seed,
        samples=manifest()["samples"],
    )
