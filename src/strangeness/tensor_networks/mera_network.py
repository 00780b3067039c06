"""MERA as a network of real numbers: local orthogonal maps and projections that coarse-grain a chain.

Here the numbers of neighbouring sites are put side by side, not multiplied as in ``mera``: a layer turns
2k sites of c numbers into k sites of c'. Decoding is by the transposes. There is nothing nonlinear in it: the
whole network is an orthogonal projection of local form, and no such network reconstructs better than as many
principal components. It follows the abstract of arXiv:2604.06541 and not its details.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError, nearest
from strangeness.tensor_networks.isometries import Stack, identity_stack, random_stack

MIXING = ("trained", "identity")


class Coarsening(eqx.Module):
    """One layer, of 2k sites with c numbers each.

    Attributes:
        disentanglers: orthogonal (k - 1, 2c, 2c), the pairs of sites (1, 2), (3, 4), ...; or none of them.
        isometries: (k, 2c, c'), the blocks of sites (0, 1), (2, 3), ...
    """

    disentanglers: Stack
    isometries: Stack

    def encode(self, x: Float[Array, "n sites below"]) -> Float[Array, "n nodes above"]:
        """The sites above."""
        mixed = self._mixed(x, self.disentanglers.along)
        blocks = mixed.reshape(x.shape[0], *self.isometries.matrix.shape[:2])
        return jnp.einsum("nkp,kpq->nkq", blocks, self.isometries.along)

    def decode(self, z: Float[Array, "n nodes above"]) -> Float[Array, "n sites below"]:
        """The sites below: the transposes in reverse order."""
        blocks = jnp.einsum("nkq,kpq->nkp", z, self.isometries.along)
        x = blocks.reshape(z.shape[0], 2 * blocks.shape[1], -1)
        return self._mixed(x, jnp.swapaxes(self.disentanglers.along, 1, 2))

    def _mixed(self, x: Array, matrices: Array) -> Array:
        if matrices.shape[0] == 0:
            return x
        inner = x[:, 1:-1]
        pairs = inner.reshape(x.shape[0], matrices.shape[0], -1)
        mixed = jnp.einsum("nkp,kpq->nkq", pairs, matrices).reshape(inner.shape)
        return jnp.concatenate([x[:, :1], mixed, x[:, -1:]], axis=1)


class MeraNetwork(eqx.Module):
    """Rows (n, features) to their reconstruction through a narrow top.

    Consecutive features are the numbers of a site; zeros fill up the last site, and the sites to a power of
    two. The layers begin with the lowest.
    """

    layers: tuple[Coarsening, ...]
    features: int = eqx.field(static=True)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of a site at each level, up to the top."""
        above = (int(layer.isometries.matrix.shape[2]) for layer in self.layers)
        return (int(self.layers[0].isometries.matrix.shape[1]) // 2, *above)

    def encode(self, x: Float[Any, "n features"]) -> Float[Array, "n latent"]:
        """What passes the top."""
        sites, channels = 2 * self.layers[0].isometries.matrix.shape[0], self.sizes[0]
        z = jnp.pad(jnp.asarray(x), ((0, 0), (0, sites * channels - self.features)))
        z = z.reshape(z.shape[0], sites, channels)
        for layer in self.layers:
            z = layer.encode(z)
        return z[:, 0]

    def decode(self, z: Float[Array, "n latent"]) -> Float[Array, "n features"]:
        """Rows from what passed the top."""
        x = z[:, None]
        for layer in reversed(self.layers):
            x = layer.decode(x)
        return x.reshape(x.shape[0], -1)[:, : self.features]

    def __call__(self, x: Float[Any, "n features"]) -> Float[Array, "n features"]:
        return self.decode(self.encode(x))


def mera_network(
    features: int,
    channels: int,
    bond: int,
    latent: int,
    *,
    mixing: str = "trained",
    key: PRNGKeyArray,
) -> MeraNetwork:
    """A network of random isometries whose disentanglers begin as identities, or are left out.

    A site keeps at most ``bond`` numbers at each level, and no more than its block has; the top keeps
    ``latent``, again no more than its block has: ``MeraNetwork.sizes`` says what became of them.

    Args:
        features: two or more, and more than ``channels``.
        channels: consecutive features that make a site.
        bond: most numbers of a site between the lowest and the topmost.
        latent: numbers that pass the top.
        mixing: "trained", or "identity": no disentanglers, which leaves a tree.
        key: seeds the isometries.

    Raises:
        InputError: for settings that make no network, and unknown names.
    """
    for name, value in (("channels", channels), ("bond", bond), ("latent", latent)):
        if value < 1:
            raise InputError(f"'{name}' is {value}", "Give 1 or more.")
    if mixing not in MIXING:
        raise InputError(f"disentanglers are {mixing!r}", nearest(mixing, MIXING))
    if features <= channels:
        raise InputError(
            f"{features} features are one site of {channels}", "Give more features or fewer channels."
        )
    depth = (-(-features // channels) - 1).bit_length()
    layers, below = [], channels
    for level in range(depth):
        nodes, top = 2 ** (depth - 1 - level), level == depth - 1
        above = min(2 * below, latent if top else bond)
        layers.append(_coarsening(nodes, below, above, mixing, jax.random.fold_in(key, level)))
        below = above
    return MeraNetwork(tuple(layers), features)


def _coarsening(nodes: int, below: int, above: int, mixing: str, key: PRNGKeyArray) -> Coarsening:
    pairs = nodes - 1 if mixing == "trained" else 0
    return Coarsening(identity_stack(pairs, 2 * below), random_stack(nodes, 2 * below, above, key=key))
