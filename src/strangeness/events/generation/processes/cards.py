"""Every process by name, with its parameters and what it stands for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strangeness.core.errors import InputError, nearest
from strangeness.events.generation.processes import higgs, standard
from strangeness.events.generation.processes.base import Process
from strangeness.events.generation.processes.hidden_valley import semi_visible
from strangeness.events.generation.processes.resonances import wprime, wprime3


@dataclass(frozen=True)
class Parameter:
    """A number that a process takes, its default and its range; ``unit`` is empty for a plain number."""

    name: str
    default: float
    low: float
    high: float
    summary: str
    unit: str = "GeV"

    def checked(self, value: Any) -> float:
        """The value as a float.

        Raises:
            InputError: when it is no number in the range.
        """
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not self.low <= number <= self.high:
            raise InputError(
                f"'{self.name}' is {value!r}",
                f"Give {self.low:g} to {self.high:g} {self.unit}".rstrip() + ".",
            )
        return number


@dataclass(frozen=True)
class ProcessCard:
    """What a process is, for people and for the command line.

    Attributes:
        name: the name in ``PROCESSES``.
        summary: one line.
        citation: where it comes from.
        make: makes the process from its parameters.
        parameters: what it takes.
        expect: what its events show when it works.
    """

    name: str
    summary: str
    citation: str
    make: Callable[..., Process]
    parameters: tuple[Parameter, ...] = ()
    expect: str = ""

    def process(self, **values: Any) -> Process:
        """The process with the given parameters, the others at their defaults.

        Raises:
            InputError: for a parameter it does not have, or a value outside its range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                remedy = nearest(name, known) if known else "It takes none."
                raise InputError(f"the process '{self.name}' has no parameter '{name}'", remedy)
        given = {name: float(parameter.default) for name, parameter in known.items()}
        return self.make(**given | {name: known[name].checked(value) for name, value in values.items()})


def process_named(name: str, **parameters: Any) -> Process:
    """The process called ``name``.

    Raises:
        InputError: when there is none, with the nearest names, and for what ``ProcessCard.process`` refuses.
    """
    if name not in PROCESSES:
        raise InputError(f"no process is called '{name}'", nearest(name, PROCESSES))
    return PROCESSES[name].process(**parameters)


def _fixed(process: Process) -> Callable[[], Process]:
    return lambda: process


_OLYMPICS, _MASS = "arXiv:2101.08320", "mass of the resonance"
_TRIPLE = (
    Parameter("mass", 3500.0, 1000.0, 9000.0, "mass of the W'"),
    Parameter("x", 500.0, 25.0, 4000.0, "mass of X"),
    Parameter("y", 100.0, 25.0, 4000.0, "mass of Y"),
)
_TO_TOPS = (
    Parameter("mass", 1500.0, 400.0, 6000.0, _MASS),
    Parameter("width", 15.0, 0.1, 1000.0, "its width"),
)
_CARDS = (
    ProcessCard(
        "qcd",
        "two jets of QCD, for single jets",
        "arXiv:2203.11601",
        _fixed(standard.QCD),
        expect="jets of 0.8: falling mass, high tau32",
    ),
    ProcessCard(
        "top",
        "hadronic tops in pairs",
        "arXiv:1902.09914",
        _fixed(standard.TOP),
        expect="matched jets of 0.8: mass 173 GeV, three prongs",
    ),
    ProcessCard(
        "w",
        "hadronic W bosons in pairs",
        "arXiv:2203.11601",
        _fixed(standard.W),
        expect="matched jets of 0.8: mass 82 GeV, two prongs",
    ),
    ProcessCard(
        "hbb",
        "boosted Higgs bosons to b quarks beside an invisible Z",
        "arXiv:0802.2470",
        _fixed(higgs.HIGGS_BB),
        expect="matched jets of 0.8: mass just below 125 GeV, two b prongs",
    ),
    ProcessCard(
        "quark",
        "quark jets beside an invisible Z, with the underlying event",
        "arXiv:1810.05165",
        _fixed(standard.QUARK),
        expect="one jet of 0.4, of a quark; fewer particles than gluon jets",
    ),
    ProcessCard(
        "gluon",
        "gluon jets beside an invisible Z, with the underlying event",
        "arXiv:1810.05165",
        _fixed(standard.GLUON),
        expect="one jet of 0.4, of a gluon",
    ),
    ProcessCard(
        "z-jets",
        "Z to electrons or muons and jets; the leptons are taken out",
        "arXiv:2203.11601",
        _fixed(standard.Z_JETS),
        expect="two leptons of 91 GeV; nothing of them in the jets",
    ),
    ProcessCard(
        "dijet",
        "two jets of QCD, for searches in their mass",
        _OLYMPICS,
        _fixed(standard.DIJET),
        expect="falling mass of two jets of 1.0",
    ),
    ProcessCard(
        "wprime",
        "a resonance to two jets of two prongs each",
        _OLYMPICS,
        wprime,
        _TRIPLE,
        expect="peaks of the two-jet mass and of both jet masses",
    ),
    ProcessCard(
        "wprime3",
        "a resonance to two jets of three prongs each",
        _OLYMPICS,
        wprime3,
        _TRIPLE,
        expect="the peaks of wprime, and jets with lower tau32",
    ),
    ProcessCard(
        "semi-visible",
        "a resonance to two jets of dark mesons, seen in part",
        "arXiv:1503.00009",
        semi_visible,
        (
            Parameter("mass", 3000.0, 500.0, 8000.0, "mass of the Z'"),
            Parameter("dark", 20.0, 1.5, 200.0, "mass of the dark mesons"),
            Parameter("invisible", 0.3, 0.0, 1.0, "share of dark mesons not seen", unit=""),
            Parameter("scale", 10.0, 0.3, 200.0, "confinement scale of the dark force"),
        ),
        expect="missing momentum along a jet, growing with the share",
    ),
    ProcessCard(
        "h-tt",
        "a heavy scalar to hadronic tops",
        "arXiv:1511.05584",
        higgs.scalar_to_tops,
        _TO_TOPS,
        expect="two matched top jets, their mass at the resonance",
    ),
    ProcessCard(
        "a-tt",
        "a heavy pseudoscalar to hadronic tops",
        "arXiv:1511.05584",
        higgs.pseudoscalar_to_tops,
        _TO_TOPS,
        expect="as h-tt",
    ),
    ProcessCard(
        "hh4b",
        "a heavy scalar to two Higgs bosons to four b quarks",
        "arXiv:2202.07288",
        higgs.higgs_pair,
        (Parameter("mass", 800.0, 260.0, 6000.0, _MASS), Parameter("width", 5.0, 0.1, 1000.0, "its width")),
        expect="four b quarks, two pairs of 125 GeV",
    ),
)
PROCESSES: dict[str, ProcessCard] = {card.name: card for card in _CARDS}
