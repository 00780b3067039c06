"""Roles follow the identity: any order and chunk, no event twice, shares as asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64
from strangeness.splits import (
    data_roles,
    inside_region,
    reference_roles,
    refuse_empty,
    refuse_shared,
    refuse_weights,
    sideband_roles,
)

SHARES = {"train": 0.2, "calibrate": 0.6, "check": 0.2}


def _batch(n: int, name: str = "toy", sample: int = 0) -> Batch:
    """n events, every third of them in the region."""
    return make_batch(np.arange(n)[:, None], name=name, sample=sample, region=np.arange(n) % 3 == 0)


def _ids(batch: Batch) -> set[int]:
    return set(as_uint64(batch.id).tolist())


def _all_roles(batch: Batch) -> dict[str, dict[str, Batch]]:
    return {
        "reference": reference_roles(batch, SHARES),
        "data": data_roles(batch, trains=True),
        "sideband": sideband_roles(batch, SHARES, trains=False),
        "sideband, trains": sideband_roles(batch, SHARES, trains=True),
    }


@given(st.integers(0, 2**32 - 1), st.integers(1, 399))
def test_roles_do_not_depend_on_order_or_chunk(seed: int, cut: int) -> None:
    batch = _batch(400)
    order = np.random.default_rng(seed).permutation(400)
    shuffled, first, second = batch.take(order), batch.take(order[:cut]), batch.take(order[cut:])
    whole, chunks = _all_roles(batch), (_all_roles(first), _all_roles(second))
    for kind, parts in _all_roles(shuffled).items():
        for name, part in parts.items():
            assert _ids(part) == _ids(whole[kind][name])
            assert _ids(part) == _ids(chunks[0][kind][name]) | _ids(chunks[1][kind][name])


@pytest.mark.parametrize("kind", ["reference", "data", "sideband", "sideband, trains"])
def test_no_event_has_two_roles(kind: str) -> None:
    batch = _batch(3000)
    parts = _all_roles(batch)[kind]
    together = [identity for part in parts.values() for identity in _ids(part)]
    assert len(together) == len(set(together))
    if kind != "sideband":  # there the region's half that nobody tests or trains on is left out
        assert set(together) == _ids(batch)


def test_shares_are_kept() -> None:
    n = 20_000
    for name, part in reference_roles(_batch(n), SHARES).items():
        share = SHARES[name]
        # five binomial standard deviations
        assert abs(len(part) - share * n) < 5 * np.sqrt(n * share * (1 - share))


def test_only_half_of_the_data_is_tested_when_the_detector_trains_on_it() -> None:
    n = 10_000
    data = _batch(n, sample=1)
    assert data_roles(data, trains=False) == {"test": data}
    parts = data_roles(data, trains=True)
    assert set(parts) == {"train data", "test"}
    assert abs(len(parts["test"]) - n / 2) < 5 * np.sqrt(n / 4)  # five binomial standard deviations


def test_reference_and_data_roles_are_drawn_apart() -> None:
    batch = _batch(20_000)
    train = _ids(reference_roles(batch, SHARES)["train"])
    half = _ids(data_roles(batch, trains=True)["test"])
    # Independent hashes: half of the training events; five binomial standard deviations.
    assert abs(len(train & half) - len(train) / 2) < 5 * np.sqrt(len(train) / 4)


def test_sidebands_stand_for_the_reference() -> None:
    parts = sideband_roles(_batch(3000, sample=1), SHARES, trains=True)
    for name in SHARES:
        assert not parts[name].region.any() and not parts[name].sample.any()
    assert parts["train data"].region.all() and parts["train data"].sample.all()
    assert parts["test"].sample.all()
    assert 0 < parts["test"].region.sum() < len(parts["test"])
    assert "train data" not in sideband_roles(_batch(3000), SHARES, trains=False)


def test_both_training_parts_are_cut_to_the_region() -> None:
    reference, data = _batch(600, "reference"), _batch(600, "data", sample=1)
    parts = {**reference_roles(reference, SHARES), **data_roles(data, trains=True)}
    cut = inside_region(parts)
    assert set(cut) == set(parts)
    for name, part in parts.items():
        kept = part.region if name in ("train", "train data") else np.ones(len(part), bool)
        np.testing.assert_array_equal(cut[name].id, part.id[kept])


@pytest.mark.parametrize(("role", "fewest"), [("train", 2), ("train data", 2), ("calibrate", 2), ("test", 1)])
def test_a_role_with_too_few_events_is_named(role: str, fewest: int) -> None:
    refuse_empty({role: _batch(fewest)})
    few = _batch(2).take(np.arange(fewest - 1))
    with pytest.raises(InputError, match=f"{fewest - 1} events are left for the role '{role}'"):
        refuse_empty({"check": _batch(5), role: few})


def test_shared_events_are_counted() -> None:
    data, reference = _batch(50, "data"), _batch(50, "reference")
    refuse_shared(data, reference)
    shared = make_batch(np.zeros((53, 1)), id=np.concatenate([reference.id, data.id[:3]]), name="reference")
    with pytest.raises(InputError, match="3 events are in the data and in the reference"):
        refuse_shared(data, shared)


def test_weights_that_differ_are_refused_and_a_common_one_is_not() -> None:
    refuse_weights(make_batch(np.zeros((4, 1)), weight=np.full(4, 2.5)), "data", "Leave them out.")
    with pytest.raises(InputError, match=r"the data carries weights from 0\.5 to 3\. Leave them out"):
        refuse_weights(make_batch(np.zeros((2, 1)), weight=[3.0, 0.5]), "data", "Leave them out.")


@pytest.mark.parametrize(
    "shares",
    [
        {"train": 0.5, "calibrate": 0.5},
        {**SHARES, "test": 0.2},
        {"train": 0.0, "calibrate": 0.5, "check": 0.5},
        {"train": -1.0, "calibrate": 1.0, "check": 1.0},
        {"train": float("nan"), "calibrate": 1.0, "check": 1.0},
    ],
)
def test_shares_that_cannot_be_handed_out_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="shares"):
        reference_roles(_batch(10), shares)
