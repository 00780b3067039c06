"""A search as a HistFactory workspace: plain JSON that pyhf and others read (CERN-OPEN-2012-016)."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from strangeness.core.errors import InputError, MissingDependency
from strangeness.core.files import write_text
from strangeness.search.expectation import Expectation
from strangeness.search.systematics import Systematic, checked

POI, FREE, UNIT = "mu", "free ", "mu = 1 is "
_CHANNEL, _REFERENCE, _SPURIOUS = "search", "finite reference", "spurious signal"
_LOOSE = 4.0


@dataclass(frozen=True)
class Signal:
    """What is looked for.

    Attributes:
        name: its name.
        events: selected signal events in each bin at mu = 1, >= 0.
        unit: what mu = 1 means, e.g. "one selected event" or "a cross-section of 1 fb".
        systematics: of the signal; a name that the background has too is the same nuisance.
    """

    name: str
    events: tuple[float, ...]
    unit: str = "one selected event"
    systematics: tuple[Systematic, ...] = ()

    @classmethod
    def of_cross_section(
        cls,
        name: str,
        efficiency: Sequence[float],
        luminosity: float,
        systematics: tuple[Systematic, ...] = (),
    ) -> Signal:
        """A signal for which mu is its cross-section in fb.

        Args:
            name: its name.
            efficiency: share of all produced signal events that is selected and falls into each bin.
            luminosity: in 1/fb.
            systematics: as above.

        Raises:
            InputError: for a luminosity that is not positive, or efficiencies outside [0, 1].
        """
        if not (np.isfinite(luminosity) and luminosity > 0):
            raise InputError(f"a luminosity of {luminosity}", "Give it in 1/fb, above 0.")
        share = np.asarray(efficiency, np.float64)
        if not np.all((share >= 0) & (share <= 1)) or share.sum() > 1 + 1e-9:
            raise InputError(
                f"signal efficiencies that add up to {share.sum():g}", "Give shares of all produced events."
            )
        return cls(name, tuple((share * luminosity).tolist()), "a cross-section of 1 fb", systematics)


def workspace(expectation: Expectation, signal: Signal, *, spurious: float = 0.0) -> dict[str, Any]:
    """The workspace of one search and one signal.

    One channel holds the signal, scaled by mu, and the background. A finite reference is a ``shapesys``, each
    systematic a ``normsys`` (one value) or a ``histosys`` (one a bin). The directions of a fitted background
    are ``histosys`` whose points lie at four standard deviations of the fit, so that the data decide. pyhf
    joins the points by its own codes 4 and 4p, which have no kink at the nominal value.

    Args:
        expectation: from ``window_expectation`` or ``spectrum_expectation``.
        signal: as many bins as the expectation.
        spurious: signal events that the background alone may fake, one standard deviation.

    Raises:
        InputError: for other bins, a signal without events, names used twice, or a spurious signal that would
            make a bin negative.
    """
    bins = len(expectation.expected)
    _check(expectation, signal, spurious)
    events = np.asarray(signal.events, np.float64)
    expected = np.asarray(expectation.expected, np.float64)
    background = [
        *_finite(expectation),
        *[_modifier(item, expected) for item in expectation.systematics],
        *[_modifier(_widened(item), expected) for item in expectation.free],
        *_spurious(expected, events, spurious),
    ]
    own = [{"name": POI, "type": "normfactor", "data": None}]
    own += [_modifier(item, events) for item in checked(signal.systematics, bins)]
    samples = [
        {"name": signal.name, "data": events.tolist(), "modifiers": own},
        {"name": "background", "data": expected.tolist(), "modifiers": background},
    ]
    parameter = {
        "name": POI,
        "bounds": [[0.0, _top(expectation, events)]],
        "inits": [_first(expectation, events)],
    }
    return {
        "channels": [{"name": _CHANNEL, "samples": samples}],
        "observations": [{"name": _CHANNEL, "data": list(expectation.observed)}],
        "measurements": [{"name": f"{UNIT}{signal.unit}", "config": {"poi": POI, "parameters": [parameter]}}],
        "version": "1.0.0",
    }


def write_workspace(spec: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a workspace as JSON, whole or not at all, after pyhf has checked it against its schema.

    Raises:
        MissingDependency: without pyhf.
        InputError: when the schema refuses it.
        FileError: when the file cannot be written.
    """
    validate(spec)
    write_text(path, json.dumps(spec, indent=1, allow_nan=False) + "\n")


def validate(spec: Mapping[str, Any]) -> None:
    """Check a workspace against pyhf's schema and its rules for names.

    Raises:
        MissingDependency: without pyhf.
        InputError: naming what is wrong.
    """
    pyhf = pyhf_module()
    try:
        with quiet():
            pyhf.Workspace(dict(spec)).model()
    except (pyhf.exceptions.InvalidSpecification, pyhf.exceptions.InvalidModel, KeyError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"a workspace that pyhf refuses: {said[0]}", "Make it with workspace().") from error


def pyhf_module() -> Any:
    """pyhf, imported when it is needed.

    Raises:
        MissingDependency: without pyhf.
    """
    try:
        with quiet():
            import pyhf
            import pyhf.infer.calculators
    except ImportError as error:
        raise MissingDependency(error.name or "pyhf", "limits") from error
    return pyhf


@contextmanager
def quiet() -> Iterator[None]:
    """Without the deprecation that pyhf 0.7 meets in jsonschema, and overflows of fits far from the data."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _check(expectation: Expectation, signal: Signal, spurious: float) -> None:
    events, expected = np.asarray(signal.events, np.float64), np.asarray(expectation.expected)
    if events.shape != expected.shape:
        raise InputError(
            f"the signal '{signal.name}' with {events.size} bins for {expected.size} bins of background",
            "Give selected signal events in the bins of the search.",
        )
    if not np.all(np.isfinite(events)) or np.any(events < 0) or not events.sum() > 0:
        raise InputError(f"the signal '{signal.name}' has {events.sum():g} events", "Give events >= 0.")
    if not (np.isfinite(spurious) and spurious >= 0):
        raise InputError(f"spurious = {spurious}", "Give a number of events >= 0.")
    used = [item.name for item in (*expectation.systematics, *signal.systematics)]
    for taken in (POI, _REFERENCE, _SPURIOUS):
        if taken in used:
            raise InputError(f"a systematic called '{taken}'", "Choose another name; this one is taken.")
    if signal.name == "background":
        raise InputError("a signal called 'background'", "Choose another name.")


def _finite(expectation: Expectation) -> list[dict[str, Any]]:
    size = np.asarray(expectation.statistical) * np.asarray(expectation.expected)
    return [{"name": _REFERENCE, "type": "shapesys", "data": size.tolist()}] if np.any(size > 0) else []


def _modifier(item: Systematic, nominal: np.ndarray) -> dict[str, Any]:
    if len(item.up) == 1:
        return {"name": item.name, "type": "normsys", "data": {"hi": 1 + item.up[0], "lo": 1 + item.down[0]}}
    high, low = (nominal * (1 + np.asarray(side)) for side in (item.up, item.down))
    return {
        "name": item.name,
        "type": "histosys",
        "data": {"hi_data": high.tolist(), "lo_data": low.tolist()},
    }


def _widened(item: Systematic) -> Systematic:
    up, down = (np.expm1(_LOOSE * np.log1p(side)) for side in (item.up, item.down))
    return Systematic(FREE + item.name, tuple(up.tolist()), tuple(down.tolist()))


def _spurious(expected: np.ndarray, events: np.ndarray, spurious: float) -> list[dict[str, Any]]:
    if spurious == 0:
        return []
    change = spurious * events / events.sum()
    if np.any(change >= expected):
        least = expected[np.argmax(change - expected)]
        raise InputError(
            f"a spurious signal of {spurious:g} events where {least:.3g} are expected",
            "It must be smaller than the background in every bin.",
        )
    data = {"hi_data": (expected + change).tolist(), "lo_data": (expected - change).tolist()}
    return [{"name": _SPURIOUS, "type": "histosys", "data": data}]


def _first(expectation: Expectation, events: np.ndarray) -> float:
    """About one standard deviation of mu, where fits may start."""
    expected = np.asarray(expectation.expected)
    variance = expected + (np.asarray(expectation.statistical) * expected) ** 2
    for item in expectation.systematics:
        variance = variance + (expected * np.maximum(np.abs(item.up), np.abs(item.down))) ** 2
    information = float(np.sum(events**2 / np.maximum(variance, 1.0)))
    return 1.0 / float(np.sqrt(information))


def _top(expectation: Expectation, events: np.ndarray) -> float:
    """An upper end of mu far beyond any limit: thirty deviations above all that was seen."""
    return 30 * _first(expectation, events) + 3 * float(sum(expectation.observed)) / float(events.sum())
