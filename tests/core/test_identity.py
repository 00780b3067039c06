"""Identities are uniform, stable and blind to order and chunk; roles partition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strangeness.core.identity import as_uint64, as_words, identities, roles, salt, splitmix64, uniform

N = 100_000


def test_splitmix64_gives_the_published_sequence() -> None:
    # First outputs of Vigna's splitmix64.c for the seed 1234567.
    state = np.uint64(1234567) + np.arange(5, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(state).tolist() == expected


def test_a_salt_is_the_head_of_a_sha256() -> None:
    assert salt("") == int.from_bytes(bytes.fromhex("e3b0c44298fc1c14"), "little")


@given(arrays(np.uint64, st.integers(0, 20)))
def test_words_keep_all_bits(values: np.ndarray) -> None:
    words = as_words(values)
    assert words.shape == (len(values), 2) and words.dtype == np.uint32
    assert np.array_equal(as_uint64(words), values)
    assert np.array_equal(words[:, 0] + (words[:, 1].astype(np.uint64) << np.uint64(32)), values)


@given(st.integers(0, 40), st.integers(0, 40))
def test_chunks_of_a_sample_are_slices_of_it(start: int, n: int) -> None:
    assert np.array_equal(identities("jets", n, start), identities("jets", start + n)[start:])


def test_identities_do_not_collide() -> None:
    both = np.concatenate([as_uint64(identities(name, N)) for name in ("jets", "dijets")])
    assert len(np.unique(both)) == 2 * N


@pytest.mark.parametrize("purpose", ["split", "early stopping", ""])
@pytest.mark.parametrize("sample", ["jets", "dijets"])
def test_uniformity(sample: str, purpose: str) -> None:
    u = uniform(identities(sample, N), purpose)
    assert u.min() >= 0 and u.max() < 1
    counts = np.bincount((u * 100).astype(int), minlength=100)
    chi2 = np.sum((counts - N / 100) ** 2) / (N / 100)
    assert abs(chi2 - 99) < 5 * np.sqrt(2 * 99)  # five standard deviations of chi2 with 99 degrees of freedom
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 5 / np.sqrt(N)


def test_purposes_are_independent() -> None:
    words = identities("jets", N)
    a, b = uniform(words, "split"), uniform(words, "fold")
    assert abs(np.corrcoef(a, b)[0, 1]) < 5 / np.sqrt(N)


@given(st.permutations(range(30)))
def test_a_number_belongs_to_its_event_not_to_its_place(order: list[int]) -> None:
    words = identities("jets", 30)
    assert np.array_equal(uniform(words[order], "split"), uniform(words, "split")[order])


SHARES = {"train": 2.0, "calibrate": 1.0, "search": 5.0}


def test_roles_partition_with_the_shares_asked_for() -> None:
    masks = roles(identities("jets", N), SHARES, "split")
    assert np.array_equal(sum(mask.astype(int) for mask in masks.values()), np.ones(N))
    for name, share in SHARES.items():
        p = share / 8
        assert abs(masks[name].mean() - p) < 5 * np.sqrt(p * (1 - p) / N)  # five binomial standard deviations


def test_roles_depend_on_nothing_but_identity_and_purpose() -> None:
    words = identities("jets", 1000)
    whole = roles(words, SHARES, "split")
    order = np.random.default_rng(0).permutation(1000)
    for name in SHARES:
        assert np.array_equal(roles(words[order], SHARES, "split")[name], whole[name][order])
        assert np.array_equal(roles(words[300:], SHARES, "split")[name], whole[name][300:])
    assert not np.array_equal(roles(words, SHARES, "other")["train"], whole["train"])


def test_a_share_of_zero_gets_nothing() -> None:
    masks = roles(identities("jets", 1000), {"a": 0.0, "b": 1.0, "c": 0.0}, "split")
    assert masks["b"].all() and not masks["a"].any() and not masks["c"].any()
