"""Born machines against enumeration, integrals on a grid, and sampling frequencies."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.born import born_machine, log_conditionals, log_marginals
from strangeness.tensor_networks.contraction import log_amplitudes, log_norm
from strangeness.tensor_networks.feature_maps import PolynomialMap, SpinMap, feature_map
from strangeness.tensor_networks.mps import MPS, from_padded, padded, random_mps, to_dense
from strangeness.tensor_networks.sampling import sample, sample_features

marginals, conditionals = jax.jit(log_marginals), jax.jit(log_conditionals)
density = eqx.filter_jit(lambda machine, x: machine.log_density(x))
ALL = np.array(list(itertools.product(range(2), repeat=6)))


def _machine(rng: np.random.Generator) -> tuple[MPS, np.ndarray]:
    state = random_mps(6, 2, 4, rng)
    return state, to_dense(state) ** 2 / np.sum(to_dense(state) ** 2)


@pytest.mark.usefixtures("x64")
def test_likelihoods_are_those_of_enumeration(rng: np.random.Generator) -> None:
    state, probability = _machine(rng)
    cores = padded(state)
    log = 2 * jax.jit(log_amplitudes)(cores, np.eye(2)[ALL])[1] - log_norm(jnp.asarray(cores))
    np.testing.assert_allclose(np.exp(log), probability.ravel(), rtol=1e-10)
    assert np.sum(np.exp(log)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.usefixtures("x64")
def test_marginals_and_conditionals_are_those_of_enumeration(rng: np.random.Generator) -> None:
    state, probability = _machine(rng)
    cores, vectors = padded(state), np.eye(2)[ALL]
    of, given = np.array([0, 1, 0, 0, 1, 0], bool), np.array([1, 0, 0, 0, 0, 1], bool)
    pair = probability.sum(axis=(0, 2, 3, 5))
    np.testing.assert_allclose(np.exp(marginals(cores, vectors, of)), pair[ALL[:, 1], ALL[:, 4]], rtol=1e-10)
    four = probability.sum(axis=(2, 3))
    expected = four / four.sum(axis=(1, 2), keepdims=True)
    got = np.exp(conditionals(cores, vectors, of, given))
    np.testing.assert_allclose(got, expected[tuple(ALL[:, [0, 1, 4, 5]].T)], rtol=1e-10)


def test_samples_have_the_frequencies_of_the_state(rng: np.random.Generator) -> None:
    """Pearson's statistic of 20,000 draws in 64 cells: 63 degrees of freedom, 5 standard deviations."""
    state, probability = _machine(rng)
    drawn = sample(state, 20_000, rng)
    counts = np.bincount(drawn @ (2 ** np.arange(5, -1, -1)), minlength=64)
    expected = 20_000 * probability.ravel()
    assert np.sum((counts - expected) ** 2 / expected) < 63 + 5 * np.sqrt(2 * 63)


@pytest.mark.parametrize("name", ["spin", "polynomial", "fourier"])
@pytest.mark.usefixtures("x64")
def test_the_density_integrates_to_one(name: str) -> None:
    """Gauss-Legendre nodes in three features, exact for these maps to 1e-10."""
    map = SpinMap(3, orthonormal=True) if name == "spin" else feature_map(name, 3, sites=3)
    machine = born_machine(map, 3, 4, key=jax.random.key(3), noise=1.0)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    grid = np.array(list(itertools.product(0.5 * (nodes + 1), repeat=3)))
    volume = np.prod(np.array(list(itertools.product(0.5 * weights, repeat=3))), axis=1)
    assert np.sum(volume * np.exp(density(machine, grid))) == pytest.approx(1.0, abs=1e-9)


def test_a_new_machine_is_almost_uniform() -> None:
    machine = born_machine(PolynomialMap(3), 20, 8, key=jax.random.key(0), noise=1e-3)
    assert np.all(np.abs(density(machine, np.random.default_rng(0).random((50, 20)))) < 0.1)


def test_sampled_features_have_the_marginals_of_the_density(rng: np.random.Generator) -> None:
    """Shares of 20,000 draws below 1/2 against the integral: 5 standard deviations are 0.018."""
    machine = born_machine(SpinMap(orthonormal=True), 4, 3, key=jax.random.key(5), noise=2.0)
    grid = np.repeat(((np.arange(512) + 0.5) / 512)[:, None], 4, axis=1)
    components = np.asarray(machine.map(grid), np.float64)
    x, cells = sample_features(from_padded(np.asarray(machine.cores)), components, 20_000, rng)
    assert np.array_equal(cells, np.floor(512 * x))
    vectors = machine.map(grid)
    for site in range(4):
        density = np.exp(marginals(machine.cores, vectors, np.arange(4) == site))
        assert np.mean(density) == pytest.approx(1.0, abs=1e-4)
        assert np.mean(x[:, site] < 0.5) == pytest.approx(np.mean(density * (grid[:, 0] < 0.5)), abs=0.018)
    both = np.exp(marginals(machine.cores, machine.map(x), np.array([0, 1, 1, 0], bool)))
    # The mean of 1/p under p is the volume; its error from the sample's own spread.
    assert np.mean(1 / both) == pytest.approx(1.0, abs=5 * np.std(1 / both) / np.sqrt(20_000))


def test_bad_numbers(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="0 samples"):
        sample(random_mps(2, 2, 2, rng), 0, rng)
    with pytest.raises(InputError, match="components of shape"):
        sample_features(random_mps(2, 2, 2, rng), np.ones((8, 3, 2)), 1, rng)
    with pytest.raises(InputError, match="0 sites and bond 3"):
        born_machine(SpinMap(), 0, 3, key=jax.random.key(0))
    with pytest.raises(InputError, match="not orthonormal"):
        born_machine(SpinMap(), 2, 3, key=jax.random.key(0))
