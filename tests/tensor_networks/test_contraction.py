"""Compiled contractions against dense tensors, quimb, finite differences, and a thousand sites in 32 bits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import quimb.tensor as qtn

from strangeness.tensor_networks.contraction import log_amplitudes, log_norm, log_overlap
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.mps import from_padded, padded, random_mps, to_dense
from strangeness.tensor_networks.mps import log_inner as host_log_inner
from tests.tensor_networks.test_mps import to_quimb

amplitudes = jax.jit(log_amplitudes)
logarithms = jax.jit(lambda cores, vectors: jnp.sum(log_amplitudes(cores, vectors)[1]))
gradient = jax.jit(jax.grad(logarithms))
norm_of = jax.jit(log_norm)


@pytest.mark.parametrize("sites", [1, 2, 7])
@pytest.mark.usefixtures("x64")
def test_amplitudes_are_those_of_the_dense_state(sites: int, rng: np.random.Generator) -> None:
    state, vectors = random_mps(sites, 3, 4, rng), rng.normal(size=(6, sites, 3))
    sign, log = amplitudes(padded(state), vectors)
    for event in range(6):
        expected = to_dense(state)
        for vector in vectors[event]:
            expected = np.tensordot(vector, expected, axes=1)
        assert sign[event] * np.exp(log[event]) == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.usefixtures("x64")
def test_amplitudes_are_those_of_quimb(rng: np.random.Generator) -> None:
    state, vectors = random_mps(20, 2, 8, rng), rng.normal(size=(3, 20, 2))
    sign, log = amplitudes(padded(state), vectors)
    theirs = to_quimb(state)
    for event in range(3):
        product = qtn.MPS_product_state(list(vectors[event]))
        assert sign[event] * np.exp(log[event]) == pytest.approx(float(theirs.H @ product), rel=1e-10)


@pytest.mark.usefixtures("x64")
def test_norms_and_overlaps_are_those_of_the_host(rng: np.random.Generator) -> None:
    a, b = random_mps(9, 2, 6, rng), random_mps(9, 2, 3, rng)
    sign, log = jax.jit(log_overlap)(padded(a), padded(b))
    expected = host_log_inner(a, b)
    assert float(sign) == expected[0] and float(log) == pytest.approx(expected[1], abs=1e-11)
    assert float(norm_of(padded(a, 8))) == pytest.approx(host_log_inner(a, a)[1], abs=1e-11)


@pytest.mark.usefixtures("x64")
def test_the_written_reverse_pass_is_the_gradient(rng: np.random.Generator) -> None:
    """Against a plain contraction that JAX differentiates."""
    cores, vectors = padded(random_mps(7, 2, 4, rng)), rng.normal(size=(5, 7, 2))

    def plain(cores: jax.Array, vectors: jax.Array) -> jax.Array:
        v = jnp.zeros((5, 4)).at[:, 0].set(1.0)
        for site in range(7):
            v = jnp.einsum("bl,bp,lpr->br", v, vectors[:, site], cores[site])
        return jnp.sum(jnp.sin(jnp.log(jnp.abs(v[:, 0]))))

    def ours(cores: jax.Array, vectors: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(log_amplitudes(cores, vectors)[1]))

    got, expected = (jax.jit(jax.grad(f, argnums=(0, 1)))(cores, vectors) for f in (ours, plain))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_a_thousand_sites_are_finite_in_32_bits(scale: float, rng: np.random.Generator) -> None:
    """Bond 8, cores scaled by 10^-3 to 10^3: the logarithm shifts by 1000 ln(scale), to 32-bit rounding."""
    cores = rng.normal(scale=0.25, size=(1000, 8, 2, 8)) + np.eye(8)[:, None]
    vectors = SpinMap()(rng.uniform(size=(16, 1000)))
    scaled = jnp.asarray(scale * cores, jnp.float32)
    log, norm = amplitudes(scaled, vectors)[1], norm_of(scaled)
    assert log.dtype == jnp.float32 and np.all(np.isfinite(log)) and np.isfinite(norm)
    expected = host_log_inner(from_padded(cores), from_padded(cores))[1]
    # 1,000 roundings of 6e-8 on factors that add up to a sum of up to 14,000.
    assert float(norm) == pytest.approx(expected + 2000 * np.log(scale), rel=1e-4)
    assert np.all(np.isfinite(gradient(scaled, vectors)))


def test_an_amplitude_that_vanishes_is_small_and_finite() -> None:
    """The state 000 with events at 111: every vector is zero from the first site on."""
    cores = jnp.zeros((3, 2, 2, 2)).at[:, 0, 0, 0].set(1.0)
    vectors = SpinMap()(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])).round()
    log = amplitudes(cores, vectors)[1]
    assert float(log[1]) == 0.0 and -500 < float(log[0]) < -60
    assert np.all(np.isfinite(gradient(cores, vectors)))


def test_the_contraction_compiles_once_for_a_shape() -> None:
    traced = []

    @jax.jit
    def work(cores: jax.Array, vectors: jax.Array) -> jax.Array:
        traced.append(1)
        return log_amplitudes(cores, vectors)[1]

    for seed in range(3):
        rng = np.random.default_rng(seed)
        work(jnp.asarray(rng.normal(size=(4, 2, 2, 2)), jnp.float32), SpinMap()(rng.uniform(size=(8, 4))))
    assert len(traced) == 1
