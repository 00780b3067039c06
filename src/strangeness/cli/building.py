"""From a configuration to an analysis and the controls that are run beside it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel

from strangeness.analysis import Analysis, Search
from strangeness.calibration import CovariateShift, Localised, Mondrian, SplitConformal
from strangeness.cli.binning import SELECTED, merged_edges
from strangeness.cli.config import ChecksTable, Config, PolicyTable, RepresentationTable, SearchTable
from strangeness.cli.hyperparameters import detector_of
from strangeness.core.errors import ConfigError
from strangeness.core.estimators import Calibrator, Detector, Representation
from strangeness.core.train import with_epochs
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.hits import LAYERS
from strangeness.methods.dijet_search import ALPHA, FEATURES, MJJ_RANGE
from strangeness.policies import HalfSplit, KFold, LabelExchange, Policy, PseudoData, SameData
from strangeness.representations import (
    CalorimeterImages,
    ConstituentChains,
    EnergyFlow,
    JetFeatures,
    JetImages,
    KinematicFeatures,
    LundImages,
    PointClouds,
)
from strangeness.search.background import DijetFunction, geometric_edges
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.counting import CountingExperiment
from strangeness.search.counting_windows import CountingWindows
from strangeness.search.function_choice import FunctionChoice, choose_function
from strangeness.search.gate import Gate
from strangeness.search.shape_hunt import ShapeHunt

_T = TypeVar("_T", bound=BaseModel)
CALIBRATION_SHARE = 0.6
"""Share of the reference that calibrates."""
SCALARS = ("mass", "mj1", "multiplicity")
"""What a control looks at where the detector sees particles."""
SIGNAL_WIDTH = 0.03
"""Relative width of the signal of a shape scan, when none is asked for."""
LARGER = 4.0
"""Reference events on which a function is chosen, over those that the cut keeps of the reference."""


def completed(config: Config) -> Config:
    """The configuration with everything that was left out, taken from the dijet search.

    Raises:
        ConfigError: when no range is given for a context that has no usual one.
    """
    search = config.search
    if search.range is None and search.context != "mjj":
        raise ConfigError(f"no range is given for '{search.context}'", "Add 'range' (--range LO HI) in GeV.")
    table = config.representation
    if table.kind == "features":
        features = table.features or list(FEATURES.features)
        table = _filled(table, features=features, log=[name for name in FEATURES.log if name in features])
    return config.model_copy(
        update={"representation": table, "search": _filled(search, range=MJJ_RANGE, alpha=ALPHA)}
    )


def _filled(table: _T, **defaults: Any) -> _T:
    """The table with defaults where it holds None."""
    return table.model_copy(update={k: v for k, v in defaults.items() if getattr(table, k) is None})


def analysis_of(config: Config, context: ArrayLike = (), function: DijetFunction | None = None) -> Analysis:
    """The analysis that a completed configuration describes.

    Args:
        config: completed.
        context: (n,) of the reference, which decides the bins of the calibration when none are asked for.
        function: background function, where it was chosen by an F-test.

    Raises:
        ConfigError: for an unknown detector or hyperparameter, or tables that do not fit together.
    """
    search = search_of(config.search, function)
    return Analysis(
        representation=representation_of(config.representation),
        detector=detector_of(config.detector),
        calibrator=_calibrator(config, search, context),
        search=search,
        context=config.search.context,
        region=config.search.region,
        gate=_gate(config.checks),
        policy=_policy(config.policy),
        null=_null(config),
    )


def representation_of(table: RepresentationTable) -> Representation:
    """The representation that a completed table describes."""
    if table.kind == "images":
        return JetImages(table.pixels, half_width=table.half_width, normalisation=table.normalisation)
    if table.kind == "points":
        return PointClouds(table.most)
    if table.kind == "chains":
        return ConstituentChains(table.most, table.order, table.position)
    if table.kind == "jet-features":
        made = JetFeatures(radius=table.radius)
        return made if table.features is None else replace(made, features=tuple(table.features))
    if table.kind == "energy-flow":
        return EnergyFlow(degree=table.degree, beta=table.beta)
    if table.kind == "lund-images":
        return LundImages(table.pixels)
    if table.kind == "calorimeter-images":
        layers = tuple(table.layers or LAYERS)
        return CalorimeterImages(table.pixels, table.crop, layers, table.normalisation)
    return KinematicFeatures(tuple(table.features or ()), log=tuple(table.log or ()))


def _policy(table: PolicyTable) -> Policy:
    if table.kind == "k-fold":
        return KFold(table.folds)
    return SameData() if table.kind == "same-data" else HalfSplit()


def _null(config: Config) -> LabelExchange | PseudoData | None:
    table, stop_after = config.null, config.null.stop_after or None
    if table.kind == "label-exchange":
        strata = None if table.strata is None else tuple(table.strata)
        return LabelExchange(table.toys, stop_after, strata)
    if table.kind == "pseudo-data":
        if config.representation.kind != "features":
            raise ConfigError(
                f"null.kind is pseudo-data and representation.kind {config.representation.kind}",
                "Use label-exchange: pseudo-data hold features only.",
            )
        return PseudoData(None, table.toys, stop_after)
    return None


def _gate(table: ChecksTable) -> Gate:
    return Gate(
        level=table.level,
        n_simulated=table.simulated,
        n_toys=table.toys,
        n_pseudo=table.pseudo_experiments,
    )


def _calibrator(config: Config, search: Search, context: ArrayLike) -> Calibrator:
    table = config.calibration
    if table.kind == "split":
        return SplitConformal(randomised=table.randomised, signed=table.signed)
    if table.kind == "covariate-shift":
        return CovariateShift(tuple(table.edges or ()), tuple(table.ratio or ()), randomised=table.randomised)
    if table.kind == "localised":
        if not isinstance(search, BumpHunt | ShapeHunt):
            raise ConfigError(
                "'calibration.kind' is localised and the search counts",
                "Use kind = 'mondrian', or a bump hunt.",
            )
        edges = tuple(search.bin_edges().tolist())
        return Localised(table.width or 0.0, edges=edges, randomised=table.randomised)
    mondrian = Mondrian(randomised=table.randomised, signed=table.signed)
    if table.bins is not None or not isinstance(search, BumpHunt | ShapeHunt):
        return replace(mondrian, bins=table.bins, range=config.search.range)
    enough = SELECTED / (config.search.alpha or ALPHA) / CALIBRATION_SHARE
    edges = merged_edges(search.bin_edges(), context, enough)
    return replace(mondrian, edges=tuple(edges.tolist()))


def search_of(table: SearchTable, function: DijetFunction | None = None) -> Search:
    """The search that a completed table describes, with a ``function`` that was chosen before.

    Raises:
        ConfigError: without a region to count in, or a function that was to be chosen and was not.
    """
    if table.kind == "windows":
        return CountingWindows(table.alpha or ALPHA, tuple(table.regions or ()))
    if table.kind == "counting":
        if table.region is None:
            raise ConfigError(
                "'search.kind' is counting and there is no region", "Add 'region' under [search]."
            )
        return CountingExperiment(alpha=table.alpha or ALPHA, region=table.region)
    (low, high), alpha = table.range or MJJ_RANGE, table.alpha or ALPHA
    if table.parameters != "F-test":
        function = DijetFunction(table.parameters, table.sqrt_s)
    elif function is None:
        raise ConfigError(
            "'search.parameters' is F-test and there is no reference",
            "Give a reference, on which the function is chosen, or a number of parameters.",
        )
    hunt = BumpHunt(
        lo=low,
        hi=high,
        relative_width=table.relative_width,
        background=function,
        alpha=alpha,
        n_pseudo=table.pseudo_experiments,
        stop_after=table.stop_after or None,
    )
    return hunt if table.kind == "bump-hunt" else ShapeHunt(hunt, table.signal_width or SIGNAL_WIDTH)


def function_choice(
    config: Config, context: ArrayLike, weight: ArrayLike | None = None
) -> FunctionChoice | None:
    """The background function that an F-test chooses on the reference; None where none is asked for.

    The reference is looked at before the cut, which leaves the shape as it is, thinned to ``LARGER`` times
    the events that the cut keeps of it: what is invisible there cannot be seen in the data.

    Args:
        config: completed.
        context: (n,) of the reference.
        weight: (n,) of the reference, for effective numbers.

    Raises:
        InputError: when no function describes the reference.
    """
    table = config.search
    if table.parameters != "F-test" or table.kind not in ("bump-hunt", "shape-scan"):
        return None
    edges = geometric_edges(*(table.range or MJJ_RANGE), table.relative_width)
    counts = binned(context, edges, weight)[0]
    share = min(LARGER * (table.alpha or ALPHA), 1.0)
    thinned = np.random.default_rng([config.seed, 7]).binomial(np.round(counts).astype(np.int64), share)
    return choose_function(thinned, edges, sqrt_s=table.sqrt_s, seed=config.seed)


def controls_of(
    config: Config, detector: Detector, available: Collection[str]
) -> dict[str, tuple[Representation, Detector]]:
    """What a detector is always shown beside: itself untrained, one feature, the sum of all, Mahalanobis.

    A detector of images or points is shown beside the first of ``SCALARS`` that the file has.
    """
    own, table = representation_of(config.representation), config.representation
    controls: dict[str, tuple[Representation, Detector]] = {}
    if (untrained := with_epochs(detector, 0)) is not None:
        controls[f"{config.detector.name}, untrained"] = (own, untrained)
    if table.kind != "features":
        scalars = [name for name in SCALARS if name in available][:1]
        return controls | {f"{n} alone": (KinematicFeatures((n,)), OneFeature(0)) for n in scalars}
    features = table.features or []
    controls |= {f"{features[0]} alone": (own, OneFeature(0)), "sum of features": (own, SumOfFeatures())}
    if len(features) > 1 and not isinstance(detector, Mahalanobis):
        controls["mahalanobis"] = (own, Mahalanobis())
    return controls
