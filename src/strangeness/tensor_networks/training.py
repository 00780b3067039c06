"""Three ways to train a chain: by gradients, by two-site sweeps, and by both in turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import float_dtype
from strangeness.core.identity import roles
from strangeness.core.run import progress
from strangeness.core.train import Loss, Training, train
from strangeness.tensor_networks import sweeps as host
from strangeness.tensor_networks.born import BornMachine, negative_log_likelihood
from strangeness.tensor_networks.classifier import ChainClassifier, cross_entropy
from strangeness.tensor_networks.feature_maps import on_host
from strangeness.tensor_networks.sweeps import Centred, Sweeps

How = Literal["sgd", "dmrg", "joint"]
WAYS: tuple[How, ...] = ("sgd", "dmrg", "joint")


@dataclass(frozen=True)
class Kind:
    """What the two models need to be trained in all three ways.

    Attributes:
        loss: of the training loop, on the rows that ``rows`` makes.
        host_loss: the same of amplitudes, with its derivative, for the sweeps.
        rows: (features, label) to the rows of ``loss``.
        to_chain: a model's chain in mixed canonical form.
        from_chain: (model, chain, bond) to the model with padded cores of that chain.
    """

    loss: Loss
    host_loss: host.Loss
    rows: Callable[[Any, Any], Any]
    to_chain: Callable[[Any], Centred]
    from_chain: Callable[[Any, Centred, int], Any]


@dataclass(frozen=True)
class FittedChain:
    """A trained model.

    Attributes:
        model: at its best hold-out loss.
        history: (parts, 2) training and hold-out loss after each epoch or sweep.
        bonds: bond dimensions after each sweep; none for gradients alone.
        discarded: largest weight dropped in each sweep.
    """

    model: Any
    history: NDArray[np.float64]
    bonds: tuple[tuple[int, ...], ...] = ()
    discarded: tuple[float, ...] = ()


def fit_chain(
    model: Any,
    kind: Kind,
    x: NDArray[Any],
    label: NDArray[Any],
    id: NDArray[np.uint32],
    weight: NDArray[np.float64],
    how: How,
    training: Training,
    sweeps: Sweeps,
    *,
    bond: int,
    key: PRNGKeyArray,
    name: str,
) -> FittedChain:
    """Train a model by stochastic gradients ("sgd"), two-site sweeps ("dmrg") or both in turns ("joint").

    "joint" is read from the aim of arXiv:2106.08334, to join the efficiency of gradients with the adaptive,
    canonical bonds of DMRG: the epochs are cut into one more part than there are sweeps, and a sweep stands
    between any two parts. Only its abstract was at hand: the paper's own schedule may differ. A learned
    feature map is trained by gradients only.

    Args:
        model: where it starts.
        kind: ``DENSITY`` or ``CLASSIFIER``.
        x: features (n, sites) in [0, 1].
        label: (n,), of a class; not used by a density.
        id: identities (n, 2), which choose the hold-out rows.
        weight: non-negative weights (n,).
        how: which way.
        training: of the gradients; its hold-out share serves the sweeps as well.
        sweeps: of the sweeps.
        bond: largest bond dimension.
        key: seeds both.
        name: of the progress bar.

    Raises:
        InputError: for an unknown way, rows that leave no training or hold-out event, or a loss that is not
            finite.
    """
    if how not in WAYS:
        raise InputError(f"unknown training {how!r}", nearest(how, WAYS))
    if how == "sgd" or x.shape[1] < 2:
        fitted = train(model, kind.loss, kind.rows(x, label), id, weight, training, key=key, label=name)
        return FittedChain(fitted.model, fitted.history)
    rows = _Rows(x, np.asarray(label, np.int64), weight, _holdout(id, training))
    if how == "dmrg":
        return _swept(model, kind, rows, training, sweeps, bond, key, name)
    return _joint(model, kind, rows, id, training, sweeps, bond, key, name)


@dataclass(frozen=True)
class _Rows:
    x: NDArray[Any]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]
    holdout: NDArray[np.bool_]

    def drawn(self, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """At most so many training rows of positive weight."""
        rows = np.flatnonzero(~self.holdout & (self.weight > 0))
        return rows if len(rows) <= most else rng.choice(rows, most, replace=False)

    def vectors(self, map: Any, rows: NDArray[Any]) -> NDArray[np.float64]:
        return on_host(map, self.x[rows])

    def loss(self, map: Any, kind: Kind, chain: Centred, most: int) -> float:
        """Hold-out loss, of the first ``most`` rows (their order is that of the events)."""
        rows = np.flatnonzero(self.holdout & (self.weight > 0))[:most]
        vectors = self.vectors(map, rows)
        return host.mean_loss(chain, vectors, self.label[rows], self.weight[rows], kind.host_loss)


def _holdout(id: NDArray[np.uint32], training: Training) -> NDArray[np.bool_]:
    shares = {"train": 1 - training.holdout, "holdout": training.holdout}
    masks = roles(id, shares, "early stopping")
    for name, mask in masks.items():
        if not np.any(mask):
            raise InputError(
                f"{len(id)} events leave no {name} event", "Give more events or change 'holdout'."
            )
    return masks["holdout"]


def _swept(
    model: Any, kind: Kind, rows: _Rows, training: Training, sweeps: Sweeps, bond: int, key: Any, name: str
) -> FittedChain:
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    chain = kind.to_chain(model)
    best, history, reports = model, [], []
    total = sweeps.sweeps if training.epochs else 0
    with progress(name, total) as show:
        for number in range(total):
            reports.append(_one_sweep(model.map, kind, rows, chain, bond, sweeps, rng))
            history.append((reports[-1].loss, rows.loss(model.map, kind, chain, sweeps.rows)))
            lowest = int(np.argmin([loss[1] for loss in history]))
            if lowest == number:
                best = kind.from_chain(model, chain, bond)
            show(number + 1, f"hold-out {history[-1][1]:.4g} bond {max(chain.bonds)}")
            if number - lowest >= sweeps.patience:
                break
    return _fitted(best, history, reports)


def _joint(
    model: Any,
    kind: Kind,
    rows: _Rows,
    id: Any,
    training: Training,
    sweeps: Sweeps,
    bond: int,
    key: Any,
    name: str,
) -> FittedChain:
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    parts = sweeps.sweeps + 1
    epochs = [len(part) for part in np.array_split(np.arange(training.epochs), parts)]
    data, history, reports, candidates = kind.rows(rows.x, rows.label), [], [], [model]
    for part, few in enumerate(epochs):
        settings, part_key = replace(training, epochs=few), jax.random.fold_in(key, part)
        part_name = f"{name} part {part + 1}"
        fitted = train(
            candidates[-1], kind.loss, data, id, rows.weight, settings, key=part_key, label=part_name
        )
        history.extend(map(tuple, fitted.history))
        candidates.append(fitted.model)
        if part < parts - 1 and training.epochs:
            chain = kind.to_chain(fitted.model)
            reports.append(_one_sweep(fitted.model.map, kind, rows, chain, bond, sweeps, rng))
            candidates.append(kind.from_chain(fitted.model, chain, bond))
            history.append((reports[-1].loss, rows.loss(fitted.model.map, kind, chain, sweeps.rows)))
    held = [rows.loss(one.map, kind, kind.to_chain(one), sweeps.rows) for one in candidates]
    return _fitted(candidates[int(np.argmin(held))], history, reports)


def _one_sweep(
    map: Any, kind: Kind, rows: _Rows, chain: Centred, bond: int, sweeps: Sweeps, rng: np.random.Generator
) -> host.SweepReport:
    few = rows.drawn(sweeps.rows, rng)
    return host.sweep(
        chain, rows.vectors(map, few), rows.label[few], rows.weight[few], kind.host_loss, bond, sweeps
    )


def _fitted(model: Any, history: Any, reports: list[host.SweepReport]) -> FittedChain:
    return FittedChain(
        model,
        np.reshape(np.asarray(history, float), (-1, 2)),
        tuple(report.bonds for report in reports),
        tuple(report.discarded for report in reports),
    )


def _cores(tensors: list[NDArray[Any]], bond: int, size: int) -> Any:
    cores = np.zeros((len(tensors), bond, size, bond))
    for core, tensor in zip(cores, tensors, strict=True):
        core[: tensor.shape[0], :, : tensor.shape[2]] = tensor
    return jnp.asarray(cores, float_dtype())


def _from_padded(left: Any, centre: Any, right: Any) -> Centred:
    left, right = [*np.asarray(left, np.float64)], [*np.asarray(right, np.float64)]
    centre = np.asarray(centre, np.float64)
    if left:
        left[0] = left[0][:1]
    else:
        centre = centre[:1]
    if right:
        right[-1] = right[-1][:, :, :1]
    else:
        centre = centre[:, :, :1]
    return host.centred(left, centre, right)


def _density_chain(model: BornMachine) -> Centred:
    middle = model.cores.shape[0] // 2
    return _from_padded(model.cores[:middle], model.cores[middle][..., None], model.cores[middle + 1 :])


def _density_of(model: BornMachine, chain: Centred, bond: int) -> BornMachine:
    tensors = [*chain.tensors]
    tensors[chain.site] = chain.centre[..., 0]
    return BornMachine(_cores(tensors, bond, model.map.size), model.map)


def _classifier_chain(model: ChainClassifier) -> Centred:
    return _from_padded(model.left, np.asarray(model.centre).transpose(0, 1, 3, 2), model.right)


def _classifier_of(model: ChainClassifier, chain: Centred, bond: int) -> ChainClassifier:
    size, labels = model.map.size, chain.centre.shape[3]
    centre = np.zeros((bond, size, labels, bond))
    centre[: chain.centre.shape[0], :, :, : chain.centre.shape[2]] = chain.centre.transpose(0, 1, 3, 2)
    left = _cores(chain.tensors[: chain.site], bond, size)
    right = _cores(chain.tensors[chain.site + 1 :], bond, size)
    return ChainClassifier(left, jnp.asarray(centre, float_dtype()), right, model.map)


DENSITY = Kind(negative_log_likelihood, host.likelihood_loss, lambda x, label: x, _density_chain, _density_of)
CLASSIFIER = Kind(
    cross_entropy,
    host.classification_loss,
    lambda x, label: (x, np.asarray(label, np.int32)),
    _classifier_chain,
    _classifier_of,
)
