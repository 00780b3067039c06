"""The processes of the Standard Model that jets are studied with."""

from __future__ import annotations

from strangeness.events.generation.processes.base import HADRONIC_W, Process, beams

# one wide window for all three classes: a narrow one shapes the pT edges differently for each class
QCD = Process("qcd", (*beams(14000.0, 450.0, 850.0), "HardQCD:all = on"))
TOP = Process(
    "top",
    (*beams(14000.0, 450.0, 850.0), "Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W),
    target=6,
)
W = Process("w", (*beams(14000.0, 450.0, 850.0), "WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W), target=24)
# 900 and not higher: jets above 1.2 TeV that come from below the window would be lost, the heavier ones first
DIJET = Process("dijet", (*beams(13000.0, 900.0), "HardQCD:all = on"), radius=1.0)

_INVISIBLE_Z = ("WeakZ0:gmZmode = 2", "23:onMode = off", "23:onIfAny = 12 14 16")
# as the energyflow sets (arXiv:1810.05165); no maximum, because jets of 500 GeV come from above it too
QUARK = Process(
    "quark",
    (*beams(14000.0, 425.0), "WeakBosonAndParton:qg2gmZq = on", *_INVISIBLE_Z),
    mpi=True,
    flavours=True,
    radius=0.4,
)
GLUON = Process(
    "gluon",
    (*beams(14000.0, 425.0), "WeakBosonAndParton:qqbar2gmZg = on", *_INVISIBLE_Z),
    mpi=True,
    flavours=True,
    radius=0.4,
)
Z_JETS = Process(
    "z-jets",
    (
        *beams(13000.0, 80.0),
        "WeakBosonAndParton:qg2gmZq = on",
        "WeakBosonAndParton:qqbar2gmZg = on",
        "WeakZ0:gmZmode = 2",
        "23:onMode = off",
        "23:onIfAny = 11 13",
        "PhaseSpace:mHatMin = 60.0",
    ),
    remove=(11, 13, 22),
    radius=0.4,
)
