"""What a set of images looks like: its average, and how few pixels hold how much of the intensity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sparsity:
    """How sparse each of n images is.

    Attributes:
        active: (n,) share of the pixels above 0.
        hardest: numbers k of pixels.
        held: (n, len(hardest)) share of the image's intensity in its k hardest pixels.
    """

    active: Array
    hardest: tuple[int, ...]
    held: Array


def average_image(images: ArrayLike, weight: ArrayLike | None = None) -> Array:
    """The weighted mean (height, width, channels) of images (n, height, width, channels).

    Raises:
        InputError: for another shape, no image, weights of another length, or a sum of weights not above 0.
    """
    checked = _checked(images)
    weights = np.ones(len(checked)) if weight is None else np.asarray(weight, np.float64)
    if weights.shape != (len(checked),):
        raise InputError(f"weights of shape {weights.shape} for {len(checked)} images", "Give one an image.")
    if not weights.sum() > 0:
        raise InputError(f"the weights of the images sum to {weights.sum():g}", "Give a positive sum.")
    return np.einsum("n,nhwc->hwc", weights / weights.sum(), checked)


def sparsity(images: ArrayLike, hardest: Sequence[int] = (1, 5, 10)) -> Sparsity:
    """Active pixels, and intensity in the hardest, over all channels of images (n, height, width, channels).

    An image without intensity holds 0 in its hardest pixels.

    Raises:
        InputError: for another shape, no image, a negative pixel, or fewer than one hardest pixel.
    """
    checked = _checked(images)
    flat = checked.reshape(len(checked), -1)
    if flat.min() < 0:
        raise InputError(f"an image has a pixel of {flat.min():g}", "Give intensities of 0 or more.")
    if not hardest or min(hardest) < 1:
        raise InputError(f"the {list(hardest)} hardest pixels", "Give whole numbers from 1.")
    most = min(max(hardest), flat.shape[1])
    top = -np.sort(-np.partition(flat, -most, axis=1)[:, -most:], axis=1)
    held = np.cumsum(top, axis=1, dtype=np.float64)[:, [min(k, most) - 1 for k in hardest]]
    total = flat.sum(axis=1, dtype=np.float64)[:, None]
    share = np.divide(held, total, out=np.zeros_like(held), where=total > 0)
    return Sparsity((flat > 0).mean(axis=1), tuple(hardest), share)


def _checked(images: ArrayLike) -> NDArray[Any]:
    checked = np.asarray(images)
    if checked.ndim != 4 or 0 in checked.shape or checked.dtype.kind not in "iuf":
        raise InputError(
            f"images of shape {checked.shape} and {checked.dtype}",
            "Give numbers (events, height, width, channels).",
        )
    return checked
