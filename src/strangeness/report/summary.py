"""From outcomes to the parts of a report: plain values, no HTML and no figure."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.chain import Outcome
from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64
from strangeness.events.events import Events
from strangeness.report.parts import (
    CalibrationCurve,
    Cost,
    EventDisplay,
    ImageSet,
    SystematicRow,
    SystematicsPart,
)
from strangeness.report.schema import Control, Curve, Histogram, SearchSection
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.result import SearchResult
from strangeness.search.weights import effective_weight
from strangeness.stats.metrics import roc_curve, seed_band

PACKAGES = ("strangeness", "jax", "equinox", "optax", "numpy", "scipy")
EPS_S = np.round(np.linspace(0.01, 1.0, 100), 2)
Scores = tuple[ArrayLike, ArrayLike]


def search_section(
    name: str,
    detector: str,
    outcome: Outcome,
    *,
    context: str = "mjj",
    hunt: BumpHunt | None = None,
    controls: Sequence[Control] = (),
    curves: Sequence[Curve] = (),
    said: Sequence[str] = (),
    calibration: CalibrationCurve | None = None,
    images: ImageSet | None = None,
    displays: Sequence[EventDisplay] = (),
    costs: Sequence[Cost] = (),
    blinding: str = "",
) -> SearchSection:
    """One search for the page.

    Args:
        name: heading.
        detector: its label beside the controls.
        outcome: what the chain left behind.
        context: name of the searched column.
        hunt: the bump hunt, which gives the spectrum before the selection; None leaves that out.
        controls: made by ``control``.
        curves: made by ``curve``.
        said: sentences under the statement.
        calibration: made by ``calibration_of``.
        images: made by ``image_set``.
        displays: made by ``event_display``.
        costs: of the detector and the controls.
        blinding: whether the configuration was frozen before the region was opened, as a sentence.
    """
    return SearchSection(
        name=name,
        detector=detector,
        context=context,
        statement=outcome.result.statement(),
        said=list(said),
        result=outcome.result.to_dict(),
        inclusive=None
        if hunt is None
        else inclusive(outcome.tested.batch.context, hunt, outcome.tested.weights),
        controls=list(controls),
        curves=list(curves),
        counts=dict(outcome.counts),
        calibration=calibration,
        images=images,
        displays=list(displays),
        costs=list(costs),
        blinding=blinding,
        systematics=systematics_of(outcome),
    )


def systematics_of(outcome: Outcome) -> SystematicsPart | None:
    """What shifted copies of the reference changed; None without any."""
    if not outcome.systematics or outcome.without is None:
        return None
    return SystematicsPart(
        rows=[
            SystematicRow(name=item.name, up=largest(item.up), down=largest(item.down))
            for item in outcome.systematics
        ],
        local_p=outcome.result.local_p,
        local_p_without=outcome.without.local_p,
        global_p=outcome.result.global_p,
        global_p_without=outcome.without.global_p,
    )


def largest(change: Sequence[float]) -> float:
    """The change that is largest in size, with its sign."""
    return float(max(change, key=abs))


def inclusive(context: ArrayLike, hunt: BumpHunt, weight: ArrayLike | None = None) -> Histogram:
    """The spectrum of all events under test in the bins of a search, in effective numbers where they carry
    weights, with its fit where that converges."""
    edges = hunt.bin_edges()
    weights = None if weight is None else np.asarray(weight, np.float64)
    one = 1.0 if weights is None else effective_weight(weights)
    counts = np.histogram(np.asarray(context), edges, weights=weights)[0].astype(np.float64) / one
    fitted, pulls = np.array([]), np.array([])
    try:
        fit = DijetFunction(4).fit(counts, edges)
    except InputError:
        fit = None  # too few filled bins: shown without a fit
    if fit is not None and fit.converged:
        fitted, pulls = fit.expected, (counts - fit.expected) / np.sqrt(fit.expected)
    return Histogram(
        edges=edges.tolist(), counts=counts.tolist(), fitted=fitted.tolist(), pulls=pulls.tolist()
    )


def control(name: str, result: SearchResult, note: str = "") -> Control:
    """The row of a control."""
    return Control(
        name=name, local_z=result.local_z, global_p=result.global_p, global_z=result.global_z, note=note
    )


def curve(name: str, runs: Sequence[Scores], *, is_control: bool = False) -> Curve:
    """Background rejection with its band over seeds.

    Args:
        name: label.
        runs: (background scores, signal scores) of each seed.
        is_control: drawn in grey.

    Raises:
        InputError: without runs or without events of a class.
    """
    rocs = [roc_curve(background, signal) for background, signal in runs]
    median, low, high = seed_band([roc.rejection(EPS_S) for roc in rocs])
    return Curve(
        name=name,
        control=is_control,
        eps_s=EPS_S.tolist(),
        rejection=_gaps(median),
        low=_gaps(low),
        high=_gaps(high),
        auc=[roc.auc() for roc in rocs],
        max_sic=_gaps([np.nanmax(roc.sic(EPS_S), initial=-np.inf) for roc in rocs]),
    )


def classes(outcome: Outcome, truth: Events) -> Scores | None:
    """Scores of the tested background and signal events by their ``truth``; None without both classes."""
    if truth.truth is None:
        return None
    identity = as_uint64(truth.id)
    order = np.argsort(identity)
    tested = as_uint64(outcome.tested.batch.id)
    place = np.searchsorted(identity, tested, sorter=order)
    signal = np.asarray(truth.truth)[order[place]] > 0
    if signal.all() or not signal.any():
        return None
    return outcome.tested.score[~signal], outcome.tested.score[signal]


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values of provenance: numbers that are not finite become None, arrays become lists."""
    return {str(key): _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _gaps(values: ArrayLike) -> list[float | None]:
    array: NDArray[np.float64] = np.asarray(values, np.float64)
    return [float(value) if np.isfinite(value) else None for value in array]
