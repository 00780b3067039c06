"""Tops against QCD jets by a matrix-product state: three ways to train it, its bond, and pruning by entropy.

After arXiv:2106.08334. A jet is a chain of 40 sites: pT share and distance from the centroid of its 20
hardest constituents. These numbers and the feature map were chosen among five pairs, by the areas of SGD at
bond 8 on one split that belongs to no shard; all else is what the detector has as defaults. Every shard is
one seed: a split of both classes into training and test halves, and all fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import jax
import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, Raw, differences
from strangeness.core.batch import DATA, ArraySource, Batch, concatenate
from strangeness.core.identity import roles
from strangeness.detectors.mps_classifier import MPSClassifier
from strangeness.explain.pruning import prune_by_entropy
from strangeness.representations import ConstituentChains
from strangeness.stats.metrics import auc
from strangeness.tensor_networks.training import WAYS, How
from validation.tensor_networks_bands import band, edge
from validation.tensor_networks_chains import jets

SHARDS = 7
HARDEST = 20
BONDS = (2, 4, 8, 16)
PRUNED = 8
"""The bond at which features are left out: the detector's default."""
SHOWN = {"sgd": "SGD", "dmrg": "DMRG", "joint": "joint"}
Array = NDArray[np.float64]


@cache
def chains(name: str) -> Batch:
    """Rows (n, 40) of a class: pT share and distance from the centroid, constituent by constituent."""
    batch = jets()[name].without_truth().batch()
    chains = ConstituentChains(HARDEST, position="distance")
    return chains.fit_map(ArraySource(batch), key=jax.random.key(0))(batch)


def halves(name: str, seed: int) -> tuple[Batch, Batch]:
    """Training and test half of a class."""
    batch = chains(name)
    masks = roles(batch.id, {"train": 0.5, "test": 0.5}, f"jets {seed}")
    return batch.take(masks["train"]), batch.take(masks["test"])


def shard(index: int, seed: int) -> Raw:
    """Areas by way and bond, and at one bond what pruning costs."""
    (train, background), (other, signal) = (halves(name, seed) for name in ("qcd", "top"))
    train, key = concatenate([train, other.labelled(DATA)]), jax.random.key(seed)

    def scanned(how: How, bond: int) -> float:
        scorer = MPSClassifier(bond, scheme=how).fit_scorer(ArraySource(train), key=key)
        return float(auc(scorer(background), scorer(signal)))

    found = {}
    for how in WAYS:
        detector = MPSClassifier(PRUNED, scheme=how)
        pruned = prune_by_entropy(detector, train, background, signal, keep=0.5, key=key)
        found[how] = {
            "area": {str(bond): scanned(how, bond) for bond in BONDS if bond != PRUNED}
            | {str(PRUNED): float(pruned.auc_all)},
            "kept": float(pruned.auc_kept),
            "random": float(pruned.auc_random),
            "rest": float(pruned.auc_rest),
            "features": list(pruned.kept),
            "entropies": pruned.entropies.tolist(),
        }
    return found


def column(raws: Sequence[Raw], how: str, what: str | int) -> Array:
    """One number a seed: the area at a bond, or what is left of it by "kept", "random" or "rest"."""
    if isinstance(what, int):
        return np.array([raw[how]["area"][str(what)] for raw in raws])
    return np.array([raw[how][what] for raw in raws])


def _area(how: str) -> Callable[[Sequence[Raw]], Measured]:
    def measured(raws: Sequence[Raw]) -> Measured:
        said = "; ".join(f"bond {bond}: {band(column(raws, how, bond))}" for bond in BONDS)
        return Measured(float(np.mean(column(raws, how, PRUNED))), note=said)

    return measured


def _over(first: str, second: str) -> Callable[[Sequence[Raw]], Measured]:
    return lambda raws: edge(column(raws, first, PRUNED), column(raws, second, PRUNED))


def _scan(how: str) -> Callable[[Sequence[Raw]], Measured]:
    def measured(raws: Sequence[Raw]) -> Measured:
        gain = column(raws, how, BONDS[-1]) - column(raws, how, BONDS[0])
        return Measured(float(np.mean(gain)), note=band(gain))

    return measured


def _kept_over(control: str, how: str) -> Callable[[Sequence[Raw]], Measured]:
    return lambda raws: edge(column(raws, how, "kept"), column(raws, how, control))


def _cost(how: str) -> Callable[[Sequence[Raw]], Measured]:
    """The upper edge of what half of the features cost: minus the lower edge of kept over all."""

    def measured(raws: Sequence[Raw]) -> Measured:
        found = edge(column(raws, how, "kept"), column(raws, how, PRUNED))
        return Measured(-found.value, note=f"kept minus all: {found.note}")

    return measured


_ROWS: dict[str, Callable[[Sequence[Raw]], Measured]] = {}
for _how, _said in SHOWN.items():
    _ROWS |= {
        f"MPS by {_said}, top from QCD: area under the curve": _area(_how),
        f"MPS by {_said}, bond 16 over bond 2: difference of areas": _scan(_how),
        f"MPS by {_said}, half of the features by entropy: loss of area, upper edge": _cost(_how),
        f"MPS by {_said}, half by entropy over a random half: difference of areas, lower edge": _kept_over(
            "random", _how
        ),
        f"MPS by {_said}, half by entropy over the other half: difference of areas, lower edge": _kept_over(
            "rest", _how
        ),
    }
ROWS: Mapping[str, Callable[[Sequence[Raw]], Measured]] = _ROWS | {
    "MPS, joint training over SGD: difference of areas, lower edge": _over("joint", "sgd"),
    "MPS, joint training over DMRG: difference of areas, lower edge": _over("joint", "dmrg"),
}


def _rows(raws: Sequence[Raw]) -> dict[str, Measured]:
    return {name: row(raws) for name, row in ROWS.items()}


def _agree(committed: Raw, again: Raw) -> list[str]:
    """Areas within 2 %; near ties of the entropies may fall the other way on another machine."""
    areas = ("area", "kept", "random", "rest")
    first, second = ({how: {k: raw[how][k] for k in areas} for how in WAYS} for raw in (committed, again))
    return differences(first, second, 0.02)


CASES = [Case("mps", tuple(ROWS), shard, SHARDS, _rows, agree=_agree)]
