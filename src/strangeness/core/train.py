"""The one training loop: Optax, hold-out by identity, early stopping, best epoch, checkpoint and resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.checkpoint import Checkpoint
from strangeness.core.errors import InputError, Interrupted
from strangeness.core.estimators import float_dtype
from strangeness.core.identity import roles
from strangeness.core.run import progress

Loss = Callable[[Any, Any, Array], Array]
"""(model, rows, key) -> one loss a row, shape (n,)."""
Project = Callable[[Any], Any]
"""model -> the nearest model that satisfies its constraints, of the same tree."""

SETTINGS_DEFAULT = (
    "the default of 'training' is a frozen settings object; scikit-learn takes plain types only"
)
"""Why scikit-learn's check of default parameters fails for every detector with ``Training`` settings."""


@dataclass(frozen=True)
class Training:
    """How a network is trained; the same loop serves all.

    Attributes:
        epochs: most passes over the training rows.
        batch_size: rows a step.
        learning_rate: of Adam with decoupled weight decay (arXiv:1711.05101).
        weight_decay: its strength.
        patience: epochs without a better hold-out loss after which training stops.
        holdout: share of the rows, chosen by identity, that only early stopping sees.
        chunk: steps a compiled call.
    """

    epochs: int = 60
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    patience: int = 8
    holdout: float = 0.2
    chunk: int = 16


def with_epochs(detector: Any, epochs: int) -> Any:
    """A detector with at most so many passes (0: untrained), or None for one without such settings."""
    training = getattr(detector, "training", None)
    if not isinstance(training, Training):
        return None
    return (
        detector
        if training.epochs <= epochs
        else replace(detector, training=replace(training, epochs=epochs))
    )


@dataclass(frozen=True)
class Fitted:
    """A trained model at its best epoch.

    Attributes:
        model: the network.
        history: (epochs, 2) mean training and hold-out loss.
        best_epoch: counted from 0.
    """

    model: Any
    history: NDArray[np.float64]
    best_epoch: int


class _State(eqx.Module):
    """What an epoch changes; the leaves of a checkpoint."""

    params: Any
    optimiser: Any
    best: Any


def train(
    model: Any,
    loss: Loss,
    rows: Any,
    id: NDArray[np.uint32],
    weight: NDArray[np.float64],
    settings: Training,
    *,
    key: PRNGKeyArray,
    label: str = "training",
    project: Project | None = None,
) -> Fitted:
    """Minimise the weighted mean loss of ``rows`` and return the model of the best hold-out epoch.

    ``loss`` and ``project`` must each be one object for all calls (a module-level function), or every call
    compiles again.

    Args:
        model: an Equinox module; its floating arrays are trained.
        loss: per-row loss.
        rows: pytree of arrays, leading axis n.
        id: identities (n, 2): they choose the hold-out rows.
        weight: non-negative weights (n,).
        settings: the loop's settings.
        key: seeds order and loss; the same key gives the same result, also after an interruption.
        label: names the progress bar and the checkpoint.
        project: brings the model back to where it may be after each step, such as to isometries.

    Raises:
        InputError: when training or hold-out is left without a row, or the loss is not finite.
        Interrupted: on Ctrl-C; the checkpoint of the last epoch stays if the run keeps one.
    """
    params, static = eqx.partition(model, eqx.is_inexact_array)
    optimiser = _optimiser(settings.learning_rate, settings.weight_decay)
    data = _Data(rows, id, weight, settings)
    state = _State(params, optimiser.init(params), params)
    called = [f"{f.__module__}.{f.__qualname__}" for f in (loss, project) if f is not None]
    what = (settings, repr(static), *called, jax.random.key_data(key))
    checkpoint = Checkpoint.of_run(label, (what, id, weight, rows, params))
    state, history, best_epoch = checkpoint.restore(state)
    loop = _Loop(static, loss, project, optimiser, data, settings, key)
    with progress(label, settings.epochs) as show:
        epoch = len(history)
        try:
            while epoch < settings.epochs and epoch - best_epoch <= settings.patience:
                state, losses = loop.epoch(state, epoch, label)
                if not history or losses[1] < min(h[1] for h in history):
                    state, best_epoch = eqx.tree_at(lambda s: s.best, state, state.params), epoch
                history.append(losses)
                epoch += 1
                checkpoint.save(state, history, best_epoch)
                show(epoch, f"loss {losses[0]:.4g} hold-out {losses[1]:.4g}")
        except KeyboardInterrupt as stop:
            raise Interrupted(f"{label} was interrupted in epoch {epoch}", checkpoint.remedy()) from stop
    losses = np.reshape(np.asarray(history, float), (-1, 2))
    return Fitted(eqx.combine(state.best, static), losses, best_epoch)


class _Data:
    """Training and hold-out rows on the host, gathered in blocks of a fixed shape."""

    def __init__(self, rows: Any, id: NDArray[np.uint32], weight: NDArray[Any], settings: Training) -> None:
        if np.any(weight < 0):
            raise InputError(f"a training weight is {np.min(weight):g}", "Train with weights >= 0.")
        self.rows = jax.tree.map(lambda leaf: _as_float(np.asarray(leaf)), rows)
        self.weight = np.asarray(weight, float_dtype())
        self.shape = (settings.chunk, settings.batch_size)
        masks = roles(id, {"train": 1 - settings.holdout, "holdout": settings.holdout}, "early stopping")
        self.train, self.holdout = (np.flatnonzero(masks[name]) for name in ("train", "holdout"))
        for name, part in (("training", self.train), ("hold-out", self.holdout)):
            if not np.sum(self.weight[part]) > 0:
                raise InputError(
                    f"{len(id)} events leave no {name} weight", "Give more events or change 'holdout'."
                )

    def blocks(self, order: NDArray[np.int64]) -> Any:
        """Blocks (chunk, batch, ...) of rows and weights; the last is filled up with weight 0."""
        size = self.shape[0] * self.shape[1]
        for start in range(0, len(order), size):
            part = order[start : start + size]
            index = np.concatenate([part, np.zeros(size - len(part), np.int64)]).reshape(self.shape)
            weight = self.weight[index] * (np.arange(size) < len(part)).reshape(self.shape)
            yield jax.tree.map(lambda leaf, index=index: leaf[index], self.rows), weight


@dataclass(frozen=True)
class _Loop:
    """One epoch: shuffled training blocks, then the hold-out loss."""

    static: Any
    loss: Loss
    project: Project | None
    optimiser: optax.GradientTransformation
    data: _Data
    settings: Training
    key: PRNGKeyArray

    def epoch(self, state: _State, epoch: int, label: str) -> tuple[_State, tuple[float, float]]:
        key = jax.random.fold_in(self.key, epoch)
        shuffle = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        params, opt_state, sums = state.params, state.optimiser, []
        for block, (rows, weight) in enumerate(self.data.blocks(shuffle.permutation(self.data.train))):
            keys = jax.random.split(jax.random.fold_in(key, block), self.settings.chunk)
            params, opt_state, part = _steps(
                params,
                opt_state,
                self.static,
                self.loss,
                self.project,
                self.optimiser,
                rows,
                weight,
                keys,
            )
            sums.append(part)
        losses = (_mean(sums), _mean(self._holdout(params)))
        if not np.all(np.isfinite(losses)):
            raise InputError(
                f"the loss of {label} became {losses[0]} in epoch {epoch}", "Lower the learning rate."
            )
        return _State(params, opt_state, state.best), losses

    def _holdout(self, params: Any) -> list[Array]:
        keys = jax.random.split(jax.random.fold_in(self.key, 2**32 - 1), self.settings.chunk)
        return [
            _evaluate(params, self.static, self.loss, rows, weight, keys)
            for rows, weight in self.data.blocks(self.data.holdout)
        ]


def _weighted(
    params: Any, static: Any, loss: Loss, rows: Any, weight: Array, key: Array
) -> tuple[Array, Array]:
    per_row = loss(eqx.combine(params, static), rows, key)
    total = jnp.sum(weight)
    return jnp.sum(weight * per_row) / jnp.where(total > 0, total, 1.0), total


@eqx.filter_jit
def _steps(
    params: Any,
    opt_state: Any,
    static: Any,
    loss: Loss,
    project: Project | None,
    optimiser: Any,
    rows: Any,
    weight: Array,
    keys: Array,
) -> tuple[Any, Any, Array]:
    """A block of optimiser steps; a step whose weights are all 0 changes nothing."""

    def step(carry: Any, block: Any) -> tuple[Any, Array]:
        params, opt_state = carry
        (value, total), grads = jax.value_and_grad(_weighted, has_aux=True)(params, static, loss, *block)
        updates, new_state = optimiser.update(grads, opt_state, params)
        moved = optax.apply_updates(params, updates)
        if project is not None:
            moved = eqx.filter(project(eqx.combine(moved, static)), eqx.is_inexact_array)
        new = (moved, new_state)
        kept = jax.tree.map(lambda a, b: jnp.where(total > 0, a, b), new, (params, opt_state))
        return kept, jnp.stack([value * total, total])

    (params, opt_state), sums = jax.lax.scan(step, (params, opt_state), (rows, weight, keys))
    return params, opt_state, jnp.sum(sums, axis=0)


@eqx.filter_jit
def _evaluate(params: Any, static: Any, loss: Loss, rows: Any, weight: Array, keys: Array) -> Array:
    def step(carry: None, block: Any) -> tuple[None, Array]:
        value, total = _weighted(params, static, loss, *block)
        return None, jnp.stack([value * total, total])

    return jnp.sum(jax.lax.scan(step, None, (rows, weight, keys))[1], axis=0)


def _mean(sums: list[Array]) -> float:
    value, total = np.sum(np.asarray(sums, np.float64), axis=0)
    return float(value / total)


def _as_float(leaf: NDArray[Any]) -> NDArray[Any]:
    return leaf.astype(float_dtype()) if np.issubdtype(leaf.dtype, np.floating) else leaf


@lru_cache(maxsize=32)
def _optimiser(learning_rate: float, weight_decay: float) -> optax.GradientTransformation:
    """One object for equal settings, so that the compiled step is found again.

    Adam acts element by element: on one flat vector it gives the same numbers and compiles in two thirds of
    the time.
    """
    return optax.flatten(optax.adamw(learning_rate, weight_decay=weight_decay))
