"""Classical tensor networks and circuits of the same layout: bond, training events, Fisher spectra.

After arXiv:2202.10471, which compares chains, trees and MERA. Eight kinematic features of a jet are the
sites; all are trained with labels, in the settings of ``tree-network-classifier``, by which nothing was
chosen. Every shard is one seed: a split of both classes, the fits, and Fisher spectra at random starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, Raw, differences
from strangeness.core.batch import Batch
from strangeness.core.identity import roles, uniform
from strangeness.core.train import Loss, Training, train
from strangeness.detectors import tree_network_classifier as trees
from strangeness.explain.fisher import effective_dimension, fisher_information, spectrum
from strangeness.representations import KinematicFeatures
from strangeness.stats.metrics import auc
from strangeness.tensor_networks import classifier, mera, tree, twins
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.isometries import project
from strangeness.tensor_networks.scaling import UnitScaling
from validation.tensor_networks_bands import edge
from validation.tensor_networks_chains import jets

SHARDS = 6
FEATURES = ("mass", "tau1", "tau2", "tau3", "girth", "ptd", "multiplicity", "pt")
SITES = len(FEATURES)
BONDS, EVENTS = (2, 4), (128, 512, 2048)
DRAWS, SEEN = 2, 200
"""Random starts a seed at which the Fisher information is taken, and on how many events."""
SETTINGS = Training(epochs=30, batch_size=64, learning_rate=3e-2, weight_decay=0.0, chunk=4)
KINDS = ("network", "circuit")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """How a network is made from (sites, bond, key), trained and read: ln p (n, 2) of features in [0, 1]."""

    make: Callable[[int, int, Any], Any]
    loss: Loss
    logs: Callable[[Any, Any], Any]


def read_chain(model: classifier.ChainClassifier, u: Any) -> Any:
    """ln p (n, 2) of a chain."""
    return model.log_probabilities(u)


def read_tree(model: tree.Tree | mera.Mera, u: Any) -> Any:
    """ln p (n, 2) of a tree or MERA."""
    logit = trees.logit(model, u)
    return jnp.stack([jax.nn.log_sigmoid(-logit), jax.nn.log_sigmoid(logit)], axis=1)


def read_twin(model: twins.Twin, u: Any) -> Any:
    """ln p (n, 2) of a circuit."""
    return model.log_probabilities(u)


def _twin(layout: str) -> Family:
    return Family(
        lambda sites, bond, key: twins.twin(layout, sites, bond, key=key), twins.cross_entropy, read_twin
    )


FAMILIES: Mapping[tuple[str, str], Family] = {
    ("chain", "network"): Family(
        lambda sites, bond, key: classifier.chain_classifier(SpinMap(2), sites, bond, key=key),
        classifier.cross_entropy,
        read_chain,
    ),
    ("tree", "network"): Family(
        lambda sites, bond, key: tree.random_tree(sites, 2, bond, outputs=2, key=key),
        trees.cross_entropy,
        read_tree,
    ),
    ("mera", "network"): Family(
        lambda sites, bond, key: mera.random_mera(
            sites, 2, bond, outputs=2, disentanglers="identity", key=key
        ),
        trees.cross_entropy,
        read_tree,
    ),
    **{(layout, "circuit"): _twin(layout) for layout in twins.LAYOUTS},
}


@cache
def features(name: str) -> Batch:
    """The eight features of a class."""
    batch = jets()[name].without_truth().batch()
    return KinematicFeatures(FEATURES).fit_map([batch], key=jax.random.key(0))(batch)


@dataclass(frozen=True)
class Sample:
    """Training events, each class in the order in which they are taken, and test events, in [0, 1]."""

    train: tuple[Batch, Batch]
    test: tuple[Batch, Batch]

    def first(self, n: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.uint32]]:
        """Features, labels and identities of ``n`` training events, half of each class."""
        parts = [batch.take(np.arange(n // 2)) for batch in self.train]
        label = np.repeat(np.arange(2, dtype=np.int32), n // 2)
        return np.concatenate([p.x for p in parts]), label, np.concatenate([p.id for p in parts])


def sample(seed: int) -> Sample:
    """Both classes, scaled by the training halves that the largest fit sees."""
    split = []
    for batch in (features("qcd"), features("top")):
        masks = roles(batch.id, {"train": 0.5, "test": 0.5}, f"jets {seed}")
        taken = batch.take(masks["train"])
        order = np.argsort(uniform(taken.id, f"order {seed}"), kind="stable")[: EVENTS[-1] // 2]
        split.append((taken.take(order), batch.take(masks["test"])))
    scaling = UnitScaling.of(np.concatenate([train.x for train, _ in split]))
    scaled = [[part.with_x(scaling.on_host(part.x)) for part in parts] for parts in split]
    return Sample((scaled[0][0], scaled[1][0]), (scaled[0][1], scaled[1][1]))


def shard(index: int, seed: int) -> Raw:
    """Areas by number of events, parameters that are free, and Fisher eigenvalues of every network."""
    events = sample(seed)
    return {
        f"{layout} {kind} {bond}": _one(FAMILIES[layout, kind], bond, events, seed)
        for layout, kind, bond in product(twins.LAYOUTS, KINDS, BONDS)
    }


def _one(family: Family, bond: int, events: Sample, seed: int) -> Raw:
    starts = [
        family.make(SITES, bond, jax.random.fold_in(jax.random.key(seed), draw)) for draw in range(DRAWS)
    ]
    seen = jnp.asarray(events.first(SEEN)[0], jnp.float32)
    fishers = [fisher_information(family.logs, start, seen) for start in starts]
    return {
        "area": {str(n): _area(family, starts[0], events, n, seed) for n in EVENTS},
        "free": twins.free_parameters(starts[0]),
        "fisher": [_kept(fisher) for fisher in fishers],
    }


def _area(family: Family, start: Any, events: Sample, n: int, seed: int) -> float:
    x, label, id = events.first(n)
    fitted = train(
        start,
        family.loss,
        (x, label),
        id,
        np.ones(n),
        SETTINGS,
        key=jax.random.key(seed),
        label="network",
        project=project,
    )
    background, signal = (_logit(family, fitted.model, part) for part in events.test)
    return float(auc(background, signal))


def _logit(family: Family, model: Any, part: Batch) -> Array:
    logs = np.asarray(family.logs(model, jnp.asarray(part.x, jnp.float32)), np.float64)
    return logs[:, 1] - logs[:, 0]


def _kept(fisher: Array) -> list[float]:
    """Eigenvalues above 1e-5 of the largest, in four digits."""
    values = spectrum(fisher)
    return [float(f"{value:.4g}") for value in values[values > 1e-5 * values[0]]]


def dimension(raws: Sequence[Raw], name: str, n: int) -> Array:
    """Effective dimension for ``n`` events as a share of the free parameters, one a seed."""
    found = []
    for raw in raws:
        spectra, free = raw[name]["fisher"], raw[name]["free"]
        size = max(map(len, spectra))
        fishers = [np.diag([*values, *[0.0] * (size - len(values))]) for values in spectra]
        found.append(effective_dimension(np.array(fishers), n, free=free) / free)
    return np.array(found)


def area(raws: Sequence[Raw], name: str, n: int) -> Array:
    """Area under the curve, one a seed."""
    return np.array([raw[name]["area"][str(n)] for raw in raws])


def _areas(first: str, second: str, n: int) -> Callable[[Sequence[Raw]], Measured]:
    def measured(raws: Sequence[Raw]) -> Measured:
        found = edge(area(raws, first, n), area(raws, second, n))
        free = " against ".join(f"{raws[0][name]['free']:,}" for name in (first, second))
        return Measured(found.value, note=f"{found.note}; free parameters {free}")

    return measured


def _dimensions(first: str, second: str) -> Callable[[Sequence[Raw]], Measured]:
    return lambda raws: edge(dimension(raws, first, EVENTS[-1]), dimension(raws, second, EVENTS[-1]))


_ROWS: dict[str, Callable[[Sequence[Raw]], Measured]] = {}
for _layout in twins.LAYOUTS:
    for _bond, _n in product(BONDS, (EVENTS[0], EVENTS[-1])):
        _ROWS[
            f"{_layout}, circuit over network, bond {_bond}, {_n:,} events: difference of areas, lower edge"
        ] = _areas(f"{_layout} circuit {_bond}", f"{_layout} network {_bond}", _n)
    _ROWS |= {
        f"{_layout}, network of bond 4 over circuit of bond 2, {EVENTS[-1]:,} events: difference of areas, "
        "lower edge": _areas(f"{_layout} network 4", f"{_layout} circuit 2", EVENTS[-1]),
        f"{_layout}, circuit over network, bond 2: difference of effective dimensions, lower edge": (
            _dimensions(f"{_layout} circuit 2", f"{_layout} network 2")
        ),
    }
ROWS: Mapping[str, Callable[[Sequence[Raw]], Measured]] = _ROWS


def _rows(raws: Sequence[Raw]) -> dict[str, Measured]:
    return {name: row(raws) for name, row in ROWS.items()}


def _agree(committed: Raw, again: Raw) -> list[str]:
    """Areas within 2 %: rounding grows in training; the smallest eigenvalues are rounding themselves."""
    first, second = ({name: raw[name]["area"] for name in raw} for raw in (committed, again))
    return differences(first, second, 0.02)


CASES = [Case("circuits", tuple(ROWS), shard, SHARDS, _rows, agree=_agree)]
