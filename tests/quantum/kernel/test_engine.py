"""The compiled kernel against the readable simulator: values, all derivatives, every way to run it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.quantum.entanglers import TOPOLOGIES, Entangler, entangler
from strangeness.quantum.kernel import Engine, trash_projector
from tests.quantum.kernel.simulator import Problem, problem

# Single precision: a unit in the last place is 6e-8, and some hundred roundings add up at random.
VALUE, SLOPE = 3e-6, 2e-5


def check(case: Problem, engine: Engine, value: float = VALUE, slope: float = SLOPE) -> None:
    """Values, and the derivative along a random direction of each argument; slopes relative to their size."""
    step = engine.step(case.weight, case.bias, case.x, case.cotangent, with_x=True)
    scale = np.abs(case.observable).max()
    np.testing.assert_allclose(step.values, case.reference(), rtol=0, atol=value * scale)
    rng = np.random.default_rng(1)
    assert step.x is not None
    for name, found in (("weight", step.weight), ("bias", step.bias), ("x", step.x)):
        direction = rng.normal(size=found.shape)
        size = np.linalg.norm(found.astype(np.float64)) * np.linalg.norm(direction)
        floor = scale * np.abs(case.cotangent).sum()
        assert abs(case.slope(name, direction) - np.sum(found * direction)) < slope * (size + floor), name


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    qubits, layers = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    rotations, events = draw(st.integers(1, 3)), draw(st.integers(1, 37))
    names = draw(st.lists(st.sampled_from(sorted(TOPOLOGIES)), min_size=1, max_size=layers))
    gates = [draw(st.sampled_from(["CNOT", "CZ"])) for _ in names]
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    trash = rng.permutation(qubits)[: draw(st.integers(1, qubits))].tolist()
    observable = trash_projector(trash, qubits) if draw(st.booleans()) else rng.normal(size=1 << qubits)
    entanglers = tuple(entangler(name, qubits, gate) for name, gate in zip(names, gates, strict=True))
    return problem(qubits, layers, rotations, events, entanglers, observable, seed)


@given(problems())
@settings(max_examples=40)
def test_random_circuits_agree_with_the_simulator(case: Problem) -> None:
    check(case, case.engine())


def ring(qubits: int, layers: int = 3, rotations: int = 2, events: int = 19, **options) -> Problem:
    observable = trash_projector(range(qubits // 2), qubits)
    return problem(qubits, layers, rotations, events, (entangler("ring", qubits),), observable, **options)


@pytest.mark.parametrize("qubits", [9, 11])
def test_larger_circuits_go_through_blocks(qubits: int) -> None:
    case = ring(qubits, layers=2, rotations=1, events=5)
    check(case, case.engine())


@pytest.mark.parametrize("angle", [0.0, np.pi / 2, np.pi, -np.pi, 2 * np.pi, 3 * np.pi])
@pytest.mark.parametrize("theta", [0.0, np.pi / 2, np.pi, 2 * np.pi])
def test_degenerate_angles(angle: float, theta: float) -> None:
    case = ring(4)
    bias = np.broadcast_to(np.array([angle, theta, angle], np.float32), case.bias.shape)
    still = Problem(case.entanglers, case.observable, 0 * case.weight, bias, case.x, case.cotangent)
    # Equal angles round alike: their errors add up, 2e-7 for each of 60 turns, instead of cancelling.
    check(still, still.engine(), value=1.2e-5)


def test_equal_angles_and_some_exact_half_turns() -> None:
    case = ring(5)
    bias = np.where(np.arange(5)[:, None, None] % 2, np.float32(np.pi), case.bias[:, :1])
    weight = np.where(np.arange(5)[:, None, None] % 2, np.float32(0), case.weight)
    check(
        mixed := Problem(case.entanglers, case.observable, weight, bias, case.x, case.cotangent),
        mixed.engine(),
    )


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_every_number_of_lanes(lanes: int) -> None:
    case = ring(8)
    check(case, case.engine(lanes=lanes))


def test_the_environment_forces_the_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANGENESS_QUANTUM_LANES", "8")
    assert ring(4).engine().lanes == 8
    monkeypatch.setenv("STRANGENESS_QUANTUM_LANES", "12")
    with pytest.raises(InputError, match="12 lanes"):
        ring(4).engine()


@pytest.mark.parametrize("events", [1, 15, 16, 17, 33])
def test_odd_batches_equal_each_event_alone(events: int) -> None:
    case = ring(5, events=events)
    engine = case.engine(lanes=16)
    step = engine.step(case.weight, case.bias, case.x, case.cotangent, with_x=True)
    alone = [engine.step(case.weight, case.bias, case.x[i : i + 1], case.cotangent[i : i + 1], with_x=True)
             for i in range(events)]  # fmt: skip
    np.testing.assert_array_equal(step.values, np.concatenate([one.values for one in alone]))
    np.testing.assert_array_equal(step.x, np.concatenate([one.x for one in alone]))
    np.testing.assert_allclose(step.weight, sum(one.weight for one in alone), atol=1e-5)


@pytest.mark.parametrize("qubits", [2, 5, 9, 12])
def test_scores_equal_the_values_of_training(qubits: int) -> None:
    case = ring(qubits, layers=3, rotations=1, events=3)
    engine = case.engine()
    step = engine.step(case.weight, case.bias, case.x, case.cotangent)
    np.testing.assert_array_equal(engine.values(case.weight, case.bias, case.x), step.values)


@pytest.mark.parametrize("qubits", [6, 8])
def test_walking_back_equals_kept_states(qubits: int) -> None:
    case = ring(qubits, layers=4)
    kept = case.engine()
    lean = case.engine(memory_limit=kept.plan.bytes - 1)
    assert kept.plan.keep_states and not lean.plan.keep_states and lean.plan.bytes < kept.plan.bytes
    check(case, lean)
    many = case.engine().step(case.weight, case.bias, case.x, case.cotangent)
    few = lean.step(case.weight, case.bias, case.x, case.cotangent)
    np.testing.assert_allclose(few.bias, many.bias, atol=2e-5)


def test_generators_and_pullback_equal_the_step() -> None:
    case = ring(6, events=21)
    engine, arrays = case.engine(), (case.weight, case.bias, case.x)
    step = engine.step(*arrays, case.cotangent, with_x=True)
    values, vector = engine.generators(*arrays)
    assert vector.shape == engine.vector_shape(21)
    weight, bias, x = engine.pullback(*arrays, vector, case.cotangent, with_x=True)
    np.testing.assert_array_equal(values, step.values)
    for one, other in ((weight, step.weight), (bias, step.bias), (x, step.x)):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    # The last turn of a layer is about Z: its angle's derivative is the generator's.
    per_event = np.moveaxis(vector[..., 2, :], -1, 1).reshape(-1, 3, 6)[:21]
    np.testing.assert_allclose(
        case.cotangent @ per_event.reshape(21, -1), bias[:, :, -1, 2].ravel(), atol=1e-5
    )


def test_two_threads_equal_one() -> None:
    case = ring(7, events=70)
    one, two = case.engine(), case.engine(threads=2)
    a, b = (engine.step(case.weight, case.bias, case.x, case.cotangent, with_x=True) for engine in (one, two))
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(a.x, b.x)
    np.testing.assert_allclose(a.weight, b.weight, atol=1e-5)


def test_double_precision_of_the_same_code() -> None:
    case = ring(6)
    check(case, case.engine(bits=64, lanes=4), value=1e-13, slope=1e-10)


@pytest.mark.parametrize(("qubits", "rotations", "events"), [(4, 6, 64), (9, 6, 256), (12, 1, 64)])
def test_accuracy_of_the_benchmark(qubits: int, rotations: int, events: int) -> None:
    """Loss to 1e-6 and gradient to 1e-5, relative to its norm, of the same code in double precision."""
    case = ring(qubits, layers=5, rotations=rotations, events=events)
    arrays = case.weight, case.bias, np.abs(case.x), np.full(events, -1.0 / events)
    single, double = case.engine().step(*arrays), case.engine(bits=64, lanes=4).step(*arrays)
    assert abs(single.values.mean(dtype=np.float64) - double.values.mean()) < 1e-6
    for one, other in ((single.weight, double.weight), (single.bias, double.bias)):
        assert np.linalg.norm(one - other) < 1e-5 * np.linalg.norm(other)


def test_no_events_give_nothing() -> None:
    case = ring(4)
    step = case.engine().step(case.weight, case.bias, case.x[:0], case.cotangent[:0], with_x=True)
    assert step.values.shape == (0,) and not step.weight.any() and step.x is not None and len(step.x) == 0


def test_refusals() -> None:
    projector = trash_projector([0], 4)
    gates = (entangler("ring", 4),)
    with pytest.raises(InputError, match="21 qubits"):
        Engine(21, 1, 1, gates, projector)
    with pytest.raises(InputError, match="MB of 1 MB"):
        Engine(16, 2, 1, (entangler("ring", 16),), trash_projector([0], 16), memory_limit=10**6)
    with pytest.raises(InputError, match="observable of shape"):
        Engine(4, 1, 1, gates, projector[:8])
    with pytest.raises(InputError, match="'RZZ'"):
        Engine(4, 1, 1, (Entangler("RZZ", ((0, 1),)),), projector)
    with pytest.raises(InputError, match="0 threads"):
        Engine(4, 1, 1, gates, projector, threads=0)
    with pytest.raises(InputError, match="2 entanglers for 1 layers"):
        Engine(4, 1, 1, gates * 2, projector)
    with pytest.raises(InputError, match="7 lanes"):
        Engine(4, 1, 1, gates, projector, lanes=7)
    engine, case = Engine(4, 3, 2, gates, projector), ring(4)
    with pytest.raises(InputError, match="weight of shape"):
        engine.values(case.weight[:1], case.bias, case.x)
    with pytest.raises(InputError, match="features of shape"):
        engine.values(case.weight, case.bias, case.x[:, :2])
    with pytest.raises(InputError, match="derivatives of shape"):
        engine.pullback(case.weight, case.bias, case.x, np.zeros((1, 3, 4, 3, 4)), case.cotangent)
    with pytest.raises(InputError, match="cotangent of shape"):
        engine.step(case.weight, case.bias, case.x, case.cotangent[:3])
