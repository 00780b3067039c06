"""Roles follow the identity: any order and chunk, no event twice, shares as asked."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events.events import Events, concatenate_events
from strangeness.events.source import EventSource
from strangeness.splits import (
    Split,
    data_roles,
    inside_region,
    reference_roles,
    refuse_empty,
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
    refuse_empty({role: fewest})
    with pytest.raises(InputError, match=f"{fewest - 1} events are left for the role '{role}'"):
        refuse_empty({"check": 5, role: fewest - 1})


def _events(name: str, n: int = 60, **changes: Any) -> Events:
    rng = np.random.default_rng([3, *name.encode()])
    features = {"mjj": rng.uniform(3000, 6000, n), "a": rng.normal(size=n)}
    return Events(**{"features": features, "id": identities(name, n), "weight": np.ones(n), **changes})


def _split(data: EventSource, reference: EventSource | None, **changes: Any) -> Split:
    options: dict[str, Any] = {"context": "mjj", "limits": (3000.0, 6000.0), "region": (3500.0, 4500.0)}
    return Split(data, reference, **{**options, "shares": SHARES, "trains": False, **changes})


def _chunked(events: Events, size: int) -> list[Events]:
    return [events.take(np.arange(i, min(i + size, len(events)))) for i in range(0, len(events), size)]


@pytest.mark.parametrize("trains", [False, True])
@pytest.mark.parametrize("sidebands", [False, True])
def test_chunks_do_not_change_who_is_who(trains: bool, sidebands: bool) -> None:
    data, reference = _events("data", 900), None if sidebands else _events("reference", 900)
    parts = None if reference is None else _chunked(reference, 211)
    found = []
    for split in (_split(data, reference, trains=trains), _split(_chunked(data, 97), parts, trains=trains)):
        kept, counts = split.survey(("train", "train data", "check"))
        found.append(({name: set().union(*map(_ids, part)) for name, part in kept.items()}, counts))
        assert {name: len(ids) for name, ids in found[-1][0].items()}.items() <= counts.items()
    assert found[0] == found[1]


def test_shared_events_are_counted() -> None:
    data, reference = _events("data"), _events("reference")
    _split(data, reference).survey(())
    mixed = concatenate_events([reference, data.take(np.arange(3))])
    with pytest.raises(InputError, match="3 events are in the data and in the reference"):
        _split(data, _chunked(mixed, 10)).survey(())


def test_weights_of_the_data_that_differ_are_refused_and_a_common_one_is_not() -> None:
    plain, same = _events("plain"), _events("same", weight=np.full(60, 2.5))
    other = _events("other", weight=np.where(np.arange(60) < 50, 0.5, 3.0))
    _split(same, plain).survey(())
    _split(plain, other).survey(())
    _split(other, plain, weighted=True).survey(())
    with pytest.raises(InputError, match=r"the data carries weights from 0\.5 to 3\. Leave the weights out"):
        _split(_chunked(other, 10), plain).survey(())


def test_no_event_in_the_range_says_what_there_is() -> None:
    data, reference = _events("data"), _events("reference")
    with pytest.raises(
        InputError, match=r"no event with mjj in \[7000, 9000\); it runs from 30\d\d.* to 59\d\d"
    ):
        _split(_chunked(data, 7), reference, limits=(7000.0, 9000.0)).survey(())
    with pytest.raises(InputError, match="'data' is empty"):
        _split([], reference).survey(())


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


def test_a_blind_split_reads_the_reference_alone() -> None:
    class Closed:
        def __iter__(self) -> Any:
            raise AssertionError("the data were read")

    reference = _events("reference", 900)
    for trains in (False, True):
        kept, counts = _split(Closed(), reference, trains=trains, blind=True).survey(("train", "check"))
        open_kept, open_counts = _split(_events("data", 900), reference, trains=trains).survey(
            ("train", "check")
        )
        assert list(counts) == ["train", "calibrate", "check"]
        assert counts == {name: open_counts[name] for name in counts}
        assert _ids(kept["check"][0]) == _ids(open_kept["check"][0])


def test_a_blind_split_of_sidebands_drops_the_region_before_it_looks() -> None:
    data = _events("data", 900)
    inside = (data.features["mjj"] >= 3500) & (data.features["mjj"] < 4500)
    hidden = {"mjj": data.features["mjj"], "a": np.where(inside, np.nan, data.features["a"])}
    kept, counts = _split(data, None, blind=True).survey(("train", "calibrate", "check"))
    again, same = _split(Events(hidden, data.id, data.weight), None, blind=True).survey(tuple(SHARES))
    assert counts == same and list(counts) == ["train", "calibrate", "check"]
    for name, (part,) in kept.items():
        assert not part.region.any()
        np.testing.assert_array_equal(part.x["a"], again[name][0].x["a"])
