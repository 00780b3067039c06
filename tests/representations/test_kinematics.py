"""Derived features against values by hand; what is missing or impossible is named."""

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.representations import KinematicFeatures, KinematicMap

TWO_JETS = {
    "mj1": np.array([100.0, 50.0, 70.0]),
    "mj2": np.array([80.0, 300.0, 70.0]),
    "tau21_1": np.array([0.1, 0.2, 0.3]),
    "tau21_2": np.array([0.4, 0.5, 0.6]),
    "tau32_1": np.array([0.15, 0.25, 0.35]),
    "tau32_2": np.array([0.45, 0.55, 0.65]),
}
ONE_JET = {
    "tau1": np.array([0.5, 0.2, 0.0]),
    "tau2": np.array([0.25, 0.0, 0.0]),
    "tau3": np.array([0.05, 0.0, 0.0]),
}
# At equal masses the first jet is the heavy one and the second the light one.
BY_HAND = {
    "mj_heavy": (TWO_JETS, [100.0, 300.0, 70.0]),
    "mj_light": (TWO_JETS, [80.0, 50.0, 70.0]),
    "tau21_heavy": (TWO_JETS, [0.1, 0.5, 0.3]),
    "tau21_light": (TWO_JETS, [0.4, 0.2, 0.6]),
    "tau32_heavy": (TWO_JETS, [0.15, 0.55, 0.35]),
    "tau32_light": (TWO_JETS, [0.45, 0.25, 0.65]),
    "tau21": (ONE_JET, [0.5, 0.0, 0.0]),
    "tau32": (ONE_JET, [0.2, 0.0, 0.0]),
}


def _map(columns: Any, features: tuple[str, ...], log: tuple[str, ...] = ()) -> Batch:
    batch = make_batch(columns)
    return KinematicFeatures(features, log).fit_map(ArraySource(batch), key=jax.random.key(0))(batch)


@pytest.mark.parametrize("name", BY_HAND)
def test_derived_features_equal_values_by_hand(name: str) -> None:
    columns, expected = BY_HAND[name]
    np.testing.assert_allclose(_map(columns, (name,)).x[:, 0], expected, rtol=1e-15)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=20))
def test_heavy_and_light_are_the_two_masses(masses: list[tuple[float, float]]) -> None:
    mj1, mj2 = np.array(masses).T
    pair = _map({"mj1": mj1, "mj2": mj2}, ("mj_heavy", "mj_light")).x
    np.testing.assert_array_equal(pair, np.stack([np.maximum(mj1, mj2), np.minimum(mj1, mj2)], axis=1))


def test_the_matrix_keeps_order_rows_and_identities() -> None:
    batch = make_batch(TWO_JETS, context=np.arange(3.0), sample=1)
    mapped = KinematicMap(("tau21_2", "mj1"), ("mj1",))(batch)
    np.testing.assert_array_equal(mapped.x[:, 0], TWO_JETS["tau21_2"])
    np.testing.assert_allclose(mapped.x[:, 1], np.log(1.0 + TWO_JETS["mj1"]), rtol=1e-12)
    assert mapped.x.dtype == np.float64
    assert mapped.id is batch.id and mapped.context is batch.context and mapped.sample is batch.sample


def test_a_column_of_the_file_goes_before_a_derived_feature() -> None:
    measured = np.array([9.0, 8.0, 7.0])
    np.testing.assert_array_equal(_map({**ONE_JET, "tau21": measured}, ("tau21",)).x[:, 0], measured)
    np.testing.assert_array_equal(_map({"tau21": measured}, ("tau21",)).x[:, 0], measured)


@pytest.mark.parametrize(
    ("columns", "features", "log", "why"),
    [
        (TWO_JETS, ("mj_1",), (), r"needs the column 'mj_1'. Did you mean mj1"),
        (TWO_JETS, ("mj_heavi",), (), "Did you mean mj_heavy"),
        (ONE_JET, ("mj_heavy",), (), "'mj_heavy' needs the column 'mj1'"),
        (TWO_JETS, (), (), "no features were named"),
        (TWO_JETS, ("mj1", "mj1"), (), "'mj1' is named twice"),
        (TWO_JETS, ("mj1",), ("mj2",), r"'log' names \['mj2'\]"),
        (TWO_JETS, "mj1", (), "'features' is the text 'mj1'"),
        ({"a": np.array([1.0, np.nan])}, ("a",), (), "feature 'a' is nan in event 1"),
        ({"a": np.array([np.inf, 1.0])}, ("a",), ("a",), "feature 'a' is inf in event 0"),
        ({"a": np.array([1.0, -2.0])}, ("a",), ("a",), "logarithm of 'a' met -2"),
        ({"a": np.ones((2, 3))}, ("a",), (), r"column 'a' has shape \(2, 3\)"),
        ({"a": np.array(["x", "y"])}, ("a",), (), "column 'a' holds <U1"),
        (np.ones((2, 2)), ("a",), (), "were given ndarray"),
    ],
)
def test_what_cannot_be_made_is_named(columns: Any, features: Any, log: tuple[str, ...], why: str) -> None:
    with pytest.raises(InputError, match=why):
        _map(columns, features, log)


def test_the_map_refuses_later_batches_too() -> None:
    fitted = KinematicFeatures(("mj1",)).fit_map(ArraySource(make_batch(TWO_JETS)), key=jax.random.key(0))
    with pytest.raises(InputError, match="needs the column 'mj1'"):
        fitted(make_batch(ONE_JET))


def test_a_source_without_events_is_refused() -> None:
    empty = ArraySource(make_batch(TWO_JETS).take(np.arange(0)))
    with pytest.raises(InputError, match="no batch"):
        KinematicFeatures(("mj1",)).fit_map(empty, key=jax.random.key(0))
