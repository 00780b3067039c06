"""Pseudo-data: fresh, of the right size and law, and no wider than the reference."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events.events import Events
from strangeness.policies import PseudoData


def _events(n: int, name: str) -> Events:
    rng = np.random.default_rng([7, *name.encode()])
    mass = 3000 + rng.exponential(500, n)
    features = {"mjj": mass[mass < 6000], "mj1": rng.gamma(4, 40, n)[mass < 6000]}
    return Events(features, identities(name, n)[mass < 6000], np.ones(int(np.sum(mass < 6000))))


def test_toys_follow_the_reference_and_are_fresh(rng: np.random.Generator) -> None:
    data, reference = _events(2000, "data"), _events(8000, "reference")
    draw = PseudoData(columns=("mj1",)).fitted(data, reference, "mjj")
    (first, known), (second, _) = draw(rng), draw(rng)
    # Poisson sizes within five standard deviations
    assert abs(len(first) - len(data)) < 5 * np.sqrt(len(data))
    assert abs(len(known) - len(reference)) < 5 * np.sqrt(len(reference))
    everyone = [as_uint64(part.id) for part in (first, known, second, data, reference)]
    assert len(np.unique(np.concatenate(everyone))) == sum(map(len, everyone))
    for column in ("mjj", "mj1"):
        found: Any = ks_2samp(known.column(column), _events(20_000, "other").column(column))
        assert found.pvalue > 1e-4, column


def test_other_contexts_are_refused() -> None:
    with pytest.raises(InputError, match="pseudo-data in 'pt'"):
        PseudoData(columns=("mj1",)).fitted(_events(50, "data"), _events(60, "reference"), "pt")
