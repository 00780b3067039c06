"""Matrix-product states against tn4ml and eager PyTorch, how costs grow, and how fast events are scored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import call
from benchmarks.timing import alternate, ratios_agree, speed_ratio, stay_on_one_core
from harness.cases import Case, Measured, Raw
from strangeness.core.batch import make_batch
from strangeness.core.train import Training, train
from strangeness.detectors.mps_classifier import ChainClassifierScorer
from strangeness.nn.layers import parameter_count
from strangeness.tensor_networks.canonical import entropies
from strangeness.tensor_networks.classifier import ChainClassifier, chain_classifier, cross_entropy
from strangeness.tensor_networks.feature_maps import PolynomialMap, SpinMap
from strangeness.tensor_networks.mps import random_mps
from strangeness.tensor_networks.scaling import UnitScaling

SITES, BOND, SIZE, BATCH, STEPS = 60, 16, 3, 256, 16
TN4ML, TORCH = "training step against tn4ml", "training step against an eager PyTorch loop"
EQUAL = "first losses equal those of PyTorch"
SITE_GROWTH, BOND_GROWTH = "training step: exponent in the sites", "training step: exponent in the bond"
CUBIC, RATE = "entropies of all cuts: exponent in the bond", "events scored a second by two cores"
MANY_SITES, MANY_BONDS = (60, 120, 240, 480), (16, 32, 64, 128)
STEADY = ratios_agree(2.5)


def _rows(n: int, sites: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    rng = np.random.default_rng(seed)
    return rng.random((n, sites), np.float32), rng.integers(0, 2, n, np.int32)


def _model(sites: int = SITES, bond: int = BOND) -> ChainClassifier:
    return chain_classifier(PolynomialMap(SIZE), sites, bond, key=jax.random.key(0), noise=0.1)


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _fit(rows: tuple[Any, Any], epochs: int) -> Any:
    """The project's own loop: ``STEPS`` training steps and one hold-out batch an epoch."""
    batch = make_batch(rows[0])
    settings = Training(epochs, BATCH, learning_rate=1e-4, patience=epochs, holdout=1 / (STEPS + 1), chunk=4)
    key = jax.random.key(1)
    return train(_model(), cross_entropy, rows, batch.id, batch.weight, settings, key=key, label="bench")


def _step_seconds(rows: tuple[Any, Any]) -> float:
    """CPU seconds a step: the difference of six epochs and one, all that an epoch does included."""
    return (_cpu(lambda: _fit(rows, 6)) - _cpu(lambda: _fit(rows, 1))) / (5 * (STEPS + 1))


def _against_tn4ml(index: int, seed: int) -> Raw:
    stay_on_one_core()
    rows = _rows((STEPS + 1) * BATCH, SITES, seed)
    sizes = {"sites": SITES, "bond": BOND, "size": SIZE, "batch": BATCH, "epochs": 5}
    reply = call("tn4ml", "mps_tn4ml.py", sizes, x=rows[0][: 4 * BATCH], label=rows[1][: 4 * BATCH])
    _fit(rows, 1)
    ours = [_step_seconds(rows) for _ in range(3)]
    return {"ours": ours, "rival": [reply.values["step"]], "version": reply.values["version"]}


def _torch(rows: tuple[Any, Any], repetitions: int) -> dict[str, Any]:
    model = _model()
    arrays = {name: np.asarray(getattr(model, name)) for name in ("left", "centre", "right")}
    vectors = np.asarray(model.map(rows[0][:BATCH]))
    label = rows[1][:BATCH].astype(np.int64)
    return call(
        "torch", "mps_torch.py", {"repetitions": repetitions}, vectors=vectors, label=label, **arrays
    ).values


def _against_torch(index: int, seed: int) -> Raw:
    stay_on_one_core()
    rows, known = _rows((STEPS + 1) * BATCH, SITES, seed), {}

    def rival() -> float:
        values = _torch(rows, 15)
        known["version"] = values["version"]
        return values["step"]

    _fit(rows, 1)
    return {**alternate(lambda: _step_seconds(rows), rival, 3), **known}


def _equal(index: int, seed: int) -> Raw:
    rows = _rows(BATCH, SITES, seed)
    ours = float(jnp.mean(eqx.filter_jit(cross_entropy)(_model(), rows, None)))
    return {"relative": abs(ours - _torch(rows, 1)["losses"][0]) / ours}


@eqx.filter_jit
def _gradient(model: ChainClassifier, rows: tuple[Any, Any]) -> Any:
    return eqx.filter_value_and_grad(lambda m: jnp.mean(cross_entropy(m, rows, None)))(model)


def _gradient_seconds(sites: int, bond: int, seed: int) -> float:
    model, (x, label) = _model(sites, bond), _rows(BATCH, sites, seed)
    rows = jnp.asarray(x), jnp.asarray(label)
    work = partial(lambda: jax.block_until_ready(_gradient(model, rows)))
    work()
    return median(_cpu(work) for _ in range(7))


def _exponent(sizes: Sequence[int], times: Any) -> float:
    """Slope of ln time over ln size, least squares."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def _growth(index: int, seed: int) -> Raw:
    stay_on_one_core()
    by_sites = [_gradient_seconds(sites, BOND, seed) for sites in MANY_SITES]
    by_bond = [_gradient_seconds(16, bond, seed) for bond in MANY_BONDS]
    rng, cubic = np.random.default_rng(seed), []
    for bond in MANY_BONDS:
        state = random_mps(24, 2, bond, rng)
        cubic.append(median(_cpu(lambda state=state: entropies(state)) for _ in range(5)))
    return {"sites": by_sites, "bond": by_bond, "cubic": cubic}


def _exponents(raws: Sequence[Raw]) -> dict[str, Measured]:
    def of(key: str, sizes: Sequence[int]) -> Measured:
        times = np.median([raw[key] for raw in raws], axis=0)
        shown = ", ".join(f"{s}: {1e3 * t:.3g} ms" for s, t in zip(sizes, times, strict=True))
        return Measured(_exponent(sizes, times), note=shown)

    return {
        SITE_GROWTH: of("sites", MANY_SITES),
        BOND_GROWTH: of("bond", MANY_BONDS),
        CUBIC: of("cubic", MANY_BONDS),
    }


def _exponents_agree(committed: Raw, again: Raw) -> list[str]:
    sizes = {"sites": MANY_SITES, "bond": MANY_BONDS, "cubic": MANY_BONDS}
    pairs = {key: (_exponent(s, committed[key]), _exponent(s, again[key])) for key, s in sizes.items()}
    return [f"exponent of {key} {a:.2f}, {b:.2f} again" for key, (a, b) in pairs.items() if abs(a - b) > 0.4]


def _rate(index: int, seed: int) -> Raw:
    """A classifier of 10,000 numbers (20 features, bond 16, spins) on 2^18 events, scaling included."""
    stay_on_one_core()
    x = np.random.default_rng(seed).normal(size=(2**18, 20))
    model = chain_classifier(SpinMap(), 20, BOND, key=jax.random.key(0))
    scorer, batch = ChainClassifierScorer(UnitScaling.of(x[:5000]), model), make_batch(x)
    scorer(batch)
    times = [_cpu(lambda: scorer(batch)) for _ in range(5)]
    return {"seconds": median(times), "events": len(x), "parameters": parameter_count(model)}


def _rates(raws: Sequence[Raw]) -> dict[str, Measured]:
    """Twice the events of one core's CPU second."""
    rate = median(2 * raw["events"] / raw["seconds"] for raw in raws)
    return {RATE: Measured(rate, note=f"{raws[0]['parameters']} parameters, twice the rate of one core")}


def _rates_agree(committed: Raw, again: Raw) -> list[str]:
    ratio = committed["seconds"] / again["seconds"]
    return [] if 0.4 < ratio < 2.5 else [f"scored in {again['seconds']:.3g} s, {committed['seconds']:.3g} s"]


def _small(committed: Raw, again: Raw) -> list[str]:
    return [] if again["relative"] <= 1e-4 else [f"losses differ by {again['relative']:g} relatively"]


CASES = [
    Case("mps-tn4ml", (TN4ML,), _against_tn4ml, 2, lambda raws: {TN4ML: speed_ratio(raws)}, agree=STEADY),
    Case("mps-torch", (TORCH,), _against_torch, 2, lambda raws: {TORCH: speed_ratio(raws)}, agree=STEADY),
    Case(
        "mps-equal",
        (EQUAL,),
        _equal,
        2,
        lambda raws: {EQUAL: max(raw["relative"] for raw in raws)},
        agree=_small,
    ),
    Case("mps-growth", (SITE_GROWTH, BOND_GROWTH, CUBIC), _growth, 2, _exponents, agree=_exponents_agree),
    Case("mps-rate", (RATE,), _rate, 2, _rates, agree=_rates_agree),
]
