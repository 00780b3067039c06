"""The named hard processes, as lists of Pythia 8 settings."""

from strangeness.events.generation.processes.base import (
    COMMON,
    HADRONIC_W,
    Process,
    biased,
    with_mpi,
    with_settings,
    with_window,
)
from strangeness.events.generation.processes.resonances import wprime
from strangeness.events.generation.processes.standard import DIJET, GLUON, QCD, QUARK, TOP, W

__all__ = [
    "COMMON",
    "DIJET",
    "GLUON",
    "HADRONIC_W",
    "QCD",
    "QUARK",
    "TOP",
    "Process",
    "W",
    "biased",
    "with_mpi",
    "with_settings",
    "with_window",
    "wprime",
]
