"""The convolutional autoencoder at 40x40 against the same network in eager PyTorch, on one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache
from statistics import median
from typing import Any

import jax
import numpy as np

from benchmarks.rivals import Reply, call
from benchmarks.timing import alternate, ratios_agree, speed_ratio, stay_on_one_core
from harness.cases import Case, Measured, Raw
from strangeness.core.batch import Batch, make_batch
from strangeness.core.train import Training, train
from strangeness.detectors.conv_autoencoder import ConvAutoencoderScorer, squared_error
from strangeness.nn import Convolution, ImageAutoencoder, image_autoencoder

PIXELS, EVENTS, WIDE, NARROW, HIDDEN, LATENT = 40, 256, 10, 5, 220, 32
STEPS = 12
_SIDES = {"step": "training step against eager PyTorch", "score": "scoring against eager PyTorch"}
_EQUAL = "convolutional autoencoder equals that of PyTorch"


def _images(seed: int) -> Batch:
    rng = np.random.default_rng(seed)
    light = rng.random((EVENTS, PIXELS, PIXELS, 1)) ** 8
    return make_batch((light / light.sum(axis=(1, 2), keepdims=True)).astype(np.float32) * 100.0)


@cache
def _network() -> ImageAutoencoder:
    return image_autoencoder((PIXELS, PIXELS, 1), (WIDE, NARROW), HIDDEN, LATENT, key=jax.random.key(0))


def _for_torch(network: ImageAutoencoder) -> dict[str, Any]:
    """Arrays in PyTorch's order: weight, bias and slope of each layer; kernels out, in, row, column."""
    slopes, arrays = iter(network.slopes), []
    for layer in (*network.encoder, *network.dense, *network.decoder):
        kernel = isinstance(layer, Convolution)
        weight = np.asarray(layer.kernel).transpose(3, 2, 0, 1) if kernel else layer.weight
        slope = next(slopes, None)
        arrays += [weight, layer.bias] + ([] if slope is None else [slope.slope])
    return {f"weight{i}": np.ascontiguousarray(a, np.float32) for i, a in enumerate(arrays)}


def _torch(batch: Batch) -> Reply:
    sizes = {"pixels": PIXELS, "wide": WIDE, "narrow": NARROW, "hidden": HIDDEN, "latent": LATENT}
    arrays = {"images": batch.x, **_for_torch(_network())}
    return call("torch", "torch_conv_autoencoder.py", {**sizes, "repetitions": 5}, **arrays)


def _fit(batch: Batch, epochs: int) -> Any:
    """The project's own loop: ``STEPS`` training steps and one hold-out batch an epoch."""
    many = make_batch(np.concatenate([batch.x] * (STEPS + 1)))
    settings = Training(
        epochs=epochs, batch_size=EVENTS, learning_rate=1e-3, holdout=1 / (STEPS + 1), chunk=1
    )
    key = jax.random.key(1)
    return train(_network(), squared_error, many.x, many.id, many.weight, settings, key=key, label="bench")


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _step_seconds(batch: Batch) -> float:
    """CPU seconds a step: the difference of three epochs and one, all that an epoch does included."""
    return (_cpu(lambda: _fit(batch, 3)) - _cpu(lambda: _fit(batch, 1))) / (2 * (STEPS + 1))


def _score_seconds(batch: Batch, scorer: ConvAutoencoderScorer) -> float:
    return median(_cpu(lambda: scorer(batch)) for _ in range(5))


def _against_torch(side: str) -> Callable[[int, int], Raw]:
    def shard(index: int, seed: int) -> Raw:
        stay_on_one_core()
        batch, known = _images(seed), {}
        scorer = ConvAutoencoderScorer(_network(), "mse", (PIXELS, PIXELS, 1))

        def rival() -> float:
            reply = _torch(batch)
            known["version"] = reply.values["version"]
            return reply.values[side]

        def ours() -> float:
            return _step_seconds(batch) if side == "step" else _score_seconds(batch, scorer)

        ours()
        return {**alternate(ours, rival, 3), **known}

    return shard


def _equal(index: int, seed: int) -> Raw:
    batch = _images(seed)
    ours = ConvAutoencoderScorer(_network(), "mse", (PIXELS, PIXELS, 1))(batch)
    theirs = _torch(batch).arrays["scores"]
    return {"scores": float(np.max(np.abs(ours - theirs) / theirs))}


def _both_small(committed: Raw, again: Raw) -> Sequence[str]:
    value = again["scores"]
    return [] if value <= 1e-4 else [f"scores differ by {value:g} relatively"]


def _row(name: str) -> Callable[[Sequence[Raw]], dict[str, Measured | float]]:
    return lambda raws: {name: speed_ratio(raws)}


CASES = [
    *(
        Case(f"conv-{side}", (name,), _against_torch(side), 2, _row(name), agree=ratios_agree(2.5))
        for side, name in _SIDES.items()
    ),
    Case("conv-equal", (_EQUAL,), _equal, 1, lambda raws: {_EQUAL: raws[0]["scores"]}, agree=_both_small),
]
