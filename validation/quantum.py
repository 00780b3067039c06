"""The published quantum autoencoder on the authors' events, beside controls that need no circuit.

Events of tt-bar and of a heavy Higgs boson of 2.5 TeV that decays to it, both dileptonic; the files are those
of a follow-up of arXiv:2112.04958 and are no part of this repository.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, NotRun, Raw
from strangeness.core.identity import identities
from strangeness.core.train import Training, train
from strangeness.quantum import Circuit, Layer, Trash, entangler, fidelity
from strangeness.quantum.encoders import angle_encoder, then, trained_encoder
from strangeness.quantum.readout import last
from strangeness.stats.metrics import roc_curve

Array = NDArray[np.float64]
SEEDS, EVENTS, QUBITS = 5, 1000, 4
TRASH = (1, 2, 3)
FEATURES = {"MET": 1000.0, "b1pt": 1000.0, "lep1pt": 1000.0, "lep2pt": 900.0}
"""Feature -> the value in GeV that becomes the angle pi; qubits are in this order, the last are trash."""
SETTINGS = Training(epochs=150, batch_size=250, learning_rate=0.1, weight_decay=0.0, patience=40, chunk=3)


def _folder() -> Path:
    usual = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("STRANGENESS_SHARED_DATA", usual))


@cache
def angles(name: str) -> Array:
    """The features (n, 4) of the complete events of a file, as angles."""
    file = _folder() / f"dilepton_{name}.csv.gz"
    if not file.is_file():
        raise NotRun(f"{file.name} is not there; name its folder in STRANGENESS_SHARED_DATA")
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        rows = [[row[feature] for feature in FEATURES] for row in csv.DictReader(text)]
    values = np.array([row for row in rows if all(row)], np.float64)
    return np.pi * values[np.all(np.isfinite(values), axis=1)] / np.array(list(FEATURES.values()))


class Authors(eqx.Module):
    """RX(x), RY(w) on every qubit, CNOT on all pairs, the last qubits compared with |0...0>.

    A few features lie beyond pi, at most by a half, where the authors' rotation goes on as ours does.
    """

    weights: Any
    trash: int = eqx.field(static=True)
    frozen: bool = eqx.field(static=True)

    def __call__(self, x: Any) -> Any:
        held = (np.arange(QUBITS) >= QUBITS - self.trash) & self.frozen
        weights = jnp.where(held, jax.lax.stop_gradient(self.weights), self.weights)
        return 1.0 - fidelity(authors_circuit(self.trash), weights, x)


def authors_circuit(trash: int) -> Circuit:
    """The circuit with so many trash qubits."""
    encoder = then(angle_encoder(range(QUBITS)), trained_encoder(QUBITS, "Y"))
    layer = Layer(encoder, entangler("all-to-all", QUBITS))
    return Circuit(QUBITS, QUBITS, (layer,), Trash(last(trash, QUBITS)))


def infidelity(model: Authors, x: Any, key: Any) -> Any:
    """The loss (n,)."""
    return model(x)


def trained(seed: int) -> Raw:
    """Areas under the curve of a training on 1,000 tt-bar events, with and without frozen trash weights."""
    rng = np.random.default_rng(seed)
    background, signal = angles("ttbar_background"), angles("heavy_higgs_2500")
    chosen = rng.permutation(len(background))
    x, rest = background[chosen[:EVENTS]].astype(np.float32), background[chosen[EVENTS:]]
    areas: dict[str, float] = {}
    for trash in TRASH:
        start = jnp.asarray(rng.uniform(-np.pi, np.pi, QUBITS), jnp.float32)
        for name, frozen in (("trained", False), ("frozen", True)):
            model = _fitted(Authors(start, trash, frozen), x, seed)
            areas[f"{name} {trash}"] = area(_score(model, rest), _score(model, signal))
    return {"areas": areas}


def _fitted(model: Authors, x: Any, seed: int) -> Authors:
    id, weight, key = identities("dilepton", len(x)), np.ones(len(x)), jax.random.key(seed % 2**31)
    return train(model, infidelity, x, id, weight, SETTINGS, key=key).model


@eqx.filter_jit
def _score(model: Authors, x: Any) -> Any:
    return model(x)


def area(background: Any, signal: Any) -> float:
    """The area under the ROC curve."""
    return float(roc_curve(np.asarray(background, float), np.asarray(signal, float)).auc())


def controls(seed: int) -> Raw:
    """The sum of the scaled features, and the Mahalanobis distance from the background."""
    background, signal = angles("ttbar_background"), angles("heavy_higgs_2500")
    mean, inverse = background.mean(axis=0), np.linalg.inv(np.cov(background.T))
    far = [np.einsum("ni,ij,nj->n", x - mean, inverse, x - mean) for x in (background, signal)]
    return {"sum": area(background.sum(axis=1), signal.sum(axis=1)), "mahalanobis": area(*far)}


def _plural(trash: int) -> str:
    return f"{trash} trash qubit{'s' if trash > 1 else ''}"


def summarise_trained(raws: Sequence[Raw]) -> Mapping[str, Measured | float]:
    """Medians over the seeds, and what training the trash weights adds to leaving them as they were drawn."""
    rows: dict[str, Measured | float] = {}
    for trash in TRASH:
        found = {
            name: np.array([raw["areas"][f"{name} {trash}"] for raw in raws])
            for name in ("trained", "frozen")
        }
        spread = ", ".join(f"{value:.3f}" for value in np.sort(found["frozen"]))
        rows[f"dilepton: AUC, {_plural(trash)}"] = float(np.median(found["trained"]))
        rows[f"dilepton: AUC, {_plural(trash)}, trained less frozen trash weights"] = Measured(
            float(np.median(found["trained"] - found["frozen"])), note=f"frozen: {spread}"
        )
    return rows


CASES = [
    Case(
        "dilepton-trained",
        tuple(
            f"dilepton: AUC, {_plural(trash)}{more}"
            for trash in TRASH
            for more in ("", ", trained less frozen trash weights")
        ),
        lambda index, seed: trained(seed),
        SEEDS,
        summarise_trained,
        tolerance=5e-3,
    ),
    Case(
        "dilepton-controls",
        ("dilepton: AUC, sum of the features", "dilepton: AUC, Mahalanobis"),
        lambda index, seed: controls(seed),
        1,
        lambda raws: {
            "dilepton: AUC, sum of the features": raws[0]["sum"],
            "dilepton: AUC, Mahalanobis": raws[0]["mahalanobis"],
        },
        tolerance=1e-9,
    ),
]
