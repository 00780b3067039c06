"""Circuits in the layout of a chain, a tree or a MERA: real gates, and traces where those project.

A tensor network of isometries keeps, at every node, a part of the pair below it and throws the rest away
unseen by projecting on it; a circuit cannot do that. Its gate is orthogonal, and the qubits that it leaves
behind are traced out (arXiv:1803.11537, with gates of real numbers here). A bond of D dimensions is log2 D
qubits. The state of all qubits is kept: this is for few sites.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError, nearest
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.isometries import Stack, identity_stack, random_stack
from strangeness.tensor_networks.tree import filled_up, refuse_large

LAYOUTS = ("chain", "tree", "mera")
FLOOR = 1e-6
"""Added to both probabilities, so that their logarithms stay finite where one vanishes."""
Wires = tuple[int, ...]


class Twin(eqx.Module):
    """A circuit on a product state of spins, cos and sin of pi u / 2, of which one qubit is read.

    Attributes:
        gates: orthogonal (gates, 2^k, 2^k), step by step.
        wires: for each step and gate the qubits on which it acts; the first is the most significant.
        sites: features of an event; the other qubits start as e_0.
        read: the qubit whose probability of being 1 is that of class 1.
    """

    gates: tuple[Stack, ...]
    wires: tuple[tuple[Wires, ...], ...] = eqx.field(static=True)
    sites: int = eqx.field(static=True)
    read: int = eqx.field(static=True)

    @property
    def qubits(self) -> int:
        """Number of qubits, those that were filled up among them."""
        return 1 + max(wire for step in self.wires for gate in step for wire in gate)

    def log_probabilities(self, u: Float[Any, "n sites"]) -> Float[Array, "n 2"]:
        """ln of the probabilities (n, 2) of both classes, of features in [0, 1]."""
        return _log_probabilities(self, u)

    def state(self, u: Float[Any, "n sites"]) -> Float[Array, "n amplitudes"]:
        """The amplitudes (n, 2^qubits) behind all gates; qubit 0 is the most significant."""
        return _ordered(self, u)


@eqx.filter_jit
def _log_probabilities(twin: Twin, u: Any) -> Array:
    state, order = _run(twin, u)
    place = 1 + order.index(twin.read)
    share = jnp.sum(jnp.moveaxis(state, place, 1).reshape(state.shape[0], 2, -1) ** 2, axis=2)
    return jnp.log((share + FLOOR) / (1.0 + 2.0 * FLOOR))


@eqx.filter_jit
def _ordered(twin: Twin, u: Any) -> Array:
    state, order = _run(twin, u)
    back = [0, *(1 + order.index(qubit) for qubit in range(twin.qubits))]
    return state.transpose(back).reshape(state.shape[0], -1)


def _run(twin: Twin, u: Any) -> tuple[Array, list[int]]:
    """The state with one axis a qubit, and which qubit each axis is: nothing is moved back."""
    x = filled_up(SpinMap(2).vectors(jnp.asarray(u)), twin.sites, twin.qubits, 2)
    state, n = x[:, 0], x.shape[0]
    for qubit in range(1, twin.qubits):
        state = (state[:, :, None] * x[:, qubit, None, :]).reshape(n, -1)
    order = list(range(twin.qubits))
    state = state.reshape(n, *[2] * twin.qubits)
    for step, stack in zip(twin.wires, twin.gates, strict=True):
        for wires, gate in zip(step, stack.along, strict=True):
            rest = [qubit for qubit in order if qubit not in wires]
            moved = [order.index(qubit) for qubit in (*rest, *wires)]
            order = [*rest, *wires]
            state = state.transpose(0, *(1 + place for place in moved))
            state = (state.reshape(-1, gate.shape[1]) @ gate.T).reshape(n, *[2] * twin.qubits)
    return state, order


def twin(layout: str, sites: int, bond: int, *, key: PRNGKeyArray) -> Twin:
    """A circuit of random gates; the disentanglers of a MERA begin as identities.

    A tree or MERA is filled up to a power of two, as ``tree``. What no bond narrows needs no gate: the gate
    above it can do the same.

    Args:
        layout: "chain", "tree" or "mera".
        sites: two or more, and more than log2 of the bond.
        bond: a power of two, of 2 or more.
        key: seeds the gates.

    Raises:
        InputError: for an unknown layout, sizes that make no circuit, and more than 24 qubits.
    """
    if layout not in LAYOUTS:
        raise InputError(f"unknown layout {layout!r}", nearest(layout, LAYOUTS))
    width = bond.bit_length() - 1
    if bond < 2 or bond != 1 << width or sites <= width:
        raise InputError(
            f"a circuit of {sites} sites with a bond of {bond}", "Give a power of two below 2^sites."
        )
    refuse_large(2, sites, 1)
    wires, mixing, read = _chain(sites, width) if layout == "chain" else _tree(sites, width, layout == "mera")
    keys = jax.random.split(key, len(wires))
    gates = [
        identity_stack(len(step), 2 ** len(step[0]))
        if mixes
        else random_stack(len(step), 2 ** len(step[0]), 2 ** len(step[0]), key=key)
        for step, mixes, key in zip(wires, mixing, keys, strict=True)
    ]
    return Twin(tuple(gates), wires, sites, read)


_Plan = tuple[tuple[tuple[Wires, ...], ...], list[bool], int]


def _chain(sites: int, width: int) -> _Plan:
    """One gate a site on the qubits that are carried along and the new one."""
    step = tuple(tuple(range(site - width, site + 1)) for site in range(width, sites))
    return (step,), [False], sites - 1


def _tree(sites: int, width: int, mixed: bool) -> _Plan:
    """Gates on pairs of branches, level by level, and before them on neighbours of different branches."""
    edges: list[Wires] = [(site,) for site in range(1 << (sites - 1).bit_length())]
    wires, mixing = [], []
    while len(edges) > 1:
        across = tuple(edges[k] + edges[k + 1] for k in range(1, len(edges) - 1, 2))
        if mixed and across:
            wires.append(across)
            mixing.append(True)
        edges = [edges[k] + edges[k + 1] for k in range(0, len(edges), 2)]
        if len(edges) == 1 or len(edges[0]) > width:
            wires.append(tuple(edges))
            mixing.append(False)
        edges = [edge[:width] for edge in edges]
    return tuple(wires), mixing, edges[0][0]


def cross_entropy(model: Twin, rows: Any, key: Any) -> Array:
    """-ln p(label | u) (n,) of the rows ``(features in [0, 1], label)``."""
    u, label = rows
    log = model.log_probabilities(u)
    return -jnp.where(label > 0, log[:, 1], log[:, 0])


def free_parameters(model: Any) -> int:
    """Numbers that can be chosen: all entries, less the constraints of isometric stacks."""
    stacks = [s for s in jax.tree.leaves(model, is_leaf=_is_stack) if _is_stack(s) and s.isometric]
    constraints = sum(s.matrix.shape[0] * s.matrix.shape[2] * (s.matrix.shape[2] + 1) // 2 for s in stacks)
    return (
        sum(np.size(leaf) for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array))) - constraints
    )


def _is_stack(node: Any) -> bool:
    return isinstance(node, Stack)
