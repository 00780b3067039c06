"""Tree tensor networks: pairs of neighbours joined level by level up to one vector of outputs.

Any number of sites is filled up at its end to the next power of two. A filled-up site carries the first
basis vector, e_0, in every function here: amplitudes, norms, entropies and samples are those of the real
sites, with the others fixed there.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.tensor_networks.isometries import Stack, random_stack

_LARGEST = 2**24
"""Most entries of a state that is written out."""


class Tree(eqx.Module):
    """A binary tree of tensors over product vectors (arXiv:quant-ph/0511070).

    Level l holds a matrix (D_l^2, D_(l+1)) for each of its nodes, rows in the order (left, right); D_0 is the
    size of a site's vector, the last D the number of outputs. For an isometric tree without filled-up sites
    the squared norm of the state is the number of outputs.
    """

    levels: tuple[Stack, ...]
    sites: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not self.levels or not 2 ** (len(self.levels) - 1) < self.sites <= 2 ** len(self.levels):
            raise InputError(
                f"a tree of {len(self.levels)} levels over {self.sites} sites", "Fit it to the sites."
            )

    @property
    def local(self) -> int:
        """Components of a site's vector."""
        return round(self.levels[0].matrix.shape[1] ** 0.5)

    @property
    def bonds(self) -> tuple[int, ...]:
        """Dimension of the edges above each level; the last is the number of outputs."""
        return tuple(int(level.matrix.shape[2]) for level in self.levels)

    @property
    def outputs(self) -> int:
        """Components of the result."""
        return self.bonds[-1]


def random_tree(
    sites: int,
    local: int,
    bond: int,
    *,
    outputs: int = 1,
    key: PRNGKeyArray,
    isometric: bool = True,
) -> Tree:
    """A tree of random isometries, or of free matrices.

    An edge gets ``bond`` dimensions or, where that is fewer, as many as the sites below it can fill:
    ``Tree.bonds`` says what became of it.

    Raises:
        InputError: for fewer than two sites, a local size, bond or number of outputs below 1, or more outputs
            than the two branches can fill.
    """
    sizes = tree_sizes(sites, local, bond, outputs)
    keys = jax.random.split(key, len(sizes) - 1)
    nodes = [2 ** (len(sizes) - 2 - level) for level in range(len(sizes) - 1)]
    stacks = [
        random_stack(nodes[i], sizes[i] ** 2, sizes[i + 1], key=keys[i], isometric=isometric)
        for i in range(len(keys))
    ]
    return Tree(tuple(stacks), sites)


def tree_sizes(sites: int, local: int, bond: int, outputs: int) -> tuple[int, ...]:
    """Dimension of the edges from the sites' own up to the outputs, see ``random_tree``."""
    for name, value, least in (("sites", sites, 2), ("local size", local, 1), ("bond", bond, 1)):
        if value < least:
            raise InputError(f"a tree with {name} {value}", f"Give {least} or more.")
    sizes = [local]
    for _ in range((sites - 1).bit_length() - 1):
        sizes.append(min(bond, sizes[-1] ** 2))
    if not 1 <= outputs <= sizes[-1] ** 2:
        raise InputError(
            f"a tree of {outputs} outputs over branches of {sizes[-1]} dimensions",
            f"Give 1 to {sizes[-1] ** 2} outputs, or a larger bond.",
        )
    return (*sizes, outputs)


@eqx.filter_jit
def contract(
    tree: Tree, vectors: Float[Any, "n sites local"]
) -> tuple[Float[Array, " n"], Float[Array, "n outputs"]]:
    """The network on product vectors: logarithm of the result's length (n,) and its direction (n, outputs).

    Every vector on the way is scaled to length 1, so that nothing over- or underflows. A result that vanishes
    has the logarithm -inf and the direction 0.

    Raises:
        InputError: for vectors of another shape.
    """
    x = filled_up(vectors, tree.sites, 2 ** len(tree.levels), tree.local)
    log = jnp.zeros(x.shape[0], x.dtype)
    for level in tree.levels:
        pairs = x.reshape(x.shape[0], -1, 2, x.shape[2])
        joined = (pairs[:, :, 0, :, None] * pairs[:, :, 1, None, :]).reshape(*pairs.shape[:2], -1)
        x, scale = unit(jnp.einsum("nkp,kpo->nko", joined, level.along))
        log = log + jnp.sum(scale, axis=1)
    return log, x[:, 0]


def filled_up(vectors: Any, sites: int, places: int, local: int) -> Array:
    """Vectors (n, places, local): those given, and e_0 behind them.

    Raises:
        InputError: for vectors of another shape than (n, sites, local).
    """
    x = jnp.asarray(vectors, float_dtype())
    if x.ndim != 3 or x.shape[1:] != (sites, local):
        raise InputError(
            f"vectors of shape {x.shape} for a network of {sites} sites of {local} components",
            f"Give (events, {sites}, {local}).",
        )
    rest = jnp.zeros((x.shape[0], places - sites, local), x.dtype).at[:, :, 0].set(1.0)
    return jnp.concatenate([x, rest], axis=1)


def unit(x: Float[Array, "*places size"]) -> tuple[Float[Array, "*places size"], Float[Array, "*places"]]:
    """Vectors of length 1 and the logarithm of what their length was; for vanishing ones 0 and -inf."""
    square = jnp.sum(x**2, axis=-1)
    there = square > 0
    length = jnp.sqrt(jnp.where(there, square, 1.0))
    return x / length[..., None], jnp.where(there, jnp.log(length), -jnp.inf)


@eqx.filter_jit
def log_norm(tree: Tree) -> Float[Array, ""]:
    """Logarithm of the state's squared norm, summed over the outputs: exact, linear in the sites."""
    return _log_trace(tree.levels, _sites(tree))


@eqx.filter_jit
def log_likelihood(tree: Tree, vectors: Float[Any, "n sites local"]) -> Float[Array, " n"]:
    """Logarithm (n,) of the Born probability, the squared length of the result over the squared norm.

    For unit vectors of outcomes (one-hot) it is the probability of the outcomes; for orthonormal feature maps
    the density of the features on the unit cube. With several outputs it is summed over them.
    """
    log, direction = contract(tree, vectors)
    return 2.0 * log + jnp.log(jnp.sum(direction**2, axis=1)) - log_norm(tree)


def sample(tree: Tree, n: int, *, key: PRNGKeyArray) -> Int[Array, "n sites"]:
    """Independent outcomes (n, sites), 0 .. local - 1, from the Born probability: exact, without a chain.

    Site after site is drawn from its probability given those before it (arXiv:1201.3974), which is the
    derivative of the logarithmic norm by that site's operator.
    """
    return _sample(tree, jax.random.split(key, n))


@eqx.filter_jit
def _sample(tree: Tree, keys: PRNGKeyArray) -> Int[Array, "n sites"]:
    def one(key: PRNGKeyArray) -> Array:
        def draw(operators: Array, site: Array) -> tuple[Array, Array]:
            slope = jax.grad(lambda part: _log_trace(tree.levels, part))(operators)
            weight = jnp.maximum(jnp.diagonal(slope[site]), 0.0)
            outcome = jax.random.categorical(jax.random.fold_in(key, site), jnp.log(weight))
            chosen = jax.nn.one_hot(outcome, tree.local, dtype=operators.dtype)
            return operators.at[site].set(jnp.diag(chosen)), outcome

        return jax.lax.scan(draw, _sites(tree), jnp.arange(tree.sites))[1]

    return jax.vmap(one)(keys)


@eqx.filter_jit
def edge_entropies(tree: Tree) -> tuple[Float[Array, " edges"], ...]:
    """Entanglement entropy in nats across every edge: what lies below it against all the rest.

    Entry l holds the edges below level l: first those of the sites (filled-up ones have 0), then those of
    pairs, of fours and so on. With more than one output the output counts as one more party above the root.
    """

    def passed(added: list[Array]) -> tuple[Array, list[Array]]:
        log, operators, below = jnp.zeros(()), _sites(tree), []
        for level, extra in zip(tree.levels, added, strict=True):
            below.append(operators + extra)
            operators, scale = _level_up(level, below[-1])
            log = log + scale
        return log + jnp.log(jnp.trace(operators[0])), below

    shapes = [(2 * level.matrix.shape[0], round(level.matrix.shape[1] ** 0.5)) for level in tree.levels]
    nothing = [jnp.zeros((edges, size, size)) for edges, size in shapes]
    # The norm is linear in the operator of each edge, so that its derivative is what stands above the edge.
    above, below = jax.grad(passed, has_aux=True)(nothing)
    return tuple(jax.vmap(_edge_entropy)(low, high) for low, high in zip(below, above, strict=True))


def von_neumann(density: Float[Array, "d d"]) -> Float[Array, ""]:
    """-tr(rho log rho) in nats of a density matrix, scaled to trace 1 beforehand."""
    p = jnp.maximum(jnp.linalg.eigvalsh(0.5 * (density + density.T)), 0.0)
    p = p / jnp.sum(p)
    return -jnp.sum(jax.scipy.special.xlogy(p, p))


def dense(tree: Tree) -> NDArray[np.floating[Any]]:
    """The state written out (local, ..., local, outputs): one axis a site, then the outputs.

    Raises:
        InputError: for more than 2^24 entries.
    """
    refuse_large(tree.local, tree.sites, tree.outputs)
    basis = np.eye(tree.local)
    parts = [basis if site < tree.sites else basis[0] for site in range(2 ** len(tree.levels))]
    for level in tree.levels:
        below = parts[0].shape[-1]
        tensors = np.asarray(level.matrix).reshape(-1, below, below, level.matrix.shape[2])
        parts = [_joined(*three) for three in zip(parts[::2], parts[1::2], tensors, strict=True)]
    return parts[0]


def _joined(left: NDArray[Any], right: NDArray[Any], tensor: NDArray[Any]) -> NDArray[Any]:
    """Two branches (..., d) and the tensor (d, d, D) above them as one branch (..., D)."""
    flat = [branch.reshape(-1, branch.shape[-1]) for branch in (left, right)]
    above = np.einsum("ai,bj,ijo->abo", *flat, tensor, optimize=True)
    return above.reshape(*left.shape[:-1], *right.shape[:-1], tensor.shape[2])


def refuse_large(local: int, sites: int, outputs: int) -> None:
    """Refuse a state that is too large to be written out.

    Raises:
        InputError: for more than 2^24 entries.
    """
    if outputs * local**sites > _LARGEST:
        raise InputError(
            f"a state of {sites} sites of {local} components has {outputs * local**sites:,} entries",
            f"At most {_LARGEST:,} are written out: take fewer sites.",
        )


def _sites(tree: Tree) -> Float[Array, "places local local"]:
    """What stands between state and state at each site: everything, or e_0 at those that are filled up."""
    everything, first = np.eye(tree.local), np.diag(np.eye(tree.local)[0])
    places = 2 ** len(tree.levels)
    kinds = [everything if site < tree.sites else first for site in range(places)]
    return jnp.asarray(np.stack(kinds), float_dtype())


def _level_up(level: Stack, operators: Array) -> tuple[Array, Array]:
    """Operators (2k, d, d) below a level as those above it (k, D, D) of trace 1, and the log taken out."""
    below = operators.shape[1]
    tensor = level.along.reshape(-1, below, below, level.matrix.shape[2])
    half = jnp.einsum("kijo,kia,kjb->kabo", tensor, operators[::2], operators[1::2])
    above = jnp.einsum("kabo,kabp->kop", half, tensor)
    trace = jnp.trace(above, axis1=1, axis2=2)
    there = trace > 0
    scale = jnp.where(there, trace, 1.0)
    return above / scale[:, None, None], jnp.sum(jnp.where(there, jnp.log(scale), -jnp.inf))


def _log_trace(levels: tuple[Stack, ...], operators: Array) -> Array:
    log = jnp.zeros((), operators.dtype)
    for level in levels:
        operators, scale = _level_up(level, operators)
        log = log + scale
    return log + jnp.log(jnp.trace(operators[0]))


def _edge_entropy(below: Array, above: Array) -> Array:
    """Entropy of the spectrum of below^(1/2) above below^(1/2)."""
    values, vectors = jnp.linalg.eigh(below)
    root = (vectors * jnp.sqrt(jnp.maximum(values, 0.0))) @ vectors.T
    return von_neumann(root @ above @ root)
