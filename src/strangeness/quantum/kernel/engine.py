"""A layered circuit bound to its compiled kernel: expectations and derivatives of NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.entanglers import Entangler
from strangeness.quantum.kernel.budget import plan
from strangeness.quantum.kernel.compiled import Kernel, best_lanes, checked_lanes, compiled
from strangeness.quantum.kernel.modes import CHAIN, INPUTS, VALUE, VECTOR
from strangeness.quantum.kernel.tables import behind_rotations, entangler_tables, with_idle_qubits

Floats = NDArray[np.floating]


class Step(NamedTuple):
    """Expectations and what they give together with a cotangent c: derivatives of sum over b of c_b value_b.

    Attributes:
        values: (B,).
        weight: (L, n, G, 3).
        bias: (L, n, G, 3).
        x: (B, n, G, 3), None where it was not asked for.
    """

    values: Floats
    weight: Floats
    bias: Floats
    x: Floats | None


class Engine:
    """L layers of G gates Rot(bias + weight * x) a qubit, each followed by CNOT or CZ gates, on |0...0>.

    Weights, biases and features are laid out as (L, n, G, 3), (L, n, G, 3) and (B, n, G, 3) with the angles
    phi, theta, omega in radians last; Rot(phi, theta, omega) = RZ(omega) RY(theta) RZ(phi), gate 0 acts
    first. Events are worked on in tiles of as many as a SIMD register holds.

    Args:
        qubits: n, 1 to 20.
        layers: L, 1 or more.
        rotations: G, 1 or more.
        entanglers: one for each layer, or fewer that are taken in turns.
        observable: (2^n,) values of a diagonal observable after the last entangler.
        lanes: 4, 8 or 16 events a tile; by default what the processor (or STRANGENESS_QUANTUM_LANES) says.
        bits: 32, or 64 for a reference that is four times slower.
        threads: how many work on tiles at once, 1 or more.
        memory_limit: bytes of scratch memory, by default half of the machine's.

    Raises:
        InputError: for sizes or gates out of range, and for a circuit that does not fit into the memory.
    """

    def __init__(
        self,
        qubits: int,
        layers: int,
        rotations: int,
        entanglers: Sequence[Entangler],
        observable: ArrayLike,
        *,
        lanes: int | None = None,
        bits: int = 32,
        threads: int = 1,
        memory_limit: int | None = None,
    ) -> None:
        _refuse_sizes(qubits, layers, rotations, threads, len(entanglers))
        self.qubits, self.layers, self.rotations, self.threads = qubits, layers, rotations, threads
        self.lanes, self.bits = best_lanes() if lanes is None else checked_lanes(lanes), bits
        self.dtype: Any = np.float32 if bits == 32 else np.float64
        self.angles = layers, qubits, rotations, 3
        self.plan = plan(qubits, layers, rotations, self.lanes, bits, threads, memory_limit)
        order, signs, self._signed = entangler_tables(entanglers, qubits)
        self._entanglers = len(order)
        self._tables = self._fixed(order, signs, np.asarray(observable, np.float64))
        self._addresses = [_address(table) for table in self._tables]
        self._empty = np.empty(1, self.dtype)
        self._sizes: dict[tuple[int, ...], NDArray[np.int32]] = {}

    @cached_property
    def _kernel(self) -> Kernel:
        """The compiled code, made (or read from the cache on disk) at the first use."""
        return compiled(self.lanes, self.bits)

    def _fixed(self, order: NDArray, signs: Floats, observable: Floats) -> tuple[NDArray, ...]:
        if observable.shape != (1 << self.qubits,):
            raise InputError(
                f"an observable of shape {observable.shape}", f"Give its {1 << self.qubits} diagonal values."
            )
        read = behind_rotations(observable, order[(self.layers - 1) % len(order)])
        signs = signs if self._signed else np.ones((1, 1 << self.qubits))
        floats = (with_idle_qubits(table, self.qubits).astype(self.dtype) for table in (signs, read))
        return with_idle_qubits(order, self.qubits), *floats

    def tiles(self, events: int) -> int:
        """How many tiles so many events make."""
        return -(-events // self.lanes)

    def vector_shape(self, events: int) -> tuple[int, ...]:
        """The shape of ``vector`` in ``generators``."""
        return self.tiles(events), self.layers, self.qubits, 3, self.lanes

    def sizes(self, events: int, mode: int, first: int = 0, last: int | None = None) -> NDArray[np.int32]:
        """The integers that the compiled code reads (see ``modes``)."""
        key = events, first, self.tiles(events) if last is None else last, mode
        if key not in self._sizes:
            keep = self.plan.keep_states, self.plan.keep_phases
            sizes = (self.qubits, self.layers, self.rotations, *key, *keep, self._entanglers, self._signed)
            self._sizes[key] = np.array(sizes, np.int32)
        return self._sizes[key]

    @property
    def tables(self) -> tuple[NDArray, ...]:
        """Permutations, signs and observable as the compiled code reads them."""
        return self._tables

    def values(self, weight: ArrayLike, bias: ArrayLike, x: ArrayLike) -> Floats:
        """Expectations, shape (B,); keeps no layers, so that many events and qubits fit."""
        arrays = self.checked(weight, bias, x)
        return self.run(VALUE, *arrays)[0]

    def step(
        self, weight: ArrayLike, bias: ArrayLike, x: ArrayLike, cotangent: ArrayLike, *, with_x: bool = False
    ) -> Step:
        """Expectations and, for the cotangent (B,), the derivatives by weight, bias and, ``with_x``, x."""
        arrays = self.checked(weight, bias, x)
        cotangent = self._cotangent(cotangent, len(arrays[2]))
        mode = VALUE | VECTOR | CHAIN | (INPUTS if with_x else 0)
        values, _, *derivatives = self.run(mode, *arrays, cotangent)
        return Step(values, derivatives[0], derivatives[1], derivatives[2] if with_x else None)

    def generators(self, weight: ArrayLike, bias: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats]:
        """Expectations, and their derivatives X, Y, Z by the generators of each layer's rotations.

        The derivatives are those of a further rotation exp(-i a P / 2) of a qubit behind a layer's own, in
        tiles as in ``vector_shape``: (tiles, L, n, 3, lanes), event b in tile b // lanes and lane b % lanes.
        """
        values, vector, *_ = self.run(VALUE | VECTOR, *self.checked(weight, bias, x))
        return values, vector

    def pullback(
        self,
        weight: ArrayLike,
        bias: ArrayLike,
        x: ArrayLike,
        vector: Floats,
        cotangent: ArrayLike,
        *,
        with_x: bool = False,
    ) -> tuple[Floats, Floats, Floats | None]:
        """The derivatives by weight, bias and, ``with_x``, x from those by the generators."""
        arrays = self.checked(weight, bias, x)
        vector = np.ascontiguousarray(vector, self.dtype)
        if vector.shape != (wanted := self.vector_shape(len(arrays[2]))):
            raise InputError(f"derivatives of shape {vector.shape}", f"These events need {wanted}.")
        mode = CHAIN | (INPUTS if with_x else 0)
        *_, weight, bias, x = self.run(mode, *arrays, self._cotangent(cotangent, len(arrays[2])), vector)
        return weight, bias, x if with_x else None

    def checked(self, weight: ArrayLike, bias: ArrayLike, x: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """The three arrays in this kernel's type.

        Raises:
            InputError: for a shape that does not fit the circuit.
        """
        weight, bias = np.ascontiguousarray(weight, self.dtype), np.ascontiguousarray(bias, self.dtype)
        x = np.ascontiguousarray(x, self.dtype)
        for name, array in (("weight", weight), ("bias", bias)):
            if array.shape != self.angles:
                raise InputError(f"a {name} of shape {array.shape}", f"This circuit needs {self.angles}.")
        if x.ndim != 4 or x.shape[1:] != self.angles[1:]:
            raise InputError(
                f"features of shape {x.shape}", f"This circuit needs (events, *{self.angles[1:]})."
            )
        return weight, bias, x

    def _cotangent(self, cotangent: ArrayLike, events: int) -> Floats:
        found = np.ascontiguousarray(cotangent, self.dtype)
        if found.shape != (events,):
            raise InputError(
                f"a cotangent of shape {found.shape}", f"Give one number for each of {events} events."
            )
        return found

    def result_shapes(self, events: int, mode: int) -> list[tuple[int, ...]]:
        """The shapes of values, vector and derivatives by weight, bias and x; (0,) where there are none."""
        vector = self.vector_shape(events) if mode & VECTOR and not mode & CHAIN else (0,)
        angles = self.angles if mode & CHAIN else (0,)
        x = (events, *self.angles[1:]) if mode & INPUTS else (0,)
        return [(events,) if mode & (VALUE | VECTOR) else (0,), vector, angles, angles, x]

    def run(
        self, mode: int, weight: Floats, bias: Floats, x: Floats, cotangent: Any = None, vector: Any = None
    ) -> list[Floats]:
        """Values, vector and derivatives by weight, bias and x, as ``mode`` says (see ``modes``)."""
        empty = self._empty
        given = [
            weight,
            bias,
            x,
            empty if cotangent is None else cotangent,
            empty if vector is None else vector,
        ]
        shapes = self.result_shapes(len(x), mode)
        results: list[Any] = [empty[:0] if shape == (0,) else np.empty(shape, self.dtype) for shape in shapes]
        threads = min(self.threads, self.tiles(len(x)))
        if threads <= 1:
            self._call(self.sizes(len(x), mode), given, results)
            return results
        bounds = [self.tiles(len(x)) * i // threads for i in range(threads + 1)]
        # Values and features belong to one tile each; the parameters' derivatives are summed over threads.
        own = [[*results[:2], *(np.empty_like(r) for r in results[2:4]), results[4]] for _ in range(threads)]
        tasks = [(self.sizes(len(x), mode, *bounds[i : i + 2]), given, own[i]) for i in range(threads)]
        others = [_pool(threads - 1).submit(self._call, *task) for task in tasks[1:]]
        # This thread takes its share as well: one less has to be woken.
        self._call(*tasks[0])
        for other in others:
            other.result()
        results[2], results[3] = (sum(part[i] for part in own) for i in (2, 3))
        return results

    def _call(self, sizes: NDArray, given: list[Any], results: list[Floats]) -> None:
        numbers = [_address(array) for array in (*given, *results)]
        table = (ctypes.c_int64 * 14)(_address(sizes), *self._addresses, *numbers)
        if self._kernel.call(ctypes.addressof(table)):
            raise InputError(
                f"{self.plan.bytes / 1e6:.0f} MB of scratch memory", "There is not so much; use fewer qubits."
            )


def _address(array: Any) -> int:
    try:
        # Three times as quick as asking NumPy; refused where the array may not be written or is empty.
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except (TypeError, ValueError, BufferError):
        return array.__array_interface__["data"][0]


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="quantum")


def _refuse_sizes(qubits: int, layers: int, rotations: int, threads: int, entanglers: int) -> None:
    sizes = {"layers": layers, "rotations": rotations, "threads": threads, "entanglers": entanglers}
    for name, value in sizes.items():
        if value < 1:
            raise InputError(f"{value} {name}", "Give 1 or more.")
    if entanglers > layers:
        raise InputError(f"{entanglers} entanglers for {layers} layers", "Give at most one for each layer.")
