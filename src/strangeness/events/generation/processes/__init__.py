"""The named hard processes, as lists of Pythia 8 settings."""

from strangeness.events.generation.processes.base import (
    HADRONIC_W,
    Process,
    biased,
    with_mpi,
    with_settings,
    with_window,
)
from strangeness.events.generation.processes.cards import PROCESSES, Parameter, ProcessCard, process_named
from strangeness.events.generation.processes.hidden_valley import semi_visible
from strangeness.events.generation.processes.higgs import (
    HIGGS_BB,
    higgs_pair,
    pseudoscalar_to_tops,
    scalar_to_tops,
)
from strangeness.events.generation.processes.resonances import wprime, wprime3
from strangeness.events.generation.processes.standard import DIJET, GLUON, QCD, QUARK, TOP, Z_JETS, W

__all__ = [
    "DIJET",
    "GLUON",
    "HADRONIC_W",
    "HIGGS_BB",
    "PROCESSES",
    "QCD",
    "QUARK",
    "TOP",
    "Z_JETS",
    "Parameter",
    "Process",
    "ProcessCard",
    "W",
    "biased",
    "higgs_pair",
    "process_named",
    "pseudoscalar_to_tops",
    "scalar_to_tops",
    "semi_visible",
    "with_mpi",
    "with_settings",
    "with_window",
    "wprime",
    "wprime3",
]
