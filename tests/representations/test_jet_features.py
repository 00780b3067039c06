"""Features of jets: each against the function that it is made of, documented values, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.artefact import load, save
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.jets import shapes
from strangeness.jets.correlations import correlations
from strangeness.jets.grooming import soft_drop
from strangeness.jets.nsubjettiness import nsubjettiness
from strangeness.jets.ragged import padded
from strangeness.representations.jet_features import SAFE, SAFETY, JetFeatureMap, JetFeatures, SafeJetFeatures
from tests.representations.particles import toy_jets

ALL = tuple(SAFETY)


def features_of(
    jets: NDArray[Any], kind: type[JetFeatures | SafeJetFeatures] = JetFeatures, **options: Any
) -> dict[str, NDArray[np.float64]]:
    batch = make_batch({"constituents": jets})
    fitted = kind(**options).fit_map(ArraySource(batch), key=jax.random.key(0))
    x = fitted(batch).x
    assert x.dtype == np.float64 and x.shape == (len(jets), *fitted.row_shape)
    return dict(zip(fitted.features, x.T, strict=True))


def test_features_are_those_of_the_functions_with_the_settings_of_the_options() -> None:
    x = toy_jets(30)
    jets = padded(x)
    options = {"radius": 0.6, "axes": "kt", "tau_beta": 2.0, "correlation_beta": 1.5, "z_cut": 0.2}
    found = features_of(x, features=ALL, drop_beta=1.0, **options)
    tau = nsubjettiness(jets, 9, (2.0,), radius=0.6, axes="kt")[..., 0]
    parts, groomed, axes = correlations(jets, (1.5,)), soft_drop(jets, 0.2, 1.0, 0.6), shapes.summed(jets)
    expected = {
        "mass": axes.mass,
        "pt": axes.pt,
        "multiplicity": (x[..., 0] > 0).sum(axis=1),
        "girth": shapes.girth(jets, 0.6),
        "width": shapes.width(jets, 0.6),
        "ptd": np.sqrt((x[..., 0].astype(float) ** 2).sum(axis=1)) / x[..., 0].astype(float).sum(axis=1),
        "softdrop_mass": shapes.summed(groomed.jets).mass,
        "z_g": groomed.z,
        "r_g": groomed.radius,
        **{name: getattr(parts, name)[:, 0] for name in ("e2", "e3", "c2", "d2")},
        **{f"tau{n}": tau[:, n - 1] for n in range(1, 10)},
        **{f"tau{n}{n - 1}": shapes._over(tau[:, n - 1], tau[:, n - 2]) for n in range(2, 10)},
    }
    assert set(expected) == set(ALL)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, err_msg=name)


def test_one_feature_is_that_of_all_and_blocks_do_not_matter() -> None:
    x = np.tile(toy_jets(60, 8), (70, 1, 1))
    found = features_of(x, features=ALL)
    for name in ("tau32", "d2", "z_g", "ptd"):
        np.testing.assert_array_equal(features_of(x, features=(name,))[name], found[name])
        np.testing.assert_array_equal(found[name], np.tile(found[name][:60], 70))


def test_documented_values_of_few_and_identical_particles() -> None:
    x = np.zeros((4, 5, 3))
    x[0, 2] = 50.0, 0.3, -0.2
    x[1, :2] = (30.0, 0.0, 0.0), (10.0, 0.3, 0.4)
    x[2, :4] = 5.0, 0.7, 3.0
    x[3, :3] = (8.0, 0.0, 0.0), (8.0, 0.2, 0.0), (8.0, 0.0, 0.2)
    for axes in ("kt", "wta_kt"):
        found = features_of(x, features=ALL, axes=axes)
        assert all(np.isfinite(values).all() for values in found.values())
        zero_for_one = [name for name in ALL if name not in ("pt", "multiplicity", "ptd")]
        assert {name for name in zero_for_one if found[name][0] != 0.0} == set()
        assert found["ptd"][0] == 1.0 and found["multiplicity"].tolist() == [1.0, 2.0, 4.0, 3.0]
        # two particles: a pair, but no third axis and no triple
        assert found["tau1"][1] > 0.0 and found["e2"][1] == pytest.approx(0.25 * 0.75 * 0.5)
        for name in ("tau2", "tau21", "tau32", "e3", "c2", "d2"):
            assert found[name][1] == 0.0
        # equal directions are one direction, to the rounding of axes
        for name in ("mass", "softdrop_mass", "e2", "tau21", "tau32", "c2", "d2", "r_g"):
            assert found[name][2] == 0.0
        assert found["tau1"][2] == pytest.approx(0.0, abs=1e-14)
        assert found["tau3"][3] == found["tau43"][3] == 0.0 < found["tau32"][3] + found["tau2"][3]


def test_coordinates_may_be_absolute_and_the_padding_anywhere(rng: np.random.Generator) -> None:
    x = toy_jets(30).astype(np.float64)
    found = features_of(x, features=ALL)
    moved = x.copy()
    moved[..., 1] += 1.3
    moved[..., 2] = shapes.wrapped(moved[..., 2] + np.pi)
    moved = moved[:, rng.permutation(x.shape[1])]
    moved[moved[..., 0] == 0] = 0.0
    for name, values in features_of(moved, features=ALL).items():
        # masses near 0 lose digits to coordinates known to 4e-16
        np.testing.assert_allclose(values, found[name], rtol=1e-7, atol=1e-9, err_msg=name)


def test_the_map_stores_its_options_alone() -> None:
    fitted = JetFeatures().fit_map(
        ArraySource(make_batch({"constituents": toy_jets()})), key=jax.random.key(0)
    )
    assert jax.tree.leaves(fitted) == [] and fitted.columns(("constituents", "mjj")) == ("constituents",)
    assert JetFeatures().columns(("mjj",)) == ("constituents",)


def test_cards_say_what_is_safe() -> None:
    assert JetFeatures.card is not None and JetFeatures.card.safe == "no"
    assert SafeJetFeatures.card is not None and SafeJetFeatures.card.safe == "infrared and collinear"
    assert JetFeatures(("mass", "ptd", "tau21", "tau2")).safe_features == ("mass", "tau2")
    assert set(features_of(toy_jets(), SafeJetFeatures, features=SAFE)) == set(SAFE)
    with pytest.raises(InputError, match="'tau21' is not infrared and collinear safe"):
        features_of(toy_jets(), SafeJetFeatures, features=("mass", "tau21"))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"features": ()}, "the features"),
        ({"features": ("mass", "mass")}, "each once"),
        ({"features": "mass"}, "is the text 'mass'"),
        ({"features": ("softdropmass",)}, "Did you mean softdrop_mass"),
        ({"features": ("tau10",)}, "no feature is called 'tau10'"),
        ({"radius": 0.0}, "'radius' is 0.0"),
        ({"radius": True}, "'radius' is True"),
        ({"z_cut": 0.5}, "'z_cut' is 0.5"),
        ({"tau_beta": 0.1}, "'tau_beta' is 0.1"),
        ({"drop_beta": -1.0}, "'drop_beta' is -1.0"),
        ({"correlation_beta": np.nan}, "'correlation_beta' is nan"),
        ({"radius": "large"}, "'radius' is 'large'"),
        ({"axes": "kT"}, "no axes are called 'kT'"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        features_of(toy_jets(), **options)


def test_stored_options_are_checked_again() -> None:
    with pytest.raises(InputError, match="'radius' is -1"):
        JetFeatureMap(("mass",), -1.0, "kt", 1.0, 1.0, 0.1, 0.0)


@pytest.mark.parametrize(
    ("value", "why"),
    [(0.0, "event 4 has no particle"), (-1.0, "event 4 has pt -1"), (np.nan, "event 4 has pt nan")],
)
def test_bad_events_are_named(value: float, why: str) -> None:
    jets = toy_jets()
    jets[4, :, 0] = value
    with pytest.raises(InputError, match=why):
        features_of(jets)


def test_other_columns_and_empty_sources_are_refused() -> None:
    key = jax.random.key(0)
    with pytest.raises(InputError, match="no constituents"):
        JetFeatures().fit_map(ArraySource(make_batch(np.ones((3, 2)))), key=key)
    empty = ArraySource(make_batch({"constituents": toy_jets()}).take(np.arange(0)))
    with pytest.raises(InputError, match="no batch"):
        JetFeatures().fit_map(empty, key=key)


def test_a_stored_map_makes_the_same(tmp_path: Path) -> None:
    batch = make_batch({"constituents": toy_jets()})
    fitted = JetFeatures(tau_beta=2).fit_map(ArraySource(batch), key=jax.random.key(0))
    save(tmp_path / "map", fitted)
    loaded, _ = load(tmp_path / "map", {"JetFeatureMap": JetFeatureMap})
    np.testing.assert_array_equal(loaded(batch).x, fitted(batch).x)
