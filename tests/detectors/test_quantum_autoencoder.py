"""The score is one less the fidelity of the trained circuit; controls, shots and settings."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.quantum_autoencoder import QuantumAutoencoder
from strangeness.quantum import autoencoder, fidelity
from strangeness.quantum.autoencoder import frozen_parameters
from strangeness.quantum.guard import weight_features
from strangeness.quantum.noise import Noise, noisy_readings

SHORT = Training(epochs=4, batch_size=64, learning_rate=0.1, chunk=1)
NEVER = Training(epochs=0)


@pytest.fixture(scope="module")
def events() -> Batch:
    rng = np.random.default_rng(8)
    angle = rng.normal(size=400)
    return make_batch(np.stack([angle, angle, -angle], axis=1) + 0.1 * rng.normal(size=(400, 3)), name="line")


def _fit(batch: Batch, **settings: Any) -> Any:
    detector = QuantumAutoencoder(**{"qubits": 2, "layers": 1, "training": SHORT, **settings})
    return detector.fit_scorer(ArraySource(batch), key=jax.random.key(0))


def test_the_score_is_the_infidelity_of_the_scaled_features(events: Batch) -> None:
    scorer = _fit(events)
    x = np.asarray(events.x)
    angles = np.pi / (1 + np.exp(-(x - x.mean(axis=0)) / x.std(axis=0)))
    exact = 1 - fidelity(scorer.circuit, np.asarray(scorer.model.parameters), angles, engine="numpy")
    # 32 bits in angles of order 10 and in a state of unit norm.
    assert scorer(events) == pytest.approx(exact, abs=1e-5)


def test_training_lowers_the_loss_and_the_guard_keeps_the_weights(events: Batch) -> None:
    before, after = _fit(events, training=NEVER), _fit(events, layers=2)
    assert after(events).mean() < 0.8 * _fit(events, layers=2, training=NEVER)(events).mean()
    parameters = np.asarray(after.model.parameters)
    features = weight_features(after.circuit)
    for feature in range(3):
        assert np.mean(parameters[features == feature] ** 2) == pytest.approx(1.0, rel=1e-4)
    assert before.row_shape == (3,)


@pytest.mark.parametrize("frozen", ["trash", "all"])
def test_frozen_parameters_stay_as_they_were_drawn(events: Batch, frozen: str) -> None:
    given = {"frozen": frozen, "guard": False}
    start, trained = (_fit(events, **given, training=training) for training in (NEVER, SHORT))
    mask = frozen_parameters(trained.model.recipe, frozen)
    first, last = (np.asarray(scorer.model.parameters) for scorer in (start, trained))
    assert np.array_equal(first[mask], last[mask])
    assert np.any(first[~mask] != last[~mask]) == (frozen == "trash")
    assert mask.sum() == {"trash": 4, "all": 9}[frozen]


def test_shots_are_drawn_for_each_event_and_key(events: Batch) -> None:
    exact, sampled = _fit(events), _fit(events, shots=10)
    first, same, other = (sampled(events, key=jax.random.key(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, same) and not np.array_equal(first, other)
    assert np.unique(np.round(first * 10, 4)).size <= 11
    part = events.take(np.arange(7, 20))
    assert np.array_equal(sampled(part, key=jax.random.key(1)), first[7:20])
    # Five standard errors of the mean of 400 binomials of 10 shots.
    assert first.mean() == pytest.approx(exact(events).mean(), abs=5 * 0.5 / np.sqrt(4000))


def test_noise_is_that_of_the_density_matrix_and_shots_are_drawn_from_it(events: Batch) -> None:
    noise = Noise(depolarising=0.02, damping=0.05, readout=0.03)
    given = {"depolarising": 0.02, "damping": 0.05, "flips": 0.03, "training": NEVER}
    clean, noisy, sampled = (
        _fit(events, training=NEVER),
        _fit(events, **given),
        _fit(events, **given, shots=50),
    )
    few = events.take(np.arange(6))
    angles, parameters = np.asarray(clean.scaling(few.x)), np.asarray(clean.model.parameters)
    exact = 1 - np.asarray(noisy_readings(clean.circuit, parameters, angles, noise))[:, 0]
    assert noisy(few) == pytest.approx(exact, abs=1e-5)
    assert np.max(np.abs(noisy(few) - clean(few))) > 0.01
    # Six binomials of 50 shots, five standard errors each.
    assert sampled(few, key=jax.random.key(0)) == pytest.approx(exact, abs=5 * 0.5 / np.sqrt(50))
    assert clean.collapse == noisy.collapse > 0


def test_a_circuit_that_sees_no_event_is_reported(events: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < _fit(events, layers=2).collapse < 0.9
    monkeypatch.setattr(autoencoder, "initial_weights", lambda circuit, rng: np.zeros(circuit.parameters))
    with pytest.warns(UserWarning, match="quantum-autoencoder does not see the events: noise reaches"):
        blind = _fit(events, guard=False, training=NEVER)
    assert blind.collapse == 1.0 and np.ptp(blind(events)) < 1e-5


@pytest.mark.parametrize(
    ("settings", "qubits", "parameters"),
    [
        ({"qubits": None}, 3, 2 * (3 * 3 + 3)),
        ({"qubits": None, "embedding": "angle"}, 3, 2 * 9),
        ({"qubits": None, "embedding": "alternate", "gate": "RZZ"}, 3, 2 * (9 + 3)),
        ({"qubits": None, "embedding": "parallel", "entangler": "none"}, 6, 2 * 18),
        ({"qubits": None, "embedding": "amplitude", "reference": "learned"}, 2, 2 * 6 + 2),
    ],
)
def test_circuits_by_their_settings(settings: dict[str, Any], qubits: int, parameters: int) -> None:
    circuit = QuantumAutoencoder(**settings).recipe(3).circuit
    assert (circuit.qubits, circuit.parameters) == (qubits, parameters)


def test_a_random_reference_is_that_of_the_key(events: Batch) -> None:
    first, same = (_fit(events, reference="product", training=NEVER) for _ in range(2))
    assert first.model.recipe.seed == same.model.recipe.seed > 0
    assert np.array_equal(first(events), same(events))


def test_against_the_mixed_state_nothing_can_be_learnt(events: Batch) -> None:
    assert _fit(events, reference="mixed")(events) == pytest.approx(0.5, abs=1e-5)


def test_angles_are_taken_as_they_are_and_refused_outside(events: Batch) -> None:
    small = events.with_x(np.clip(np.asarray(events.x), -3, 3))
    scorer = _fit(small, scaling="none", training=NEVER)
    assert np.all(np.isfinite(scorer(small)))
    with pytest.raises(InputError, match=r"is 9, not within \[-3.142, 3.142\]"):
        scorer(make_batch(np.full((2, 3), 9.0)))
    with pytest.raises(InputError, match="range of the embedding"):
        _fit(events.with_x(np.asarray(events.x) * 10), scaling="none")


def test_a_device_of_pennylane_trains_and_scores_to_the_same(events: Batch) -> None:
    few, once = events.take(np.arange(16)), Training(epochs=2, batch_size=8, learning_rate=0.1, chunk=1)
    ours, theirs = (_fit(few, training=once, engine=engine) for engine in ("auto", "lightning.qubit"))
    # Angles that change nothing have a gradient of rounding alone, which Adam divides by its size: compared
    # are the scores.
    assert theirs(few) == pytest.approx(ours(few), abs=1e-3)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "trash": ({"trash": 2}, "2 trash qubits of 2 qubits"),
    "no trash": ({"trash": 0}, "0 trash qubits"),
    "shots": ({"shots": 0}, "0 shots"),
    "embedding": ({"embedding": "angles"}, "angle"),
    "entangler": ({"entangler": "rings"}, "ring"),
    "gate": ({"gate": "CNOTS"}, "CNOT"),
    "reference": ({"reference": "zeros"}, "zero"),
    "scaling": ({"scaling": "minmax"}, "logistic"),
    "frozen": ({"frozen": "trahs"}, "'frozen' of quantum-autoencoder is 'trahs'"),
    "width": ({"embedding": "angle"}, "3 features on 2 qubits"),
    "engine": ({"engine": "lightning.qbit"}, "unknown engine or device 'lightning.qbit'"),
    "engine that cannot": ({"engine": "kernel", "gate": "CRX"}, "trained angles"),
    "noise": ({"damping": 1.5}, "'damping' of the noise is 1.5"),
    "flips": ({"flips": 0.1, "reference": "mixed"}, "read-out error of 0.1 with a reference"),
    "noise and memory": ({"qubits": 22, "trash": 1, "damping": 0.1}, "22 qubits need"),
    "memory": ({"qubits": 60}, "60 qubits"),
}


@pytest.mark.parametrize("name", BAD)
def test_settings_that_make_no_circuit_are_refused(events: Batch, name: str) -> None:
    settings, said = BAD[name]
    with pytest.raises(InputError, match=said):
        _fit(events, **settings)


def test_scalings_stay_in_the_range(events: Batch) -> None:
    far: NDArray[Any] = np.asarray(events.x) * 1e6
    for kind in ("logistic", "range"):
        angles = np.asarray(_fit(events, scaling=kind, training=NEVER).scaling(far))
        assert angles.min() >= 0 and angles.max() <= np.pi + 1e-6
