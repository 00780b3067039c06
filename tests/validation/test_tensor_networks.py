"""What the studies of tensor networks say of made-up shards, whose paired differences are known."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from harness.cases import Measured
from strangeness.tensor_networks.training import WAYS
from strangeness.tensor_networks.twins import LAYOUTS
from validation import tensor_networks_circuits as circuits
from validation import tensor_networks_landscape as landscape
from validation import tensor_networks_mera as mera
from validation import tensor_networks_mps as mps

SEEDS = range(7)


def rows_of(study: Any, raws: list[Any]) -> dict[str, Measured]:
    (case,) = study.CASES
    found = case.summarise(raws)
    assert set(found) == set(case.rows)
    return dict(found)


def test_mera_is_paired_with_its_rivals_and_its_tree_limit() -> None:
    """Trained disentanglers keep a tenth more at bonds 1 and 2, nothing more at 4 and 8."""

    def one(name: str, seed: int) -> dict[str, float]:
        gain = 0.1 if name.split()[:1] == ["trained"] and name.split()[1] in "12" else 0.0
        area = {"dense": 0.88, "components": 0.91, "nearest": 0.89}.get(name, 0.9 + gain)
        size = {"dense": 3000, "trained 8": 1000}.get(name, 500)
        return {"auc": area + 0.001 * seed, "error": 1.0 - gain, "parameters": size}

    raws = [
        {way: {name: one(name, seed) for name in mera.entries()} for way in (mera.FORWARDS, mera.BACKWARDS)}
        for seed in SEEDS
    ]
    rows = rows_of(mera, raws)
    value = {name: row.value for name, row in rows.items()}
    assert value["MERA over dense autoencoder, QCD -> top: difference of areas, lower edge"] == pytest.approx(
        0.02
    )
    assert value["dense autoencoder over MERA: parameters"] == 3
    strong = [name for name in value if "gain in error at bonds 1 and 2" in name]
    assert len(strong) == 2 and [value[name] for name in strong] == pytest.approx([0.1, 0.1])


def test_pruning_is_paired_with_a_random_half() -> None:
    raws = [
        {
            how: {
                "area": {str(bond): 0.9 + 0.001 * seed + 0.01 * (how == "joint") for bond in mps.BONDS},
                "kept": 0.89 + 0.001 * seed,
                "random": 0.87 + 0.001 * seed,
                "rest": 0.8 + 0.001 * seed,
            }
            for how in WAYS
        }
        for seed in SEEDS
    ]
    value = {name: row.value for name, row in rows_of(mps, raws).items()}
    over, cost = (
        value[f"MPS by SGD, half {said}"]
        for said in (
            "by entropy over a random half: difference of areas, lower edge",
            "of the features by entropy: loss of area, upper edge",
        )
    )
    assert (over, cost) == pytest.approx((0.02, 0.01))
    assert value["MPS, joint training over SGD: difference of areas, lower edge"] == pytest.approx(0.01)


def test_circuits_are_paired_with_networks() -> None:
    """Equal eigenvalues and twice the free parameters: half of the share is effective."""
    raws = [
        {
            f"{layout} {kind} {bond}": {
                "area": {str(n): 0.9 + 0.05 * (kind == "circuit") + 0.001 * seed for n in circuits.EVENTS},
                "free": 4 if kind == "circuit" else 8,
                "fisher": [[1.0, 1.0, 1.0, 1.0]] * circuits.DRAWS,
            }
            for layout, kind, bond in product(LAYOUTS, circuits.KINDS, circuits.BONDS)
        }
        for seed in SEEDS
    ]
    rows = rows_of(circuits, raws)
    areas = "tree, circuit over network, bond 2, 128 events: difference of areas, lower edge"
    assert rows[areas].value == pytest.approx(0.05) and "4 against 8" in rows[areas].note
    shares = "tree, circuit over network, bond 2: difference of effective dimensions, lower edge"
    assert rows[shares].value > 0.2


def test_a_halving_a_site_is_the_rate_of_an_exponential() -> None:
    raws = []
    for which in landscape.WHICH:
        sizes = np.array(landscape.LAYERED if which.startswith("layered") else landscape.FULL)
        law = 2.0**-sizes if which != "tree circuit" else sizes**-2.0
        raws.append({"which": which, "sizes": sizes.tolist(), "variance": law.tolist()})
    value = {name: row.value for name, row in rows_of(landscape, raws).items()}
    assert value["gradients of a layered circuit: ln(variance) a site"] == pytest.approx(-np.log(2))
    assert (
        value["gradients of a tree circuit: what an exponential leaves over less what a power leaves"] > 0.1
    )
