"""Binary MERA: trees with orthogonal disentanglers between neighbouring blocks (arXiv:cond-mat/0512165).

Sites are filled up as in ``tree``: to the next power of two, with e_0. What takes the whole state is for few
sites; reduced densities need the causal cone alone and take any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.tensor_networks.isometries import Stack, identity_stack, random_stack
from strangeness.tensor_networks.tree import Tree, filled_up, refuse_large, tree_sizes, unit, von_neumann

DISENTANGLERS = ("random", "identity", "none")


class MeraLayer(eqx.Module):
    """Disentanglers (pairs, D^2, D^2), then isometries (nodes, D^2, D') of one level.

    Disentangler k acts on the sites 2k + 1 and 2k + 2, which lie in different blocks; with none of them the
    layer is one of a tree. Of a periodic chain the last one acts on the last site and the first.
    """

    disentanglers: Stack
    isometries: Stack

    @property
    def below(self) -> int:
        """Dimension of the edges below."""
        return round(self.isometries.matrix.shape[1] ** 0.5)

    def pairs(self) -> list[tuple[int, int]]:
        """The sites that each disentangler acts on."""
        sites = 2 * self.isometries.matrix.shape[0]
        return [(2 * k + 1, (2 * k + 2) % sites) for k in range(self.disentanglers.matrix.shape[0])]


class Mera(eqx.Module):
    """A binary MERA over product vectors.

    Without filled-up sites the squared norm of its state is the number of outputs.
    """

    layers: tuple[MeraLayer, ...]
    sites: int = eqx.field(static=True)

    @property
    def local(self) -> int:
        """Components of a site's vector."""
        return self.layers[0].below

    @property
    def outputs(self) -> int:
        """Components of the result."""
        return int(self.layers[-1].isometries.matrix.shape[2])

    def tree(self) -> Tree:
        """The tree of the same isometries: the MERA with identities for disentanglers."""
        return Tree(tuple(layer.isometries for layer in self.layers), self.sites)


def random_mera(
    sites: int,
    local: int,
    bond: int,
    *,
    outputs: int = 1,
    disentanglers: str = "random",
    periodic: bool = False,
    key: PRNGKeyArray,
) -> Mera:
    """A MERA of random isometries; edges are at most as large as the sites below fill, see ``random_tree``.

    Args:
        sites: two or more.
        local: components of a site's vector.
        bond: most dimensions of an edge.
        outputs: components of the result.
        disentanglers: "random", "identity", or "none", which is the tree without anything to train there.
        periodic: let the topmost and the lowest site be neighbours.
        key: seeds it.

    Raises:
        InputError: for what ``random_tree`` refuses, and another name of disentanglers.
    """
    if disentanglers not in DISENTANGLERS:
        raise InputError(f"disentanglers are {disentanglers!r}", f"Take one of {', '.join(DISENTANGLERS)}.")
    sizes, layers = tree_sizes(sites, local, bond, outputs), []
    for level, below in enumerate(sizes[:-1]):
        nodes, keys = 2 ** (len(sizes) - 2 - level), jax.random.split(jax.random.fold_in(key, level))
        pairs = 0 if disentanglers == "none" or nodes == 1 else nodes - (not periodic)
        mixing = identity_stack(pairs, below**2)
        if disentanglers == "random":
            mixing = random_stack(pairs, below**2, below**2, key=keys[0])
        layers.append(MeraLayer(mixing, random_stack(nodes, below**2, sizes[level + 1], key=keys[1])))
    return Mera(tuple(layers), sites)


@eqx.filter_jit
def contract(
    mera: Mera, vectors: Float[Any, "n sites local"]
) -> tuple[Float[Array, " n"], Float[Array, "n outputs"]]:
    """The network on product vectors: logarithm of the result's length (n,) and its direction (n, outputs).

    The disentanglers entangle what the isometries have not yet joined, so that local^sites numbers an event
    pass through.

    Raises:
        InputError: for vectors of another shape, or more than 2^24 numbers an event.
    """
    places = 2 ** len(mera.layers)
    refuse_large(mera.local, places, 1)
    x = filled_up(vectors, mera.sites, places, mera.local)
    state = x[:, 0]
    for place in range(1, places):
        state = (state[:, :, None] * x[:, place, None, :]).reshape(x.shape[0], -1)
    log = jnp.zeros(x.shape[0], x.dtype)
    for layer in mera.layers:
        state, scale = unit(_ascended(layer, state))
        log = log + scale
    return log, state


def _ascended(layer: MeraLayer, state: Array) -> Array:
    """States (n, d^(2k)) below a layer as those above it (n, D^k)."""
    n, d, sites = state.shape[0], layer.below, 2 * layer.isometries.matrix.shape[0]
    for (left, right), matrix in zip(layer.pairs(), layer.disentanglers.along, strict=True):
        wrapped = right < left
        if wrapped:
            state = jnp.moveaxis(state.reshape(n, d, -1), 1, 2)
        before = d ** (left - wrapped)
        state = jnp.einsum("nbpa,pq->nbqa", state.reshape(n, before, d * d, -1), matrix)
        if wrapped:
            state = jnp.moveaxis(state.reshape(n, -1, d), 2, 1)
    above = layer.isometries.matrix.shape[2]
    for node, matrix in enumerate(layer.isometries.along):
        rest = d ** (sites - 2 * node - 2)
        state = jnp.einsum("nbpa,po->nboa", state.reshape(n, above**node, d * d, rest), matrix)
    return state.reshape(n, -1)


def dense(mera: Mera) -> NDArray[np.floating[Any]]:
    """The state written out (local, ..., local, outputs): one axis a site, then the outputs.

    Raises:
        InputError: for more than 2^24 entries.
    """
    places = 2 ** len(mera.layers)
    refuse_large(mera.local, places, mera.outputs)
    state = np.eye(mera.outputs)
    for layer in reversed(mera.layers):
        state = _descended(layer, state)
    whole = state.reshape(*[mera.local] * places, mera.outputs)
    return whole[(slice(None),) * mera.sites + (0,) * (places - mera.sites)]


def _descended(layer: MeraLayer, state: NDArray[Any]) -> NDArray[Any]:
    """States (D^k, m) above a layer as those below it (d^(2k), m)."""
    isometries, m = np.asarray(layer.isometries.matrix), state.shape[1]
    nodes, rows, above = isometries.shape
    for node, matrix in enumerate(isometries):
        parts = state.reshape(rows**node, above, -1)
        state = np.einsum("boa,po->bpa", parts, matrix)
    whole = state.reshape(*[layer.below] * (2 * nodes), m)
    for pair, matrix in zip(layer.pairs(), np.asarray(layer.disentanglers.matrix), strict=True):
        moved = np.moveaxis(whole, pair, (0, 1))
        mixed = (matrix @ moved.reshape(rows, -1)).reshape(moved.shape)
        whole = np.moveaxis(mixed, (0, 1), pair)
    return whole.reshape(-1, m)


def reduced_density(mera: Mera, sites: Sequence[int]) -> Float[Array, "d d"]:
    """Density matrix (local^k, local^k) of k sites in the given order, by their causal cone alone.

    Only the tensors that the sites can feel are contracted (arXiv:0707.1454), at a cost that grows with the
    logarithm of the number of sites, and exponentially with k. Outputs beyond one are summed over.

    Raises:
        InputError: for sites that do not exist or repeat, or a network with filled-up sites, where what lies
            outside the cone matters too.
    """
    return _reduced(mera, _refuse_sites(mera, sites))


@eqx.filter_jit
def _reduced(mera: Mera, wanted: tuple[int, ...]) -> Array:
    cones = [(sorted(wanted), sorted(wanted))]
    for layer in mera.layers:
        touched = _closed(layer, cones[-1][0])
        cones[-1] = (cones[-1][0], touched)
        above = sorted({site // 2 for site in touched})
        cones.append((above, above))
    density = jnp.eye(mera.outputs, dtype=float_dtype()) / mera.outputs
    for layer, (kept, touched), (above, _) in zip(
        reversed(mera.layers), reversed(cones[:-1]), reversed(cones[1:]), strict=True
    ):
        density = _lowered(layer, density, above, touched, kept)
    order = [sorted(wanted).index(site) for site in wanted]
    k, d = len(wanted), mera.local
    axes = [*order, *(k + axis for axis in order)]
    return density.reshape([d] * (2 * k)).transpose(axes).reshape(d**k, d**k)


def entropy(mera: Mera, sites: Sequence[int]) -> Float[Array, ""]:
    """Entanglement entropy in nats of some sites with all others, see ``reduced_density``."""
    return von_neumann(reduced_density(mera, sites))


def _refuse_sites(mera: Mera, sites: Iterable[int]) -> tuple[int, ...]:
    wanted = tuple(int(site) for site in sites)
    if mera.sites != 2 ** len(mera.layers):
        raise InputError(
            f"a reduced density of a MERA of {mera.sites} sites",
            "Take a power of two of sites, or write the state out.",
        )
    known = wanted and min(wanted) >= 0 and max(wanted) < mera.sites
    if not known or len(set(wanted)) < len(wanted):
        raise InputError(
            f"the sites {list(wanted)} of a MERA of {mera.sites}",
            f"Give different ones from 0 to {mera.sites - 1}.",
        )
    return wanted


def _closed(layer: MeraLayer, sites: Sequence[int]) -> list[int]:
    """The sites and those that a disentangler mixes with them."""
    mixed = {site for pair in layer.pairs() if set(pair) & set(sites) for site in pair}
    return sorted(mixed | set(sites))


def _lowered(
    layer: MeraLayer, density: Array, above: Sequence[int], touched: Sequence[int], kept: Sequence[int]
) -> Array:
    """The density of the sites ``above`` a layer as that of the sites ``kept`` below it.

    Axes have numbers: below the isometries 4s for the ket and 4s + 1 for the bra of site s, above them 4s + 2
    and 4s + 3; below the disentanglers so many more as there are of these.
    """
    state = density.reshape([layer.isometries.matrix.shape[2]] * (2 * len(above)))
    axes = [4 * node + 2 for node in above] + [4 * node + 3 for node in above]
    for node in above:
        state, axes = _refined(layer, state, axes, node, touched)
    names = {site: (4 * site, 4 * site + 1) for site in touched}
    for number, pair in enumerate(layer.pairs()):
        if set(pair) & set(kept):
            state, axes = _disentangled(layer, state, axes, number, kept, names)
    ordered = [names[site][0] for site in kept] + [names[site][1] for site in kept]
    return jnp.transpose(state, [axes.index(axis) for axis in ordered]).reshape(layer.below ** len(kept), -1)


def _refined(
    layer: MeraLayer, state: Array, axes: list[int], node: int, touched: Sequence[int]
) -> tuple[Array, list[int]]:
    """An isometry on both sides; a child outside ``touched`` is traced out as soon as it appears."""
    tensor = layer.isometries.matrix[node].reshape(layer.below, layer.below, -1)
    children = (2 * node, 2 * node + 1)
    ket = [4 * child for child in children]
    bra = [4 * child + (child in touched) for child in children]
    joined = [axis for axis in axes if axis // 4 != node or axis % 4 < 2]
    joined += [axis for child in children if child in touched for axis in (4 * child, 4 * child + 1)]
    return (
        _einsum(state, axes, tensor, [*ket, 4 * node + 2], tensor, [*bra, 4 * node + 3], joined),
        joined,
    )


def _disentangled(
    layer: MeraLayer,
    state: Array,
    axes: list[int],
    number: int,
    kept: Sequence[int],
    names: dict[int, tuple[int, int]],
) -> tuple[Array, list[int]]:
    """A disentangler on both sides; its sites get new ``names``, and one that is not kept is traced out."""
    pair, shift = layer.pairs()[number], 8 * layer.isometries.matrix.shape[0]
    tensor = layer.disentanglers.matrix[number].reshape([layer.below] * 4)
    inner = [names[site] for site in pair]
    for site in pair:
        names[site] = (shift + 4 * site, shift + 4 * site + (site in kept))
    outer = [names[site] for site in pair]
    gone = {axis for both in inner for axis in both}
    joined = [axis for axis in axes if axis not in gone]
    joined += [axis for site in pair if site in kept for axis in names[site]]
    ket, bra = ([both[side] for both in (*outer, *inner)] for side in (0, 1))
    return _einsum(state, axes, tensor, ket, tensor, bra, joined), joined


def _einsum(*operands: Any) -> Array:
    """``einsum`` of arrays and their axes by number, renumbered from 0: large numbers have no letter."""
    lists = [*operands[1::2], operands[-1]]
    names = {axis: i for i, axis in enumerate(dict.fromkeys(a for axes in lists for a in axes))}
    renamed = [[names[axis] for axis in axes] for axes in lists]
    arrays = operands[0:-1:2]
    flat = [part for both in zip(arrays, renamed[:-1], strict=True) for part in both]
    return jnp.einsum(*flat, renamed[-1], optimize="greedy")
