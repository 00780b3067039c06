"""How gradients at random starts vanish with the number of sites: networks, their circuits, a layered one.

Of a circuit the probability of class 1 is differentiated; of a network the squared amplitude of class 1
before both are scaled to 1: the derivative of the scaled one has no finite variance, since at a random start
both amplitudes may come as near to zero as they like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from harness.cases import Case, Measured, Raw
from strangeness.explain.landscape import Decay, decay, gradient_variance
from strangeness.quantum import Circuit, PauliStrings, embedded
from strangeness.quantum.statevector import readings
from strangeness.tensor_networks import mera, tree
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.twins import free_parameters
from validation.tensor_networks_circuits import FAMILIES, read_twin

DRAWS, EVENTS = 60, 2
FULL, LAYERED = (2, 4, 8, 16), (2, 4, 6, 8, 10)
WHICH = ("tree network", "mera network", "chain circuit", "tree circuit", "mera circuit", "layered circuit")


class Angles(eqx.Module):
    """The parameters of a layered circuit of qubits."""

    theta: Any
    qubits: int = eqx.field(static=True)


@cache
def layered(qubits: int) -> Circuit:
    """Twice as many layers as qubits on a ring; Z of the last qubit is read."""
    return embedded("angle", qubits, qubits, 2 * qubits, PauliStrings(("I" * (qubits - 1) + "Z",)))


def of_network(model: Any, u: Any) -> Any:
    """Squared amplitude of class 1."""
    vectors, mixed = SpinMap(2).vectors(u), isinstance(model, mera.Mera)
    log, direction = mera.contract(model, vectors) if mixed else tree.contract(model, vectors)
    return jnp.exp(2.0 * log) * direction[:, 1] ** 2


def of_twin(model: Any, u: Any) -> Any:
    """Probability of class 1."""
    return jnp.exp(read_twin(model, u)[:, 1])


def of_layered(model: Angles, u: Any) -> Any:
    """Probability of class 1, on features as angles in [0, pi]."""
    return 0.5 * (1.0 - readings(layered(model.qubits), model.theta, jnp.pi * u)[:, 0])


def shard(index: int, seed: int) -> Raw:
    """Mean variance of a free derivative, by number of sites, for one kind of network."""
    sizes = LAYERED if WHICH[index].startswith("layered") else FULL
    return {
        "which": WHICH[index],
        "sizes": list(sizes),
        "variance": [_variance(WHICH[index], n, seed) for n in sizes],
    }


def _variance(which: str, sites: int, seed: int) -> float:
    rng = np.random.default_rng([seed, sites])
    u, key = rng.random((EVENTS, sites)).astype(np.float32), jax.random.key(seed)
    layout, kind = which.split()
    if layout == "layered":
        size = layered(sites).parameters
        drawn = rng.uniform(-np.pi, np.pi, (DRAWS, size)).astype(np.float32)
        return float(np.mean(gradient_variance(of_layered, [Angles(theta, sites) for theta in drawn], u)))
    make = FAMILIES[layout, kind].make
    draws = [make(sites, 2, jax.random.fold_in(key, draw)) for draw in range(DRAWS)]
    variance = gradient_variance(of_network if kind == "network" else of_twin, draws, u)
    return float(np.sum(variance) / free_parameters(draws[0]))


def law(raw: Raw) -> Decay:
    """Both laws fitted to a shard."""
    return decay(raw["sizes"], raw["variance"])


def _said(raw: Raw) -> str:
    found = law(raw)
    pairs = zip(raw["sizes"], raw["variance"], strict=True)
    said = ", ".join(f"{n}: {value:.3g}" for n, value in pairs)
    return (
        f"{said}; rate {found.rate:.3f} (left over {found.exponential:.2f}), power {found.power:.2f} "
        f"(left over {found.polynomial:.2f})"
    )


def _rate(index: int) -> Callable[[Sequence[Raw]], Measured]:
    return lambda raws: Measured(law(raws[index]).rate, note=_said(raws[index]))


def _gentle(raws: Sequence[Raw]) -> Measured:
    found = law(raws[WHICH.index("tree circuit")])
    return Measured(found.exponential - found.polynomial, note=_said(raws[WHICH.index("tree circuit")]))


ROWS: Mapping[str, Callable[[Sequence[Raw]], Measured]] = {
    **{f"gradients of a {which}: ln(variance) a site": _rate(index) for index, which in enumerate(WHICH)},
    "gradients of a tree circuit: what an exponential leaves over less what a power leaves": _gentle,
}


def _rows(raws: Sequence[Raw]) -> dict[str, Measured]:
    return {name: row(raws) for name, row in ROWS.items()}


CASES = [Case("landscape", tuple(ROWS), shard, len(WHICH), _rows, tolerance=1e-2)]
