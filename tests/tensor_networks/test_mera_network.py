"""The real-valued MERA: a projection written out as one matrix, its tree limit, and its fillings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.isometries import Stack, random_stack
from strangeness.tensor_networks.mera_network import Coarsening, MeraNetwork, mera_network

KEY = jax.random.key(4)


def _turned(network: MeraNetwork) -> MeraNetwork:
    """The network with random disentanglers instead of identities."""

    def layer(level: int, one: Coarsening) -> Coarsening:
        shape = one.disentanglers.matrix.shape
        return Coarsening(random_stack(*shape, key=jax.random.fold_in(KEY, 100 + level)), one.isometries)

    return MeraNetwork(tuple(layer(*pair) for pair in enumerate(network.layers)), network.features)


def _as_matrix(network: MeraNetwork) -> np.ndarray:
    """The encoder (filled-up features, latent) as a product of block matrices, row by row."""
    whole = np.eye(network.layers[0].isometries.matrix.shape[0] * 2 * network.sizes[0])
    for layer in network.layers:
        nodes, rows, above = layer.isometries.matrix.shape
        mixing, joining = np.eye(nodes * rows), np.zeros((nodes * rows, nodes * above))
        for k, matrix in enumerate(np.asarray(layer.disentanglers.matrix)):
            at = slice(k * rows + rows // 2, (k + 1) * rows + rows // 2)
            mixing[at, at] = matrix
        for k, matrix in enumerate(np.asarray(layer.isometries.matrix)):
            joining[k * rows : (k + 1) * rows, k * above : (k + 1) * above] = matrix
        whole = whole @ mixing @ joining
    return whole


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("features", "channels"), [(8, 1), (24, 3), (17, 3), (5, 1)])
def test_it_is_the_projection_of_its_written_out_matrix(
    features: int, channels: int, rng: np.random.Generator
) -> None:
    network = _turned(mera_network(features, channels, 4, 2, key=KEY))
    encoder = _as_matrix(network)[:features]
    x = rng.normal(size=(7, features))
    np.testing.assert_allclose(network.encode(x), x @ encoder, atol=1e-12)
    np.testing.assert_allclose(network(x), x @ encoder @ encoder.T, atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_without_filling_up_it_is_an_orthogonal_projection(rng: np.random.Generator) -> None:
    network = _turned(mera_network(24, 3, 4, 2, key=KEY))
    x = rng.normal(size=(7, 24))
    np.testing.assert_allclose(network(network(x)), network(x), atol=1e-12)
    np.testing.assert_allclose(jnp.sum(x * network(x), 1), jnp.sum(network(x) ** 2, 1), atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_disentanglers_begin_as_the_tree(rng: np.random.Generator) -> None:
    mera, tree = (mera_network(24, 3, 4, 2, mixing=mixing, key=KEY) for mixing in ("trained", "identity"))
    x = rng.normal(size=(5, 24))
    np.testing.assert_allclose(mera(x), tree(x), atol=1e-13)
    assert not np.allclose(_turned(mera)(x), tree(x))
    assert all(layer.disentanglers.matrix.size == 0 for layer in tree.layers)
    assert isinstance(tree.layers[0].isometries, Stack)


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [((96, 3, 8, 4), (3, 6, 8, 8, 8, 4)), ((96, 3, 2, 50), (3, 2, 2, 2, 2, 4)), ((3, 2, 9, 9), (2, 4))],
)
def test_a_site_keeps_no_more_than_its_block_has(
    settings: tuple[int, int, int, int], sizes: tuple[int, ...]
) -> None:
    assert mera_network(*settings, key=KEY).sizes == sizes


@pytest.mark.parametrize(
    ("settings", "mixing", "said"),
    [
        ((8, 0, 2, 2), "trained", "'channels' is 0"),
        ((8, 1, 0, 2), "trained", "'bond' is 0"),
        ((8, 1, 2, 0), "trained", "'latent' is 0"),
        ((3, 3, 2, 2), "trained", "one site of 3"),
        ((8, 1, 2, 2), "identiy", "identity"),
    ],
)
def test_settings_that_make_no_network_are_refused(
    settings: tuple[int, int, int, int], mixing: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        mera_network(*settings, mixing=mixing, key=KEY)
