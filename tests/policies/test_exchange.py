"""Label exchange: sizes and strata stay, every assignment is equally likely, weighted events are refused."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events.events import Events
from strangeness.policies import LabelExchange
from strangeness.policies.exchange import exchanged


def _events(n: int, name: str, weight: float = 1.0) -> Events:
    rng = np.random.default_rng([7, *name.encode()])
    return Events(
        {"mjj": rng.uniform(3000, 6000, n), "a": rng.normal(size=n)}, identities(name, n), np.full(n, weight)
    )


@pytest.mark.parametrize("stratum", [None, np.zeros(5, np.intp)])
def test_every_assignment_is_equally_likely(stratum: Any, rng: np.random.Generator) -> None:
    label = np.array([True, True, False, False, False])
    seen = [tuple(np.flatnonzero(exchanged(label, stratum, rng)).tolist()) for _ in range(4000)]
    counts = np.array([seen.count(pair) for pair in combinations(range(5), 2)])
    # chi-square of 10 cells with 400 expected each; 27.9 is its 99.9 % quantile for 9 degrees of freedom
    assert np.sum((counts - 400) ** 2 / 400) < 27.9


def test_sizes_identities_and_strata_stay(rng: np.random.Generator) -> None:
    data, reference, edges = _events(300, "data"), _events(900, "reference"), (4000.0, 5000.0)
    first, second = LabelExchange(strata=edges).fitted(data, reference, "mjj")(rng)
    assert (len(first), len(second)) == (300, 900)
    ids = {int(i) for part in (data, reference) for i in as_uint64(part.id)}
    assert {int(i) for part in (first, second) for i in as_uint64(part.id)} == ids
    for toy, given in ((first, data), (second, reference)):
        cells = [
            np.bincount(np.searchsorted(edges, part.column("mjj"), side="right")) for part in (toy, given)
        ]
        np.testing.assert_array_equal(cells[0], cells[1])
    assert len(np.intersect1d(as_uint64(first.id), as_uint64(data.id))) < 200


def test_only_common_columns_are_exchanged(rng: np.random.Generator) -> None:
    data, reference = _events(20, "data"), _events(30, "reference")
    more = Events({**data.features, "b": np.zeros(20)}, data.id, data.weight)
    first, _ = LabelExchange().fitted(more, reference, "mjj")(rng)
    assert set(first.features) == {"mjj", "a"}


def test_weighted_events_are_refused() -> None:
    with pytest.raises(InputError, match="weighted events cannot be exchanged"):
        LabelExchange().fitted(_events(20, "data"), _events(30, "reference", 0.5), "mjj")
