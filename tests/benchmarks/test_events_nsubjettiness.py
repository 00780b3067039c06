"""The loop that the benchmark compares with gives N-subjettiness, and its row is as it is declared."""

import numpy as np
import pytest

from benchmarks.events_nsubjettiness import CASES, SAME, SPEED, looped_taus
from strangeness.events.generation.clustering import quiet
from strangeness.jets.nsubjettiness import nsubjettiness
from tests.jets.fast import one, random_jets


def test_the_loop_gives_the_taus_of_two_prongs_and_ours() -> None:
    pytest.importorskip("fastjet")
    with quiet():
        two = looped_taus(one((10.0, 0.0, 3.1), (10.0, 0.2, 3.1)), 3, 0.5)
        many = looped_taus(random_jets(10, 20), 3, 0.8)
    # each half is 0.1 from the axis between them
    np.testing.assert_allclose(two, [[0.1 / 0.5, 0.0, 0.0]], rtol=1e-12)
    ours = nsubjettiness(random_jets(10, 20), 3, radius=0.8, axes="kt")[..., 0]
    np.testing.assert_allclose(many, ours, atol=SAME)


def test_rates_are_those_of_the_medians() -> None:
    raw = {"ours": [0.5, 0.5, 9.0], "rival": [5.0, 5.0, 5.0], "jets": 100}
    measured = CASES[0].measured([raw])[SPEED]
    assert measured.value == 10.0 and measured.note == "200 jets/s against 20"
