"""Local compressibility against closed forms of Gaussian chains, and orders against brute force."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.compressibility import (
    local_compressibility,
    nearest_chain,
    neighbour_distance,
)


def _chain(rng: np.random.Generator, sites: int, rho: float, n: int = 4000) -> np.ndarray:
    """A stationary chain (n, sites, 1) of variance 1 whose covariance is exactly rho^|i - j|."""
    target = rho ** np.abs(np.subtract.outer(np.arange(sites), np.arange(sites)))
    noise = rng.normal(size=(n, sites))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(noise.T @ noise / n).T)
    return (noise @ np.linalg.cholesky(target).T)[:, :, None]


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_pairs_of_a_chain_keep_what_the_closed_form_says(rho: float, rng: np.random.Generator) -> None:
    found = local_compressibility(_chain(rng, 8, rho), 1, rng=rng)
    # A pair has the eigenvalues 1 + rho and 1 - rho: one of two components keeps (1 + rho) / 2.
    assert found.kept[0] == pytest.approx((1 + rho) / 2, abs=1e-10)
    assert found.numbers[0] == 4


def test_a_second_level_keeps_what_the_closed_form_says(rng: np.random.Generator) -> None:
    rho = 0.6
    found = local_compressibility(_chain(rng, 4, rho), 1, levels=2, rng=rng)
    # Level 1 makes (x0 + x1) / sqrt 2 and (x2 + x3) / sqrt 2, each of variance 1 + rho, and of covariance
    # (rho + 2 rho^2 + rho^3) / 2 = rho (1 + rho)^2 / 2; their sum has the largest eigenvalue.
    best = (1 + rho) + 0.5 * rho * (1 + rho) ** 2
    np.testing.assert_allclose(found.kept, [(1 + rho) / 2, best / 4], rtol=1e-10)


def test_random_orders_keep_less_of_a_chain(rng: np.random.Generator) -> None:
    x = _chain(rng, 16, 0.8)
    found = local_compressibility(x, 1, pairings=400, rng=rng)
    # A random pair at distance d keeps (1 + rho^d) / 2, and d has the chance (16 - d) / 120.
    distance = np.arange(1, 16)
    expected = np.sum((16 - distance) / 120 * (1 + 0.8**distance) / 2)
    # 400 orders of 8 pairs, each with a spread of 0.12: a standard error of 0.0021, five of them.
    assert found.random.mean() == pytest.approx(expected, abs=0.011)
    assert found.excess()[0] > 4
    assert found.gain[0] == pytest.approx(0.9 - expected, abs=0.011)


def test_all_at_once_is_the_upper_bound(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 7, 3)) @ rng.normal(size=(3, 3))
    found = local_compressibility(x, 2, levels=3, rng=rng)
    assert np.all(found.kept <= found.overall + 1e-12)
    assert np.all(found.random <= found.overall + 1e-12)
    assert np.all(np.diff(found.kept) <= 1e-12)
    # Seven sites of three: three pairs kept as two each and one site carried on; then four and two numbers.
    np.testing.assert_array_equal(found.numbers, [9, 4, 2])
    flat = (x - x.mean(axis=0)).reshape(300, -1)
    singular = np.linalg.svd(flat, compute_uv=False) ** 2
    np.testing.assert_allclose(found.overall, np.cumsum(singular)[[8, 3, 1]] / singular.sum(), rtol=1e-10)


def test_full_rank_keeps_everything(rng: np.random.Generator) -> None:
    found = local_compressibility(rng.normal(size=(50, 4, 2)), 4, rng=rng)
    assert found.kept[0] == pytest.approx(1.0, abs=1e-12)
    assert found.overall[0] == pytest.approx(1.0, abs=1e-12)


def test_one_random_order_has_no_spread(rng: np.random.Generator) -> None:
    found = local_compressibility(rng.normal(size=(50, 4, 1)), 1, pairings=1, rng=rng)
    assert np.isnan(found.excess()[0])


def test_a_chain_of_nearest_sites_is_that_of_brute_force(rng: np.random.Generator) -> None:
    positions, real = rng.normal(size=(20, 9, 2)), np.ones((20, 9), bool)
    real[:10, 6:] = False
    found = nearest_chain(positions, real)
    for places, exists, order in zip(positions, real, found, strict=True):
        left, chain = set(range(1, 9)), [0]
        while left:
            near = {j: np.sum((places[j] - places[chain[-1]]) ** 2) + 1e9 * (not exists[j]) for j in left}
            chain.append(min(near, key=lambda j: near[j]))
            left.remove(chain[-1])
        if exists.all():
            assert list(order) == chain
        assert list(order[: exists.sum()]) == chain[: exists.sum()]
        assert sorted(order) == list(range(9))
    chained = np.take_along_axis(positions, found[:, :, None], axis=1)
    assert neighbour_distance(chained[10:]) < neighbour_distance(positions[10:])


@pytest.mark.parametrize(
    ("x", "settings", "said"),
    [
        (np.ones((3, 4)), {}, r"\(3, 4\)"),
        (np.ones((3, 4, 1)), {}, "none of the sites varies"),
        (np.full((3, 4, 1), np.nan), {}, "NaN"),
        (np.eye(3)[:, :, None], {"rank": 0}, "rank 0"),
        (np.eye(3)[:, :, None], {"pairings": 0}, "0 random orders"),
        (np.eye(3)[:, :, None], {"levels": 3}, "3 levels over 3 sites"),
    ],
)
def test_what_cannot_be_is_refused(
    x: np.ndarray, settings: dict[str, int], said: str, rng: np.random.Generator
) -> None:
    with pytest.raises(InputError, match=said):
        local_compressibility(x, settings.pop("rank", 1), rng=rng, **settings)
    with pytest.raises(InputError, match="positions"):
        nearest_chain(np.ones((3, 4)))
