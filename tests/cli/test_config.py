"""Configurations are read whole and strictly, or refused with the key, the value and what was expected."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strangeness.cli.building import analysis_of, completed, controls_of, representation_of
from strangeness.cli.config import Config, Given, checked, from_options, from_toml
from strangeness.core.errors import ConfigError
from strangeness.detectors.controls import OneFeature
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.detectors.ensemble import Ensemble
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.methods import dijet_search
from strangeness.representations import JetImages, KinematicFeatures
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment

SMALL = '[data]\nfile = "d.parquet"\n[detector]\nname = "mahalanobis"\n'


def _toml(folder: Path, text: str) -> Path:
    path = folder / "analysis.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = from_toml(_toml(tmp_path, f'out = "run"\n{SMALL}[reference]\nfile = "/abs/mc.parquet"\n'))
    assert config.data.file == str(tmp_path / "d.parquet")
    assert config.out == str(tmp_path / "run")
    assert config.reference is not None and config.reference.file == "/abs/mc.parquet"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"sead = 1\n{SMALL}", "unknown key 'sead'. Did you mean seed"),
        (f"{SMALL}[search]\nalfa = 0.1\n", "unknown key 'search.alfa'. Did you mean alpha"),
        (f"{SMALL}[reference]\nfile = 'x'\nlayuot = 'npz'\n", "'reference.layuot'. Did you mean layout"),
        (f"{SMALL}[search]\nalpha = 'high'\n", "'search.alpha' in "),
        (f"{SMALL}[search]\nalpha = 'high'\n", 'is "high". It should be a valid number.'),
        (f"{SMALL}[search]\nalpha = 2.0\n", "is 2.0. It should be less than 1."),
        (f"{SMALL}[search]\nrange = [3000]\n", "'search.range"),
        (f"{SMALL}[search]\nrange = [7000, 3000]\n", "It should run from low to high."),
        (f"{SMALL}[search]\nrange = [nan, 3000]\n", "'search.range.0'"),
        (f"{SMALL}[search]\nkind = 'bumphunt'\n", "'counting' or 'windows'"),
        (f"seed = 1.5\n{SMALL}", "'seed' in "),
        (f"seed = true\n{SMALL}", "is true. It should be a valid integer."),
        (f"seed = 2020-01-01\n{SMALL}", "It should be a valid integer."),
        ("[detector]\nname = 'pca'\n", "lacks 'data'. Add it."),
        ("[data]\nfile = 'x'\n", "lacks 'detector'"),
        ("seed = \n", "is not TOML"),
        (f"{SMALL}[representation]\nfeatures = []\n", "'representation.features'"),
    ],
)
def test_wrong_keys_types_and_values_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_toml(_toml(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "mahalanobs"}, "unknown detector 'mahalanobs'. Did you mean mahalanobis"),
        ({"name": "dense-autoencoder", "hiden": 3}, "unknown key 'hiden'. Did you mean hidden"),
        ({"name": "dense-autoencoder", "training": {"epoch": 3}}, "'training.epoch'. Did you mean epochs"),
        ({"name": "dense-autoencoder", "training": {"epochs": "many"}}, "'training.epochs'"),
        ({"name": "dense-autoencoder", "hidden": 3.5}, "'hidden'"),
        ({"name": "dense-autoencoder", "hidden": None}, "'hidden'"),
    ],
)
def test_hyperparameters_are_checked_against_the_class(table: dict, message: str) -> None:
    config = Config.model_validate({"data": {"file": "x"}, "detector": table})
    with pytest.raises(ConfigError) as caught:
        analysis_of(completed(config))
    assert message in str(caught.value)


def test_hyperparameters_reach_the_detector() -> None:
    table = {"name": "dense-autoencoder", "hidden": 5, "training": {"epochs": 3, "learning_rate": 1}}
    config = Config.model_validate({"data": {"file": "x"}, "detector": table})
    plain = DenseAutoencoder()
    training = replace(plain.training, epochs=3, learning_rate=1)
    assert analysis_of(completed(config)).detector == DenseAutoencoder(hidden=5, training=training)


def test_a_detector_can_hold_another() -> None:
    inside = {"name": "dense-autoencoder", "hidden": 5, "training": {"epochs": 3}}
    table = {"name": "ensemble", "members": 2, "detector": inside}
    config = Config.model_validate({"data": {"file": "x"}, "detector": table})
    plain = DenseAutoencoder(hidden=5)
    member = replace(plain, training=replace(plain.training, epochs=3))
    assert analysis_of(completed(config)).detector == Ensemble(member, members=2)
    for wrong, message in (({"hiden": 3}, "unknown key 'hiden'"), ({"name": "dense"}, "unknown detector")):
        table = {"name": "ensemble", "detector": {**inside, **wrong}}
        config = Config.model_validate({"data": {"file": "x"}, "detector": table})
        with pytest.raises(ConfigError, match=message):
            analysis_of(completed(config))


def test_controls_hold_the_untrained_detector() -> None:
    config = Config.model_validate({"data": {"file": "x"}, "detector": {"name": "dense-autoencoder"}})
    controls = controls_of(completed(config), analysis_of(completed(config)).detector, ())
    names = list(controls)
    assert names == ["dense-autoencoder, untrained", "mj_heavy alone", "sum of features", "mahalanobis"]
    _, untrained = controls["dense-autoencoder, untrained"]
    assert isinstance(untrained, DenseAutoencoder) and untrained.training.epochs == 0


def test_images_are_shown_beside_a_scalar_and_take_no_features() -> None:
    values: dict[str, Any] = {"data": {"file": "x"}, "detector": {"name": "mahalanobis"}}
    values["representation"] = {"kind": "images"}
    config = completed(Config.model_validate(values))
    assert representation_of(config.representation) == JetImages(40)
    controls = controls_of(config, Mahalanobis(), ("multiplicity", "mass", "constituents"))
    assert controls == {"mass alone": (KinematicFeatures(("mass",)), OneFeature(0))}
    values["representation"] = {"kind": "points", "pixels": 12}
    with pytest.raises(ConfigError, match="'pixels' does not belong to kind = 'points'"):
        checked(Config, values, "'x.toml'")


def test_defaults_are_those_of_the_dijet_search() -> None:
    config = Config.model_validate({"data": {"file": "x"}, "detector": {"name": "mahalanobis"}})
    ours = analysis_of(completed(config))
    theirs = dijet_search.dijet_search(ours.detector)
    assert ours.representation == theirs.representation
    assert ours.search == theirs.search


def test_options_stand_for_a_configuration() -> None:
    given = Given(
        reference=Path("mc"), detector="pca", context="m", range=(1.0, 2.0), features="a, b,", alpha=0.05
    )
    config = from_options(Path("d.npz"), given)
    assert config.representation.features == ["a", "b"]
    assert config.reference is not None and config.reference.file == "mc"
    assert (config.search.context, config.search.range, config.search.alpha) == ("m", (1.0, 2.0), 0.05)
    with pytest.raises(ConfigError, match="no detector was named"):
        from_options(Path("d.npz"), Given())
    with pytest.raises(ConfigError, match="no range is given for 'm'"):
        completed(from_options(Path("d.npz"), replace(given, range=None)))


def test_counting_needs_a_region() -> None:
    values = {"data": {"file": "x"}, "detector": {"name": "pca"}, "calibration": {"kind": "split"}}
    search = {"kind": "counting", "alpha": 0.03}
    with pytest.raises(ConfigError, match="no region"):
        analysis_of(completed(Config.model_validate({**values, "search": search})))
    search["region"] = (3000, 4000)
    counting = analysis_of(completed(Config.model_validate({**values, "search": search}))).search
    assert counting == CountingExperiment(alpha=0.03, region=(3000, 4000))
    assert isinstance(analysis_of(completed(Config.model_validate(values))).search, BumpHunt)


def test_the_hash_knows_every_value_but_the_folder() -> None:
    base = Config.model_validate({"data": {"file": "x"}, "detector": {"name": "pca", "n": 1}})
    again = base.model_copy(update={"out": "elsewhere"})
    other = Config.model_validate({"data": {"file": "x"}, "detector": {"name": "pca", "n": 2}})
    assert base.resolved()["hash"] == again.resolved()["hash"] != other.resolved()["hash"]
    assert base.resolved(sha256="a")["hash"] != base.resolved(sha256="b")["hash"]
