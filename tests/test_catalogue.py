"""What is installed is found by its card; plug-ins that are broken or take a name are refused."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np
import pytest

from strangeness import catalogue
from strangeness.catalogue import all_detectors, find_detector, load, storable
from strangeness.core import artefact
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import ConfigError, FileError
from strangeness.detectors.controls import LinearScorer, SumOfFeatures
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.representations import KinematicMap

OURS = {
    "cwola",
    "cwola-trees",
    "dense-autoencoder",
    "mahalanobis",
    "nearest-neighbours",
    "one-feature",
    "pca",
    "sum-of-features",
}


@dataclass
class OtherSum(SumOfFeatures):
    """Takes the name of the control."""


class Lookalike(LinearScorer):
    """Stored under the name of another class."""


Lookalike.__name__ = "LinearScorer"


@dataclass
class Pretender(SumOfFeatures):
    card: ClassVar = replace(SumOfFeatures.card, name="pretender")
    stores: ClassVar = (Lookalike,)


def _install(folder: Path, patch: pytest.MonkeyPatch, value: str) -> None:
    """A package in ``folder`` whose entry point is ``value``."""
    about = folder / "plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[strangeness.detectors]\nextra = {value}\n")
    patch.syspath_prepend(folder)


@pytest.fixture(autouse=True)
def this_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "catalogue_plug_ins", sys.modules[__name__])


def test_ours_are_found_in_order_and_no_abstract_class() -> None:
    names = list(all_detectors())
    assert set(names) >= OURS and names == sorted(names)
    assert all(cls.card.name == name for name, cls in all_detectors().items())


def test_an_unknown_name_gets_the_nearest() -> None:
    assert find_detector("mahalanobis") is Mahalanobis
    with pytest.raises(ConfigError, match=r"unknown detector 'mahalanobbis'.*Did you mean mahalanobis"):
        find_detector("mahalanobbis")


def test_what_detectors_and_maps_store_can_be_loaded(tmp_path: Path) -> None:
    assert {"LinearScorer", "KinematicMap", "Network", "ConformalNull"} <= set(storable())
    batch = make_batch(np.random.default_rng(0).normal(size=(20, 2)))
    scorer = SumOfFeatures().fit_scorer(ArraySource(batch), key=jax.random.key(0))
    for value in (scorer, KinematicMap(("mj1",), ())):
        artefact.save(tmp_path / "fitted", value, about={"seed": 3})
        loaded, about = load(tmp_path / "fitted")
        assert type(loaded) is type(value) and about == {"seed": 3}
    artefact.save(tmp_path / "other", Lookalike(scorer.standardiser, scorer.direction))
    assert type(load(tmp_path / "other")[0]) is LinearScorer  # by name alone, from the closed table


def test_an_unknown_class_in_an_artefact_is_refused(tmp_path: Path) -> None:
    batch = make_batch(np.eye(3))
    scorer = Mahalanobis().fit_scorer(ArraySource(batch), key=jax.random.key(0))
    artefact.save(tmp_path / "fitted", scorer)
    with pytest.raises(FileError, match="unknown class 'MahalanobisScorer'"):
        artefact.load(tmp_path / "fitted", {"LinearScorer": LinearScorer})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_module:Nothing", r"'extra' \(no_such_module:Nothing\) fails to load: No module named"),
        ("catalogue_plug_ins:OURS", "is not a Detector class"),
        ("catalogue_plug_ins:LinearScorer", "is not a Detector class"),
        ("catalogue_plug_ins:OtherSum", "two detectors are called 'sum-of-features'.*controls.*OtherSum"),
    ],
)
def test_a_plug_in_that_does_not_fit_is_named(
    value: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, monkeypatch, value)
    with pytest.raises(ConfigError, match=why):
        all_detectors()


def test_two_stored_classes_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, monkeypatch, "catalogue_plug_ins:Pretender")
    assert catalogue.find_detector("pretender") is Pretender
    with pytest.raises(ConfigError, match="two stored classes are called 'LinearScorer'"):
        storable()


def test_a_class_stored_by_two_detectors_is_one() -> None:
    table: dict[str, Any] = storable()
    assert table["LinearScorer"] is LinearScorer
