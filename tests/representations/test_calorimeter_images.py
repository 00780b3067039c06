"""Calorimeter images against a plain loop over hits, and against the rescaling of a whole image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from strangeness.core.artefact import load, save
from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.representations.calorimeter_images import (
    CalorimeterImageMap,
    CalorimeterImages,
    calorimeter_images,
)
from strangeness.representations.calorimeter_pixels import CELL, HALF_WIDTH, LAYERS
from strangeness.representations.pixels import NORMALISATIONS

KEY = jax.random.key(0)
# Sums of a few float32 terms: 24 bits each.
SAME = {"rtol": 2e-6, "atol": 1e-6}


def toy_hits(n: int = 12, most: int = 40, seed: int = 1) -> NDArray[np.float32]:
    """(n, most, 4): hits of all layers at the centres of cells and towers, some outside of the window."""
    rng = np.random.default_rng(seed)
    hits = np.zeros((n, most, 4), np.float32)
    for jet in hits:
        k = int(rng.integers(6, most + 1))
        layer = rng.integers(0, 3, k)
        layer[:3] = 0, 1, 2
        size = np.where(layer == 2, 5, 1) * CELL
        place = rng.normal(0, 0.3, (2, k))
        place[:, :3] = 0.0
        jet[:k] = np.stack([layer, *np.round(place / size) * size, rng.exponential(5, k) + 0.01], axis=1)
    return hits


def by_hand(jet: NDArray[np.float32]) -> NDArray[np.float64]:
    """The 125 x 125 image of one jet in GeV, hit by hit."""
    image = np.zeros((125, 125, 3))
    for layer, eta, phi, pt in jet.astype(float):
        column, row = (math.floor((value + HALF_WIDTH) / CELL + 1e-3) for value in (eta, phi))
        if pt == 0 or not (0 <= row < 125 and 0 <= column < 125):
            continue
        if layer == 2:
            row, column = row // 5 * 5, column // 5 * 5
            image[row : row + 5, column : column + 5, 2] += pt / 25
        else:
            image[row, column, int(layer)] += pt
    return image


def rescaled(image: NDArray[np.float64], pixels: int, crop: float) -> NDArray[np.float64]:
    """Cropped and rescaled by area: every cell cut into 120 x 120 points, each counted where it lies."""
    fine = (np.arange(125 * 120) + 0.5) / 120
    at = np.floor((fine - 62.5 * (1 - crop)) / (125 * crop) * pixels).astype(int)
    share = np.zeros((pixels, 125))
    inside = (at >= 0) & (at < pixels)
    np.add.at(share, (at[inside], np.arange(125 * 120)[inside] // 120), 1 / 120)
    return np.einsum("pi,ijc,qj->pqc", share, image, share, optimize=True)


def batch_of(hits: NDArray[Any]) -> Batch:
    return make_batch({"hits": hits})


def images_of(hits: NDArray[Any], **options: Any) -> NDArray[np.float32]:
    batch = batch_of(hits)
    return CalorimeterImages(**options).fit_map(ArraySource(batch), key=KEY)(batch).x


def test_the_native_image_equals_a_loop_over_hits() -> None:
    hits = toy_hits()
    expected = np.stack([by_hand(jet) for jet in hits])
    found = calorimeter_images(hits)
    assert found.dtype == np.float32 and found.shape == (12, 125, 125, 3)
    np.testing.assert_allclose(found, expected, **SAME)


@pytest.mark.parametrize(
    ("pixels", "crop"), [(40, 0.8), (12, 0.8), (25, 1.0), (7, 0.52), (100, 0.8), (125, 0.8), (250, 1.0)]
)
def test_other_sizes_are_the_native_image_rescaled_by_area(pixels: int, crop: float) -> None:
    hits = toy_hits(6)
    expected = np.stack([rescaled(by_hand(jet), pixels, crop) for jet in hits])
    found = calorimeter_images(hits, pixels, crop=crop)
    # only edges of 7 pixels fall between points: at most one in 120 is on the other side, on two axes
    tolerance = 2.2 / 120 if pixels == 7 else 0.0
    np.testing.assert_allclose(found, expected, rtol=2e-6 + tolerance, atol=1e-6 + tolerance * hits.max())


@settings(max_examples=20)
@given(st.integers(2, 160), st.integers(0, 99))
def test_no_energy_is_lost_or_made(pixels: int, seed: int) -> None:
    hits = toy_hits(4, seed=seed)
    sums = np.array([[jet[jet[:, 0] == layer, 3].sum() for layer in range(3)] for jet in inside(hits)])
    # float32 sums over up to 25,600 pixels
    np.testing.assert_allclose(calorimeter_images(hits, pixels).sum(axis=(1, 2)), sums, rtol=1e-5)


def inside(hits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The hits with those outside of the window set to zero."""
    return np.where((np.abs(hits[..., 1:3]) < HALF_WIDTH).all(axis=2)[..., None], hits, 0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_order_padding_chunks_and_blocks_do_not_matter(seed: int) -> None:
    rng, hits = np.random.default_rng(seed), toy_hits(9)
    shuffled = rng.permuted(hits.view("V16"), axis=1).view(np.float32).reshape(hits.shape)
    wider = np.concatenate([np.zeros_like(hits), shuffled], axis=1)
    fitted = CalorimeterImages(12, 0.8).fit_map(ArraySource(batch_of(hits)), key=KEY)
    np.testing.assert_allclose(fitted(batch_of(wider)).x, fitted(batch_of(hits)).x, **SAME)
    apart = [fitted(part).x for part in ArraySource(batch_of(hits), 4)]
    np.testing.assert_array_equal(np.concatenate(apart), fitted(batch_of(hits)).x)


def test_blocks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = toy_hits(9)
    whole = images_of(hits, pixels=12)
    monkeypatch.setattr("strangeness.representations.calorimeter_images._BLOCK", 4 * 432)
    np.testing.assert_array_equal(images_of(hits, pixels=12), whole)
    hits[6] = 0
    with pytest.raises(InputError, match="event 6 has no energy"):
        images_of(hits, pixels=12)


@pytest.mark.parametrize("layers", [("ecal",), ("hcal", "tracks"), ("ecal", "tracks"), LAYERS])
@pytest.mark.parametrize("pixels", [12, 125])
def test_chosen_layers_are_the_channels_of_all(layers: Sequence[str], pixels: int) -> None:
    hits = toy_hits()
    whole = calorimeter_images(hits, pixels)
    found = calorimeter_images(hits, pixels, layers=layers)
    np.testing.assert_array_equal(found, whole[..., [LAYERS.index(name) for name in layers]])


def by_definition(image: NDArray[np.float64], how: str, largest: float) -> NDArray[np.float64]:
    relative = image / image.max()
    return {
        "largest": relative,
        "sum": image / image.sum(),
        "set": np.minimum(image / largest, 1),
        "log": np.log(1 + 1000 * relative) / np.log(1001),
        "sqrt": np.sqrt(relative),
    }[how]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("how", NORMALISATIONS)
def test_normalisations_are_what_they_say_and_lie_in_0_1(how: str, apart: bool) -> None:
    hits = toy_hits(16)
    hits[3] *= np.float32([1, 1, 1, 4])
    raw = calorimeter_images(hits, 10).astype(float)
    source = ArraySource(batch_of(hits[:9]), 4)
    made = CalorimeterImages(10, normalisation=how, apart=apart).fit_map(source, key=KEY)
    found = made(batch_of(hits)).x
    channels = [slice(c, c + 1) for c in range(3)] if apart else [slice(None)]
    for channel in channels:
        largest = raw[:9, ..., channel].max()
        expected = np.stack([by_definition(image[..., channel], how, largest) for image in raw])
        np.testing.assert_allclose(found[..., channel], expected, rtol=1e-5, atol=1e-7)
    assert found.dtype == np.float32 and found.min() == 0 and found.max() <= 1


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_a_layer_without_energy_stays_black(how: str) -> None:
    hits = toy_hits(5)
    hits[hits[..., 0] == 2] = 0
    found = images_of(hits, pixels=10, normalisation=how, apart=True)
    assert np.isfinite(found).all() and not found[..., 2].any() and found[..., 0].any(axis=(1, 2)).all()


def test_identities_stay_and_a_map_is_read_back_as_it_was_saved(tmp_path: Any) -> None:
    batch = make_batch({"hits": toy_hits()}, context=np.arange(12.0), sample=1)
    options = {"pixels": 12, "crop": 0.8, "layers": ("ecal", "hcal"), "normalisation": "set", "apart": True}
    fitted = CalorimeterImages(**options).fit_map(ArraySource(batch), key=KEY)
    made = fitted(batch)
    assert made.id is batch.id and made.context is batch.context
    assert made.x.shape[1:] == fitted.row_shape == (12, 12, 2)
    assert fitted.columns(["pt", "hits"]) == CalorimeterImages().columns([]) == ("hits",)
    save(tmp_path / "map", fitted)
    again, _ = load(tmp_path / "map", {"CalorimeterImageMap": CalorimeterImageMap})
    np.testing.assert_array_equal(again(batch).x, made.x)


def spoilt(event: int, place: int, value: float) -> NDArray[np.float32]:
    hits = toy_hits()
    hits[event, 0, place] = value
    return hits


@pytest.mark.parametrize(
    ("hits", "options", "why"),
    [
        (toy_hits() * np.float32([1, 1, 1, 0]), {}, "event 0 has no energy in its image"),
        (toy_hits() + np.float32([0, 3, 0, 0]), {}, "event 0 has no energy in its image"),
        (toy_hits()[:, :0], {}, "event 0 has no energy in its image"),
        (spoilt(5, 3, -1), {}, "event 5 has pt -1"),
        (spoilt(5, 3, np.nan), {}, "event 5 has pt nan"),
        (spoilt(5, 3, np.inf), {}, "event 5 is NaN or infinite"),
        (spoilt(6, 2, np.nan), {}, "event 6 is NaN or infinite"),
        (spoilt(6, 0, np.nan), {}, "event 6 is NaN or infinite"),
        (spoilt(6, 1, -np.inf), {}, "event 6 is NaN or infinite"),
        (spoilt(7, 0, 3), {}, "event 7 is in layer 3"),
        (spoilt(7, 0, 0.5), {}, "event 7 is in layer 0.5"),
        (spoilt(7, 0, -1), {}, "event 7 is in layer -1"),
        (toy_hits()[..., :3], {}, r"shape \(12, 40, 3\)"),
        (toy_hits(), {"pixels": 1}, "1 pixels a side"),
        (toy_hits(), {"pixels": 4.5}, "4.5 pixels a side"),
        (toy_hits(), {"crop": 0.0}, "images of 0.0 of the window"),
        (toy_hits(), {"crop": 1.1}, "images of 1.1 of the window"),
        (toy_hits(), {"layers": ("ecall",)}, "Did you mean ecal"),
        (toy_hits(), {"layers": ()}, "Name one or more"),
        (toy_hits(), {"layers": ("ecal", "ecal")}, "each once"),
        (toy_hits(), {"normalisation": "sums"}, "Did you mean sum"),
    ],
)
def test_what_cannot_be_drawn_is_named(hits: NDArray[Any], options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        images_of(hits, **{"pixels": 10, **options})


def test_events_without_hits_and_empty_sources_are_refused() -> None:
    with pytest.raises(InputError, match="no hits"):
        CalorimeterImages().fit_map(ArraySource(make_batch({"pt": np.ones(3)})), key=KEY)
    empty = ArraySource(batch_of(toy_hits()).take(np.arange(0)))
    for how in ("largest", "set"):
        with pytest.raises(InputError, match="no batch"):
            CalorimeterImages(normalisation=how).fit_map(empty, key=KEY)
    assert calorimeter_images(np.zeros((0, 3, 4)), 12).shape == (0, 12, 12, 3)
    with pytest.raises(InputError, match="largest pixels"):
        CalorimeterImageMap(12, 1.0, LAYERS, "set", False, (1.0,))
