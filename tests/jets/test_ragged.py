"""Jets of unequal length: what is dropped, counted, summed and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.jets.ragged import padded, ragged


def test_constituents_without_pt_are_dropped_and_empty_jets_stay() -> None:
    jets = ragged([1.0, 0.0, 2.0, 0.0], [0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0], [2, 1, 0, 1])
    assert jets.pt.tolist() == [1.0, 2.0] and jets.phi.tolist() == [1.0, 3.0]
    assert jets.counts.tolist() == [1, 1, 0, 0] and jets.owner.tolist() == [0, 1]
    np.testing.assert_array_equal(jets.sums(jets.pt * jets.eta), [0.1, 0.6, 0.0, 0.0])


def test_padded_and_ragged_are_the_same_jets(rng: np.random.Generator) -> None:
    x = rng.random((5, 4, 3))
    x[rng.random((5, 4)) < 0.4] = 0.0
    found, mask = padded(x), rng.random((5, 4)) < 0.5
    kept = x[..., 0] > 0
    expected = ragged(*x[kept].T, kept.sum(axis=1))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert padded(x, mask).counts.tolist() == (kept & mask).sum(axis=1).tolist()


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (([1.0], [0.0], [0.0], [2]), "for 2 counted"),
        (([1.0], [0.0, 1.0], [0.0], [1]), "for 1 counted"),
        (([-2.0], [0.0], [0.0], [1]), "pt = -2 GeV"),
        (([1.0], [np.nan], [0.0], [1]), "'eta' that is not finite"),
        (([np.inf], [0.0], [0.0], [1]), "'pt' that is not finite"),
        (([1.0], [0.0], [0.0], [[1]]), "shapes"),
    ],
)
def test_bad_columns_are_named(columns: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        ragged(*columns)


def test_padded_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(3, 2\)"):
        padded(np.ones((3, 2)))
