"""Kinematic features: named columns of an event, as they are or derived, in a matrix."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation

Columns = Mapping[str, NDArray[Any]]


def _by_mass(name: str, heavy: bool) -> Callable[[Columns], NDArray[Any]]:
    """The value of ``name`` for the heavier or the lighter of two jets."""

    def pick(columns: Columns) -> NDArray[Any]:
        first = (columns["mj1"] >= columns["mj2"]) == heavy
        return np.where(first, columns[f"{name}1"], columns[f"{name}2"])

    return pick


def _ratio(above: str, below: str) -> Callable[[Columns], NDArray[Any]]:
    """above / below, 0 where below is 0 (a jet with fewer particles than axes)."""

    def divide(columns: Columns) -> NDArray[Any]:
        top, bottom = np.asarray(columns[above], float), np.asarray(columns[below], float)
        return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)

    return divide


DERIVED: dict[str, tuple[tuple[str, ...], Callable[[Columns], NDArray[Any]]]] = {
    "mj_heavy": (("mj1", "mj2"), _by_mass("mj", True)),
    "mj_light": (("mj1", "mj2"), _by_mass("mj", False)),
    "tau21_heavy": (("mj1", "mj2", "tau21_1", "tau21_2"), _by_mass("tau21_", True)),
    "tau21_light": (("mj1", "mj2", "tau21_1", "tau21_2"), _by_mass("tau21_", False)),
    "tau32_heavy": (("mj1", "mj2", "tau32_1", "tau32_2"), _by_mass("tau32_", True)),
    "tau32_light": (("mj1", "mj2", "tau32_1", "tau32_2"), _by_mass("tau32_", False)),
    "tau21": (("tau1", "tau2"), _ratio("tau2", "tau1")),
    "tau32": (("tau2", "tau3"), _ratio("tau3", "tau2")),
}
"""Name -> (columns needed, function); heavy and light order two jets by mass."""


def columns_of(features: Collection[str], available: Collection[str]) -> tuple[str, ...]:
    """The columns that features are made of: themselves where available, else what they derive from."""
    needed = [(name,) if name in available else DERIVED.get(name, ((name,), None))[0] for name in features]
    return tuple(dict.fromkeys(column for columns in needed for column in columns))


class KinematicMap(Map):
    """Selects, derives and takes logarithms; fitted by remembering its columns."""

    features: tuple[str, ...] = eqx.field(static=True)
    log: tuple[str, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not self.features or len(set(self.features)) < len(self.features):
            raise InputError(f"the features {list(self.features)[:12]}", "Name one or more, each once.")
        if stray := set(self.log) - set(self.features):
            raise InputError(f"'log' names {sorted(stray)}, not among the features", "Name features.")

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the rows that it makes."""
        return (len(self.features),)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return columns_of(self.features, available)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the matrix (n, d) of the features.

        Raises:
            InputError: for a missing column, one that is not a number an event, NaN or infinite values, or
                the logarithm of a negative one.
        """
        columns = [_feature(batch.x, name, name in self.log) for name in self.features]
        return batch.with_x(np.stack(columns, axis=1))


def _feature(columns: Columns, name: str, log: bool) -> NDArray[np.float64]:
    if not isinstance(columns, Mapping):
        raise InputError(f"kinematic features were given {type(columns).__name__}", "Give named columns.")
    needed, function = DERIVED.get(name, ((name,), None))
    if name in columns:
        needed, function = (name,), None
    for column in needed:
        if column not in columns:
            raise InputError(
                f"the feature '{name}' needs the column '{column}'", nearest(column, {*columns, *DERIVED})
            )
        _refuse_column(column, np.asarray(columns[column]))
    value = np.asarray(function(columns) if function else columns[name], np.float64)
    if not np.all(np.isfinite(value)):
        row = int(np.argmax(~np.isfinite(value)))
        raise InputError(
            f"the feature '{name}' is {value[row]} in event {row}",
            "Remove or repair NaN and infinite values first.",
        )
    return _logarithm(name, value) if log else value


def _logarithm(name: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """log(1 + value): finite for massless jets."""
    if np.any(value < 0):
        raise InputError(
            f"the logarithm of '{name}' met {np.min(value):g}",
            "Leave it out of 'log' or repair the column.",
        )
    return np.log1p(value)


def _refuse_column(name: str, column: NDArray[Any]) -> None:
    if column.ndim != 1:
        raise InputError(f"the column '{name}' has shape {column.shape}", "Name one with a number an event.")
    if column.dtype.kind not in "buif":
        raise InputError(f"the column '{name}' holds {column.dtype}", "Name one with real numbers.")


@dataclass
class KinematicFeatures(Representation):
    """A matrix of named features.

    Attributes:
        features: columns of the events or derived names (see ``DERIVED``), in this order.
        log: those of them that enter as log(1 + value), such as masses in GeV.
    """

    features: tuple[str, ...] = ()
    log: tuple[str, ...] = ()

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return columns_of(self.features, available)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> KinematicMap:
        """Check that every feature can be made from the source's first batch.

        Raises:
            InputError: for no feature, one named twice or unknown, or a logarithm of another.
        """
        if isinstance(self.features, str) or isinstance(self.log, str):
            name = "features" if isinstance(self.features, str) else "log"
            raise InputError(f"'{name}' is the text {getattr(self, name)!r}", "Give a list of names.")
        if not self.features:
            raise InputError("no features were named", "Name at least one column, such as 'mj1'.")
        twice = [name for name in self.features if self.features.count(name) > 1]
        if twice:
            raise InputError(f"the feature '{twice[0]}' is named twice", "Name each feature once.")
        stray = set(self.log) - set(self.features)
        if stray:
            raise InputError(
                f"'log' names {sorted(stray)}, not among the features", "Add them to 'features'."
            )
        fitted = KinematicMap(tuple(self.features), tuple(self.log))
        first = next(iter(source), None)
        if first is None:
            raise InputError("the source yields no batch", "Check that the selection leaves events.")
        fitted(first)
        return fitted
