"""Against brute force and scikit-learn; an event is never its own neighbour, a copy of it is."""

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors as SklearnNeighbours

from strangeness.core.batch import ArraySource, Batch, concatenate, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.nearest_neighbours import NearestNeighbours, NearestNeighboursScorer


def _fit(batch: Batch, **settings: Any) -> NearestNeighboursScorer:
    return NearestNeighbours(**settings).fit_scorer(ArraySource(batch), key=jax.random.key(0))


def _standard(reference: NDArray[Any], rows: NDArray[Any]) -> NDArray[np.float64]:
    return (rows - reference.mean(axis=0)) / reference.std(axis=0)


def _brute(reference: Batch, events: Batch, k: int) -> NDArray[np.float64]:
    """Mean distance to the k closest reference events of another identity, written out."""
    there, here = (_standard(reference.x, batch.x) for batch in (reference, events))
    distance = np.linalg.norm(here[:, None] - there[None], axis=2)
    own = np.all(events.id[:, None] == reference.id[None], axis=2)
    return np.sort(np.where(own, np.inf, distance), axis=1)[:, :k].mean(axis=1)


def test_equals_scikit_learn_on_other_events(rng: np.random.Generator, x64: None) -> None:
    reference, events = (make_batch(rng.normal(size=(n, 3)) * [1, 10, 0.1], name=str(n)) for n in (300, 40))
    rival = SklearnNeighbours(n_neighbors=10).fit(_standard(reference.x, reference.x))
    distance, _ = rival.kneighbors(_standard(reference.x, events.x))
    np.testing.assert_allclose(_fit(reference)(events), distance.mean(axis=1), rtol=1e-9)


def test_equals_scikit_learn_without_the_event_itself(rng: np.random.Generator, x64: None) -> None:
    reference = make_batch(rng.normal(size=(200, 2)))
    rival = SklearnNeighbours(n_neighbors=5).fit(_standard(reference.x, reference.x))
    distance, _ = rival.kneighbors()  # no argument: the rows themselves, each without itself
    np.testing.assert_allclose(_fit(reference, k=5)(reference), distance.mean(axis=1), rtol=1e-9)


def test_a_mixture_of_known_and_new_events_equals_brute_force(rng: np.random.Generator, x64: None) -> None:
    reference = make_batch(rng.normal(size=(60, 2)))
    new = make_batch(rng.normal(size=(20, 2)), name="new")
    events = concatenate([reference.take(np.arange(0, 60, 3)), new])
    np.testing.assert_allclose(_fit(reference, k=4)(events), _brute(reference, events, 4), rtol=1e-9)


def test_its_own_identity_far_away_changes_nothing(rng: np.random.Generator, x64: None) -> None:
    reference = make_batch(rng.normal(size=(50, 2)))
    moved = reference.take(np.arange(5)).with_x(rng.normal(size=(5, 2)) + 2.0)
    np.testing.assert_allclose(_fit(reference, k=3)(moved), _brute(reference, moved, 3), rtol=1e-9)


def test_a_copy_with_another_identity_is_a_neighbour(rng: np.random.Generator) -> None:
    reference = make_batch(np.repeat(rng.normal(size=(20, 2)), 2, axis=0))
    np.testing.assert_allclose(_fit(reference, k=1)(reference), 0.0, atol=1e-6)


@given(st.integers(2, 12), st.integers(1, 15), st.integers(1, 4), st.integers(0, 2**16))
def test_duplicates_and_small_references_equal_brute_force(n: int, k: int, distinct: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.integers(0, distinct + 1, size=(n, 2)).astype(float)
    places[0] = [9.0, -9.0]  # so that both features vary
    reference = make_batch(places)
    expected = _brute(reference, reference, min(k, n - 1))
    np.testing.assert_allclose(_fit(reference, k=k)(reference), expected, rtol=1e-5, atol=1e-6)


def test_the_reference_is_thinned_by_identity(rng: np.random.Generator) -> None:
    reference = make_batch(rng.normal(size=(500, 2)))
    scorer = _fit(reference, max_reference=100)
    order = rng.permutation(500)
    again = _fit(reference.take(order), max_reference=100)
    kept = {tuple(words) for words in np.asarray(scorer.reference_id)}
    assert len(kept) == 100
    assert kept == {tuple(words) for words in np.asarray(again.reference_id)}


@pytest.mark.parametrize(
    ("settings", "named"), [({"k": 0}, "'k'"), ({"max_reference": 1}, "'max_reference'")]
)
def test_settings_out_of_range_are_refused(settings: dict[str, int], named: str) -> None:
    with pytest.raises(InputError, match=f"{named} of nearest-neighbours is"):
        _fit(make_batch(np.eye(4)), **settings)
