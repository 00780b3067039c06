"""From what a user asks for to a sample: a process, its rows and cuts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from strangeness.core.errors import InputError
from strangeness.events.generation.catalogue import Part, Sample
from strangeness.events.generation.detector import DEFAULT
from strangeness.events.generation.processes import (
    Process,
    biased,
    process_named,
    with_mpi,
    with_settings,
    with_window,
)
from strangeness.events.generation.pythia import EarlyVeto
from strangeness.events.generation.selection import Cuts, DijetCuts, JetCuts

_PAIRS = DijetCuts(mjj_low=0.0)
_LIGHT = JetCuts(radius=0.4, pt_low=500.0, eta_max=1.7)
CUTS: dict[str, Cuts] = {
    "dijet": _PAIRS,
    "wprime": _PAIRS,
    "wprime3": _PAIRS,
    "semi-visible": replace(_PAIRS, leading_pt=500.0),
    "h-tt": replace(_PAIRS, leading_pt=500.0),
    "a-tt": replace(_PAIRS, leading_pt=500.0),
    "hh4b": replace(_PAIRS, radius=0.8, leading_pt=250.0),
    "quark": replace(_LIGHT, pt_high=550.0),
    "gluon": replace(_LIGHT, pt_high=550.0),
    "z-jets": replace(_LIGHT, pt_low=80.0, pt_high=10_000.0, eta_max=2.5),
}
"""Rows and cuts of a process unless others are asked for; a process not named gives jets of 550-650 GeV."""
CUT_NAMES: dict[str, dict[type, str]] = {
    "radius": {JetCuts: "radius", DijetCuts: "radius"},
    "pt_min": {JetCuts: "pt_low", DijetCuts: "leading_pt"},
    "pt_max": {JetCuts: "pt_high"},
    "eta_max": {JetCuts: "eta_max", DijetCuts: "eta_max"},
    "mjj_min": {DijetCuts: "mjj_low"},
}
"""What a user calls a cut, and the field of the cuts on jets and on events of two jets."""
BACKGROUNDS = ("dijet", "qcd", "z-jets")
"""Processes whose rows get the label 0; quark and gluon jets get the code of their parton, all others 1."""
# three resolutions below a cut at 1.2 TeV, in a cone that holds what may still merge
_EARLY, _WIDER = 0.892, 1.3
_SHARD, _QUICK_SHARD = 2000, 4000


@dataclass(frozen=True)
class Request:
    """What a user asks for; None stands for what suits the process.

    Attributes:
        process: name of a process.
        events: rows wanted, jets or events of two jets.
        parameters: of the process, such as masses in GeV.
        pythia: more settings of Pythia, 'name = value'.
        window: pTHat from, to (GeV; an infinite end for none).
        mpi: multiparton interactions on.
        bias: power of pTHat by which events are drawn more often, with weights that undo it.
        rows: 'jets' or 'dijets'.
        subjettiness: the 54 N-subjettinesses in place of four ratios ('dijets' alone).
        detector: whether there is a detector step.
        cuts: by the names of ``CUT_NAMES``, in GeV.
        hits: the hits of three detector layers around each jet ('jets' alone).
    """

    process: str
    events: int
    parameters: Mapping[str, float] = field(default_factory=dict)
    pythia: tuple[str, ...] = ()
    window: tuple[float, float] | None = None
    mpi: bool = False
    bias: float | None = None
    rows: Literal["jets", "dijets"] | None = None
    subjettiness: bool = False
    detector: bool = True
    cuts: Mapping[str, float] = field(default_factory=dict)
    hits: bool = False


def requested(request: Request) -> Sample:
    """The sample of a request.

    Raises:
        InputError: for an unknown process, parameter or cut, with the nearest names, or values out of range.
    """
    if not 1 <= request.events <= 100_000_000:
        raise InputError(f"{request.events} events", "Ask for 1 to 100,000,000.")
    plain = process_named(request.process, **request.parameters)
    process, cuts = _changed(plain, request), _cuts(request)
    _refuse_hits(request, cuts)
    early = None
    if isinstance(cuts, DijetCuts) and request.process == "dijet" and request.detector:
        early = EarlyVeto(10.0 * round(_EARLY * cuts.leading_pt / 10.0), radius=_WIDER * cuts.radius)
    return Sample(
        process.name,
        (Part(process, 0 if request.process in BACKGROUNDS else 1, request.events),),
        cuts,
        shard_events=_shard_events(request.events, _QUICK_SHARD if early else _SHARD),
        detector=DEFAULT if request.detector else None,
        early=early,
        batch_events=500,
        hits=request.hits,
    )


def _refuse_hits(request: Request, cuts: Cuts) -> None:
    if request.hits and isinstance(cuts, DijetCuts):
        raise InputError(
            f"'{request.process}' gives events of two jets, and hits are around one", "Ask for rows 'jets'."
        )
    if request.hits and not request.detector:
        raise InputError("hits without a detector", "Leave 'no detector' out.")


def _shard_events(rows: int, most: int) -> int:
    """Events of a shard: few for few rows, so that no more is made than is needed."""
    return next((size for size in (250, 500, 1000, 2000) if rows <= size < most), most)


def _changed(process: Process, request: Request) -> Process:
    if request.window is not None:
        low, high = request.window
        process = with_window(process, low, None if high == float("inf") else high)
    if request.mpi and not process.mpi:
        process = with_mpi(process)
    if request.bias is not None:
        process = biased(process, request.bias, 1000.0)
    return with_settings(process, request.pythia)


def _cuts(request: Request) -> Cuts:
    cuts = CUTS.get(request.process, JetCuts())
    if request.rows is not None and (request.rows == "dijets") != isinstance(cuts, DijetCuts):
        cuts = replace(_PAIRS, leading_pt=500.0) if request.rows == "dijets" else JetCuts(pt_high=10_000.0)
    if request.subjettiness and not isinstance(cuts, DijetCuts):
        raise InputError(
            f"'{request.process}' gives jets, and the 54 subjettinesses are of two jets",
            "Ask for rows 'dijets'.",
        )
    changes: dict[str, Any] = {}
    for name, value in request.cuts.items():
        fields = CUT_NAMES.get(name, {})
        if type(cuts) not in fields:
            what = "events of two jets" if isinstance(cuts, DijetCuts) else "jets"
            usable = [key for key, known in CUT_NAMES.items() if type(cuts) in known]
            raise InputError(f"rows that are {what} have no cut '{name}'", f"Known: {', '.join(usable)}.")
        if not 0.0 <= value < float("inf") or (name == "radius" and value == 0.0):
            raise InputError(f"the cut '{name}' is {value:g}", "Give a finite, positive number.")
        changes[fields[type(cuts)]] = value
    cuts = replace(cuts, **changes)
    return replace(cuts, subjettiness=True) if request.subjettiness else cuts  # type: ignore[call-arg]
