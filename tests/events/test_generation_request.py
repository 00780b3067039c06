"""What a request becomes: the process with its changes, rows and cuts, and refusals that name the remedy."""

from __future__ import annotations

import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation.catalogue import DIJETS_56
from strangeness.events.generation.processes import PROCESSES
from strangeness.events.generation.request import CUTS, Request, requested
from strangeness.events.generation.selection import DijetCuts, JetCuts


@pytest.mark.parametrize("name", sorted(PROCESSES))
def test_every_process_becomes_a_sample(name: str) -> None:
    sample = requested(Request(name, 10))
    assert sample.parts[0].number == 10
    assert sample.cuts == CUTS.get(name, JetCuts())
    assert sample.shard_events == 250


def test_a_large_request_of_dijets_uses_the_shards_of_the_sample() -> None:
    sample = requested(Request("dijet", 1_000_000, subjettiness=True))
    assert sample.fingerprint(sample.parts[0], 1) == DIJETS_56.fingerprint(DIJETS_56.parts[0], 1)


def test_changes_reach_pythia() -> None:
    sample = requested(
        Request(
            "dijet",
            9000,
            pythia=("TimeShower:alphaSvalue = 0.14",),
            window=(800.0, float("inf")),
            mpi=True,
            bias=4.0,
            cuts={"pt_min": 1000.0, "mjj_min": 2000.0},
        )
    )
    lines = sample.parts[0].process.lines(1)
    assert "PhaseSpace:pTHatMin = 800.0" in lines and "PhaseSpace:pTHatMin = 900.0" not in lines
    assert not any("pTHatMax" in line for line in lines)
    assert "PartonLevel:MPI = on" in lines
    assert lines[-1] == "TimeShower:alphaSvalue = 0.14"
    assert sample.parts[0].process.weighted
    assert sample.cuts == DijetCuts(leading_pt=1000.0, mjj_low=2000.0)
    assert sample.early is not None and sample.early.pt == 890.0
    assert sample.describe(1)["multiparton_interactions"] == "on"


def test_rows_can_be_the_other_kind() -> None:
    assert isinstance(requested(Request("top", 10, rows="dijets")).cuts, DijetCuts)
    assert isinstance(requested(Request("wprime", 10, rows="jets", cuts={"pt_max": 900.0})).cuts, JetCuts)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request("wprme", 10), "no process is called 'wprme'. Did you mean wprime"),
        (Request("wprime", 10, parameters={"mas": 1.0}), "no parameter 'mas'. Did you mean mass"),
        (Request("wprime", 10, parameters={"mass": 10.0}), "'mass' is 10.0. Give 1000 to 9000 GeV"),
        (Request("dijet", 0), "0 events. Ask for 1"),
        (Request("dijet", 10, window=(900.0, 800.0)), "window from 900.0 to 800.0 GeV is empty"),
        (Request("dijet", 10, cuts={"pt_max": 1.0}), "have no cut 'pt_max'. Known: radius, pt_min"),
        (Request("top", 10, cuts={"radius": 0.0}), "the cut 'radius' is 0. Give a finite, positive"),
        (Request("top", 10, subjettiness=True), "Ask for rows 'dijets'"),
        (Request("top", 10, bias=-1.0), "the power of the bias is -1.0"),
    ],
    ids=range(9),
)
def test_what_cannot_be_is_refused(request_: Request, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        requested(request_)
    assert said in str(refusal.value)
