"""Density matrices and mutual information against dense ones and against closed forms."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.correlations import (
    mutual_information,
    one_site_densities,
    site_entropies,
    two_site_density,
)
from strangeness.tensor_networks.mps import product_state, random_mps, to_dense
from tests.tensor_networks.states import ghz, w_state


def test_density_matrices_are_those_of_the_dense_state(rng: np.random.Generator) -> None:
    state = random_mps(6, 3, 5, rng)
    dense = to_dense(state) / np.linalg.norm(to_dense(state))
    for site, density in enumerate(one_site_densities(state)):
        rows = np.moveaxis(dense, site, 0).reshape(3, -1)
        np.testing.assert_allclose(density, rows @ rows.T, atol=1e-13)
    rows = np.moveaxis(dense, (1, 4), (0, 1)).reshape(9, -1)
    np.testing.assert_allclose(two_site_density(state, 1, 4).reshape(9, 9), rows @ rows.T, atol=1e-13)


def test_mutual_information_is_that_of_the_dense_state(rng: np.random.Generator) -> None:
    state = random_mps(5, 2, 4, rng)
    single, both = site_entropies(state), mutual_information(state)
    for i in range(5):
        for j in range(i + 1, 5):
            p = np.linalg.eigvalsh(two_site_density(state, i, j).reshape(4, 4))
            p = p[p > 0]
            assert both[i, j] == pytest.approx(single[i] + single[j] + np.sum(p * np.log(p)), abs=1e-12)


def test_ghz_shares_ln_2_between_all_sites() -> None:
    """S_i = S_ij = ln 2, so I_ij = ln 2."""
    np.testing.assert_allclose(mutual_information(ghz(12)), np.log(2), rtol=1e-12)


def test_w_shares_what_its_two_site_density_says() -> None:
    """Two of n sites: weights 2/n on (01 + 10)/sqrt 2 and 1 - 2/n on 00; one site: 1/n and 1 - 1/n."""
    n = 9

    def h(p: float) -> float:
        return -p * np.log(p) - (1 - p) * np.log(1 - p)

    assert mutual_information(w_state(n))[2, 6] == pytest.approx(2 * h(1 / n) - h(2 / n), rel=1e-10)


def test_a_product_shares_nothing(rng: np.random.Generator) -> None:
    np.testing.assert_allclose(mutual_information(product_state(rng.normal(size=(7, 3)))), 0.0, atol=1e-12)


def test_sites_that_are_no_pair() -> None:
    with pytest.raises(InputError, match="sites 3 and 2 of 5"):
        two_site_density(ghz(5), 3, 2)
