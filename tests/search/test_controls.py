"""What controls change in the wording."""

from dataclasses import replace

import numpy as np

from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.controls import control_wording
from tests.search.spectra import EDGES, falling

HUNT = BumpHunt(edges=tuple(EDGES), alpha=0.1, n_pseudo=99, background=DijetFunction(3))
PLAIN = HUNT.run_counts(np.round(falling(3000)), rng=np.random.default_rng(0))
EMPTY, FOUND = replace(PLAIN, global_p=0.5), replace(PLAIN, global_p=0.01, local_log_p=-12.0)


def test_wording_follows_the_smallest_control() -> None:
    assert control_wording(FOUND, {}) == ""
    alone = {"mass alone": EMPTY, "untrained": replace(EMPTY, global_p=0.3)}
    assert control_wording(FOUND, alone).startswith("No control shows as much: 'untrained'")
    assert "adds nothing" in control_wording(FOUND, {**alone, "sum of features": FOUND})
    assert control_wording(EMPTY, alone).startswith("Neither")


def test_the_local_p_decides_where_no_global_p_could_be_smaller() -> None:
    weaker = replace(FOUND, local_log_p=-10.0)
    assert "No control" in control_wording(FOUND, {"mass alone": weaker})
    assert "adds nothing" in control_wording(weaker, {"mass alone": FOUND})


def test_a_blocked_result_is_not_compared() -> None:
    blocked = FOUND.with_checks([Check("mass sculpting", 0.0, 1.0, False, "bent")])
    assert control_wording(blocked, {"mass alone": EMPTY}).startswith("A check failed")
