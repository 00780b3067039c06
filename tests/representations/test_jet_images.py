"""Images against a plain loop over particles, and the symmetries that the alignment promises."""

from __future__ import annotations

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
from strangeness.representations import JetImageMap, JetImages
from strangeness.representations.pixels import NORMALISATIONS
from tests.representations.particles import image_by_hand, toy_jets

KEY = jax.random.key(0)
# Sums in float64 that end in float32: 24 bits, a few roundings.
SAME = {"rtol": 1e-6, "atol": 1e-7}


def batch_of(jets: NDArray[Any]) -> Batch:
    return make_batch({"constituents": jets})


def images_of(jets: NDArray[Any], **options: Any) -> NDArray[np.float32]:
    batch = batch_of(jets)
    return JetImages(**options).fit_map(ArraySource(batch), key=KEY)(batch).x[..., 0]


@pytest.mark.parametrize(("pixels", "half_width"), [(40, 0.7), (12, 0.7), (7, 0.3)])
def test_images_equal_a_loop_over_particles(pixels: int, half_width: float) -> None:
    jets = toy_jets()
    expected = np.stack([image_by_hand(jet, pixels, half_width) for jet in jets])
    expected /= expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(images_of(jets, pixels=pixels, half_width=half_width), expected, **SAME)


def test_unaligned_images_equal_the_histogram_of_numpy() -> None:
    jets = toy_jets()
    options = {"centred": False, "rotated": False, "flipped": False, "pixels": 9, "half_width": 0.5}
    found = images_of(jets, normalisation="sum", **options)
    for jet, image in zip(jets.astype(float), found, strict=True):
        span = [[-0.5, 0.5]] * 2
        expected = np.histogram2d(jet[:, 2], jet[:, 1], bins=9, range=span, weights=jet[:, 0])[0]
        np.testing.assert_allclose(image, expected / expected.sum(), **SAME)


def by_definition(image: NDArray[np.float64], how: str, largest: float) -> NDArray[np.float64]:
    relative = image / image.max()
    return {
        "largest": relative,
        "sum": image / image.sum(),
        "set": np.minimum(image / largest, 1),
        "log": np.log(1 + 1000 * relative) / np.log(1001),
        "sqrt": np.sqrt(relative),
    }[how]


@pytest.mark.parametrize("how", NORMALISATIONS)
def test_normalisations_are_what_they_say_and_lie_in_0_1(how: str) -> None:
    jets = toy_jets()
    jets[3] *= [4, 1, 1]
    raw = np.stack([image_by_hand(jet, 10, 0.7) for jet in jets])
    fitted = JetImages(pixels=10, normalisation=how).fit_map(ArraySource(batch_of(jets[:20]), 7), key=KEY)
    found = fitted(batch_of(jets)).x[..., 0]
    expected = np.stack([by_definition(image, how, raw[:20].max()) for image in raw])
    np.testing.assert_allclose(found, expected, **SAME)
    assert found.dtype == np.float32 and found.min() == 0 and found.max() <= 1


def turned(jets: NDArray[Any], angle: float, shift: tuple[float, float]) -> NDArray[np.float64]:
    pt, eta, phi = np.moveaxis(jets.astype(np.float64), 2, 0)
    cosine, sine = np.cos(angle), np.sin(angle)
    moved = np.stack([pt, cosine * eta - sine * phi + shift[0], sine * eta + cosine * phi + shift[1]], axis=2)
    return np.where(pt[..., None] > 0, moved, 0.0)


@settings(max_examples=25, deadline=None)
@given(st.floats(-4, 4), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.booleans(), st.integers(0, 99))
def test_turning_moving_and_mirroring_a_jet_changes_nothing(
    angle: float, eta: float, phi: float, mirror: bool, seed: int
) -> None:
    jets = toy_jets(6, seed=seed)
    moved = turned(jets, angle, (eta, phi))
    if mirror:
        moved[..., 1] *= -1
    before, after = (images_of(x, pixels=20, normalisation="sum") for x in (jets, moved))
    # Rounding may carry a particle over a pixel's edge, 1e-9 wide: expected never in these examples.
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_the_image_has_its_centroid_and_axes_where_they_are_promised() -> None:
    images = images_of(toy_jets(), pixels=200, half_width=1.2, normalisation="sum").astype(float)
    centre = (np.arange(200) + 0.5) / 200 * 2.4 - 1.2
    # A pixel is 0.012 wide, so every particle is displaced by at most 0.006.
    assert np.all(np.abs(np.einsum("nij,j->n", images, centre)) < 0.006)
    assert np.all(np.abs(np.einsum("nij,i->n", images, centre)) < 0.006)
    across, along = (np.einsum(f"nij,{axis}->n", images, centre**2) for axis in "ji")
    mixed = np.einsum("nij,i,j->n", images, centre, centre)
    # The tilt that displacements of 0.006 give to particles at most 1 away.
    assert np.all(along > across) and np.all(np.abs(mixed) < 0.006 * 2)
    corners = images.reshape(-1, 2, 100, 2, 100).sum(axis=(2, 4)).reshape(-1, 4)
    assert np.all(corners.argmax(axis=1) == 3)


def test_no_energy_is_lost_inside_and_what_lies_outside_is_left_out() -> None:
    jets = toy_jets()
    whole = JetImages(half_width=3.0).fit_map(ArraySource(batch_of(jets)), key=KEY)
    (_, images), *_ = whole.blocks(jets)
    np.testing.assert_allclose(images.sum(axis=(1, 2)), jets[..., 0].sum(axis=1), rtol=1e-5)
    far = jets.copy()
    far[0, 0] = (5.0, 2.9, 0.0)
    plain = JetImages(half_width=1.0, centred=False).fit_map(ArraySource(batch_of(jets)), key=KEY)
    (_, kept), *_ = plain.blocks(far)
    np.testing.assert_allclose(kept[0].sum(), far[0, 1:, 0].sum(), rtol=1e-5)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_order_padding_and_chunks_do_not_matter(seed: int) -> None:
    rng, jets = np.random.default_rng(seed), toy_jets(8)
    shuffled = rng.permuted(jets.view("V12"), axis=1).view(np.float32).reshape(jets.shape)
    wider = np.concatenate([np.zeros_like(jets), shuffled], axis=1)
    fitted = JetImages(pixels=12).fit_map(ArraySource(batch_of(jets)), key=KEY)
    np.testing.assert_allclose(fitted(batch_of(wider)).x, fitted(batch_of(jets)).x, **SAME)
    apart = [fitted(part).x for part in ArraySource(batch_of(wider), 3)]
    np.testing.assert_allclose(np.concatenate(apart), fitted(batch_of(jets)).x, **SAME)


@pytest.mark.parametrize("angle", np.linspace(0, 3, 7))
def test_one_and_two_particles_have_images_that_rounding_does_not_change(angle: float) -> None:
    pair = np.array([[[3.0, 0.2, 0.0], [1.0, -0.1, 0.0]], [[2.0, 0.31, 0.17], [0, 0, 0]]])
    found = images_of(turned(pair, angle, (0.013, 0.007)), pixels=8, normalisation="sum")
    # Both at x = 0, on an edge: the column right of it. y = 0.075 and -0.225, 0.175 a pixel.
    np.testing.assert_allclose([found[0, 4, 4], found[0, 2, 4], found[1, 4, 4]], [0.75, 0.25, 1.0], rtol=1e-6)


def test_identities_stay_and_blocks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    jets = toy_jets()
    batch = make_batch({"constituents": jets}, context=np.arange(40.0), sample=1)
    fitted = JetImages(pixels=12).fit_map(ArraySource(batch), key=KEY)
    whole = fitted(batch)
    assert whole.id is batch.id and whole.context is batch.context and whole.x.shape == (40, 12, 12, 1)
    monkeypatch.setattr("strangeness.representations.jet_images._BLOCK", 7 * 144)
    np.testing.assert_array_equal(fitted(batch).x, whole.x)


def test_a_map_is_read_back_as_it_was_saved(tmp_path: Any) -> None:
    batch = batch_of(toy_jets())
    fitted = JetImages(pixels=12, normalisation="set").fit_map(ArraySource(batch), key=KEY)
    save(tmp_path / "map", fitted)
    again, _ = load(tmp_path / "map", {"JetImageMap": JetImageMap})
    np.testing.assert_array_equal(again(batch).x, fitted(batch).x)


def spoilt(place: tuple[int, int, int], value: float) -> NDArray[np.float32]:
    jets = toy_jets()
    jets[place] = value
    return jets


def without(event: int) -> NDArray[np.float32]:
    jets = toy_jets()
    jets[event] = 0
    return jets


@pytest.mark.parametrize(
    ("jets", "options", "why"),
    [
        (without(9), {}, "event 9 has no particle"),
        (spoilt((5, 2, 0), -1), {}, "event 5 has pt -1"),
        (spoilt((5, 2, 0), np.nan), {}, "event 5 has pt nan"),
        (spoilt((5, 2, 0), np.inf), {}, "event 5 is NaN or infinite"),
        (spoilt((6, 1, 2), np.nan), {}, "event 6 is NaN or infinite"),
        (toy_jets() + np.float32([0, 3, 0]), {"centred": False}, "event 0 has no particle within 0.7"),
        (toy_jets()[..., :2], {}, r"shape \(40, 30, 2\)"),
        (toy_jets()[:, :0], {}, "event 0 has no particle"),
        (toy_jets(), {"pixels": 1}, "1 pixels a side"),
        (toy_jets(), {"pixels": 4.5}, "4.5 pixels a side"),
        (toy_jets(), {"half_width": 0.0}, "half-width 0.0"),
        (toy_jets(), {"normalisation": "sums"}, "Did you mean sum"),
    ],
)
def test_what_cannot_be_drawn_is_named(jets: NDArray[Any], options: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        images_of(jets, **options)


def test_events_without_constituents_and_empty_sources_are_refused() -> None:
    with pytest.raises(InputError, match="no constituents"):
        JetImages().fit_map(ArraySource(make_batch({"pt": np.ones(3)})), key=KEY)
    empty = ArraySource(batch_of(toy_jets()).take(np.arange(0)))
    for how in ("largest", "set"):
        with pytest.raises(InputError, match="no batch"):
            JetImages(normalisation=how).fit_map(empty, key=KEY)


def test_a_bad_event_is_counted_from_the_first_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.representations.jet_images._BLOCK", 4 * 1600)
    with pytest.raises(InputError, match="event 9 has no particle"):
        images_of(without(9))
