"""From a configuration to an analysis and the controls that are run beside it."""

from __future__ import annotations

from dataclasses import is_dataclass, replace
from typing import Any

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.cli.config import CalibrationTable, ChecksTable, Config, SearchTable
from strangeness.cli.hyperparameters import detector_of
from strangeness.core.errors import ConfigError
from strangeness.core.estimators import Detector
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.representations import KinematicFeatures
from strangeness.search import BumpHunt, CountingExperiment, DijetFunction, Gate


def analysis_of(config: Config) -> Analysis:
    """The analysis that a configuration describes.

    Raises:
        ConfigError: for an unknown detector or hyperparameter, or tables that do not fit together.
    """
    features = config.representation
    return Analysis(
        representation=KinematicFeatures(tuple(features.features), log=features.logarithmic()),
        detector=detector_of(config.detector),
        calibrator=_calibrator(config.calibration, config.search),
        search=_search(config.search),
        context=config.search.context,
        region=config.search.region,
        gate=_gate(config.checks),
    )


def _gate(table: ChecksTable) -> Gate:
    return Gate(
        level=table.level,
        n_simulated=table.simulated,
        n_toys=table.toys,
        n_pseudo=table.pseudo_experiments,
    )


def _calibrator(table: CalibrationTable, search: SearchTable) -> Mondrian | SplitConformal:
    if table.kind == "split":
        return SplitConformal(randomised=table.randomised)
    return Mondrian(bins=table.bins, range=search.limits(), randomised=table.randomised)


def _search(table: SearchTable) -> BumpHunt | CountingExperiment:
    if table.kind == "counting":
        if table.region is None:
            raise ConfigError(
                "'search.kind' is counting and there is no region", "Add 'region' under [search]."
            )
        return CountingExperiment(alpha=table.alpha, region=table.region)
    low, high = table.limits()
    return BumpHunt(
        lo=low,
        hi=high,
        relative_width=table.relative_width,
        background=DijetFunction(table.parameters, table.sqrt_s),
        alpha=table.alpha,
        n_pseudo=table.pseudo_experiments,
    )


def controls_of(config: Config, detector: Detector) -> dict[str, Detector]:
    """What a detector is always shown beside: itself untrained, one feature, the sum of all, Mahalanobis."""
    first = config.representation.features[0]
    controls: dict[str, Detector] = {f"{first} alone": OneFeature(0), "sum of features": SumOfFeatures()}
    if len(config.representation.features) > 1 and not isinstance(detector, Mahalanobis):
        controls["mahalanobis"] = Mahalanobis()
    training: Any = getattr(detector, "training", None)
    if is_dataclass(training) and not isinstance(training, type):
        untrained: Any = replace(detector, training=replace(training, epochs=0))  # type: ignore[type-var]
        controls = {f"{config.detector.name}, untrained": untrained, **controls}
    return controls
