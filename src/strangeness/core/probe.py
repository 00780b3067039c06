"""Whether a fitted object that was read from a file can be used, found without running it on events."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer, event_keys, float_dtype

_ROWS = 8
_LARGEST_ROW = 2**22
_REMEDY = "Fit and save it again."


def refuse_unusable(value: Any) -> None:
    """Check a scorer, or what holds one as ``scorer``, perhaps behind a ``map`` with a ``row_shape``.

    Raises:
        InputError: for numbers that are not finite, rows without a reasonable shape, a map that makes other
            rows, or anything but one number a row.
    """
    scorer = getattr(value, "scorer", value)
    if not isinstance(scorer, Scorer):
        return
    name = type(scorer).__name__
    _refuse_infinite(name, scorer)
    try:
        shape, scored = _shapes(scorer)
    except Exception as error:  # forged fields may fail in any way
        text = str(error).partition("\n")[0]
        raise InputError(f"{name} cannot score ({type(error).__name__}: {text})", _REMEDY) from error
    if scored != (_ROWS,):
        raise InputError(f"{name} gives scores of shape {scored} for {_ROWS} rows", _REMEDY)
    made = getattr(getattr(value, "map", None), "row_shape", shape)
    if made != shape:
        raise InputError(f"the map makes rows of shape {made} and {name} takes {shape}", _REMEDY)


def _refuse_infinite(name: str, scorer: Scorer) -> None:
    for leaf in jax.tree.leaves(scorer):
        if not np.all(np.isfinite(leaf)):
            raise InputError(f"{name} holds numbers that are not finite", _REMEDY)


def _shapes(scorer: Scorer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of a row and of the scores of a few rows; JAX code is traced, not run."""
    shape = scorer.row_shape
    if not 1 <= len(shape) <= 3 or min(shape) < 1 or math.prod(shape) > _LARGEST_ROW:
        raise InputError(f"rows of shape {shape}", _REMEDY)
    x, identity = np.zeros((_ROWS, *shape), float_dtype()), np.zeros((_ROWS, 2), np.uint32)
    keys = event_keys(jax.random.key(0), jnp.asarray(identity)) if scorer.stochastic else None
    scored = (
        jax.eval_shape(scorer.rows, x, identity, keys) if scorer.traceable else scorer.rows(x, identity, keys)
    )
    return shape, tuple(scored.shape)
