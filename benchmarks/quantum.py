"""The training step of the quantum autoencoder against its rivals; compilation, threads, memory, accuracy."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.quantum_circuit import SIZES, Size, arrays, complex128, engine
from benchmarks.rivals import call
from benchmarks.timing import ratios_agree, stay_on_one_core
from harness.cases import Case, Measured, Raw, both_at_most

ROOT = Path(__file__).resolve().parents[1]
LIBRARIES = {
    "PennyLane in JAX": ("pennylane-lightning", "quantum_pennylane_jax.py"),
    "TensorCircuit-NG": ("tensorcircuit-ng", "quantum_tensorcircuit.py"),
    "qujax": ("qujax", "quantum_qujax.py"),
}
# The same machine gives ratios within this factor from day to day.
STEADY = ratios_agree(2.5)
ONE_EVENT = {4: 8, 9: 2, 12: 2}


def _cpu_seconds(work: Callable[[], Any], budget: float = 1.0) -> float:
    """The median CPU time of a call, repeated for about ``budget`` seconds."""
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < budget:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return median(times)


def _step(size: Size, seed: int, **options: int) -> Callable[[], Any]:
    found, cotangent = arrays(size, seed), np.full(size.events, -1.0 / size.events, np.float32)
    return partial(engine(size, **options).step, found["weight"], found["bias"], found["x"], cotangent)


def _same(loss: float, other: float, who: str) -> None:
    """Refuse a rival that simulates another circuit."""
    if abs(loss - other) > 1e-4:
        raise RuntimeError(f"{who} finds the loss {other:.6f}, ours is {loss:.6f}")


def _against_swap_test(size: Size, index: int, seed: int) -> Raw:
    stay_on_one_core()
    step, found, events = _step(size, seed), arrays(size, seed), ONE_EVENT[size.qubits]
    ours = [_cpu_seconds(step)]
    few = {**found, "x": found["x"][:events]}
    reply = call("pennylane-lightning", "quantum_swap_test.py", {"trash": size.trash}, **few)
    ours.append(_cpu_seconds(step))
    _same(step().values[:events].mean(), float(np.mean(reply.values["values"])), "PennyLane lightning.qubit")
    rival = reply.values["seconds"] * size.events
    return {"ours": ours, "rival": [rival], "events": events, "version": reply.values["version"]}


def _against_libraries(size: Size, index: int, seed: int) -> Raw:
    stay_on_one_core()
    step, found, raw = _step(size, seed), arrays(size, seed), {}
    repetitions = {4: 50, 9: 10, 12: 7, 16: 3}[size.qubits]
    ours = [_cpu_seconds(step)]
    for name, (rival, script) in LIBRARIES.items():
        reply = call(rival, script, {"trash": size.trash, "repetitions": repetitions}, **found)
        ours.append(_cpu_seconds(step))
        _same(1.0 - step().values.mean(), reply.values["loss"], name)
        raw[name], raw[f"{name} version"] = reply.values["seconds"], reply.values["version"]
    fastest = min(LIBRARIES, key=lambda name: raw[name])
    return {"ours": ours, "rival": [raw[fastest]], "fastest": fastest, **raw}


def _ratio(row: str, note: Callable[[Raw], str], raws: Sequence[Raw]) -> dict[str, Measured]:
    ours, rival = (median([t for raw in raws for t in raw[side]]) for side in ("ours", "rival"))
    return {row: Measured(rival / ours, ours, rival, note(raws[0]))}


def _libraries_note(raw: Raw) -> str:
    return ", ".join(f"{name} {raw[f'{name} version']}: {1e3 * raw[name]:.3g} ms" for name in LIBRARIES)


def _events_note(raw: Raw) -> str:
    return f"PennyLane {raw['version']}, {raw['events']} events, the median times the batch"


def _threads(index: int, seed: int) -> Raw:
    """Wall and CPU times of short repetitions in turns, on all cores that there are."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        one, two = (_timed_step(SIZES[1], seed, threads) for threads in (1, 2))
        before = _host()
        turns = [(two(), one()) for _ in range(600)]
        used, stolen = (now - then for now, then in zip(_host(), before, strict=True))
    finally:
        os.sched_setaffinity(0, allowed)
    (wall, cpu), (rival_wall, rival_cpu) = (zip(*side, strict=True) for side in zip(*turns, strict=True))
    times = {"ours": wall, "rival": rival_wall, "ours cpu": cpu, "rival cpu": rival_cpu}
    return {**times, "stolen": stolen / max(1, used + stolen)}


def _host() -> tuple[int, int]:
    """Ticks in which programs ran, and in which they should have but the host ran others (Linux)."""
    try:
        ticks = Path("/proc/stat").read_text("ascii").split(maxsplit=10)
    except OSError:
        return 0, 0
    return sum(map(int, ticks[1:4])), int(ticks[8])


def _timed_step(size: Size, seed: int, threads: int) -> Callable[[], tuple[float, float]]:
    """A step that returns its wall time, and the CPU time that it would take on idle cores.

    The latter is that of the calling thread outside the compiled code, and of the longest share of it: what
    other programs take from the cores is not in it.
    """
    circuit: Any = engine(size, threads=threads)
    found = arrays(size, seed)
    cotangent, inner, shares = np.full(size.events, -1.0 / size.events, np.float32), circuit._call, {}

    def share(*given: Any) -> None:
        start = time.thread_time()
        inner(*given)
        shares[threading.get_ident()] = time.thread_time() - start

    def step() -> tuple[float, float]:
        shares.clear()
        wall, cpu = time.perf_counter(), time.thread_time()
        circuit.step(found["weight"], found["bias"], found["x"], cotangent)
        own = time.thread_time() - cpu - shares[threading.get_ident()]
        return time.perf_counter() - wall, own + max(shares.values())

    circuit._call = share
    step()
    return step


def _two_threads(raws: Sequence[Raw]) -> dict[str, Measured]:
    # Others use the machine too: the quickest call of each side says what the cores can do.
    ours, rival = (min(t for raw in raws for t in raw[side]) for side in ("ours", "rival"))
    cpu, rival_cpu = (median([t for raw in raws for t in raw[f"{side} cpu"]]) for side in ("ours", "rival"))
    stolen = median([raw["stolen"] for raw in raws])
    note = f"{os.cpu_count()} cores, {stolen:.0%} of their time taken by others on the host; "
    note += f"in CPU time of the longest thread {rival_cpu / cpu:.3g}"
    return {"two threads over tiles": Measured(rival / ours, ours, rival, note)}


# Numba's own import is part of the first use; later processes have none of it.
_COMPILE = """
import time
from strangeness.quantum.kernel.compiled import best_lanes, compiled
start = time.process_time()
compiled(best_lanes())
print(time.process_time() - start)
"""


def _compilation(index: int, seed: int) -> Raw:
    with tempfile.TemporaryDirectory(prefix="numba-") as folder:
        first, *later = (_fresh(_COMPILE, NUMBA_CACHE_DIR=folder) for _ in range(4))
    return {"first": first, "later": later}


def _fresh(code: str, **environment: str) -> float:
    command = [sys.executable, "-c", code]
    environment = os.environ | environment
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[-500:])
    return float(run.stdout)


_MEMORY = """
import resource, sys
from benchmarks.quantum import _step
from benchmarks.quantum_circuit import Size
_step(Size(3, 1, 16), 0)()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
_step(Size(int(sys.argv[1]), 1, int(sys.argv[2])), 0)()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def _memory(index: int, seed: int) -> Raw:
    def growth(qubits: int, events: int) -> float:
        code = f"import sys; sys.argv[1:] = ['{qubits}', '{events}']\n{_MEMORY}"
        return _fresh(code)

    return {
        "batch": {str(events): growth(12, events) for events in (64, 256, 1024)},
        "qubits": {str(qubits): growth(qubits, 64) for qubits in (12, 14, 16)},
    }


def _memory_rows(raws: Sequence[Raw]) -> dict[str, Measured]:
    batch, qubits = raws[0]["batch"], raws[0]["qubits"]
    by_batch = ", ".join(f"batch {events}: {size:.3g} MB" for events, size in batch.items())
    by_qubits = ", ".join(f"{n} qubits: {size:.3g} MB" for n, size in qubits.items())
    return {
        "memory: batch 1024 over batch 64": Measured(batch["1024"] / batch["64"], note=by_batch),
        "memory: 16 qubits over 12": Measured(qubits["16"] / qubits["12"], note=by_qubits),
    }


def _accuracy(size: Size, index: int, seed: int) -> Raw:
    found = arrays(size, seed)
    ours = _step(size, seed)()
    loss, weight, bias = _in_parts(size, found)
    difference = np.sqrt(np.sum((ours.weight - weight) ** 2) + np.sum((ours.bias - bias) ** 2))
    norm = np.sqrt(np.sum(weight**2) + np.sum(bias**2))
    value = 1.0 - ours.values.mean(dtype=np.float64)
    return {"loss": float(abs(value - loss)), "gradient": float(difference / norm)}


def _in_parts(size: Size, found: dict[str, Any], part: int = 16) -> tuple[float, Any, Any]:
    """``complex128`` over slices of the batch, which take less memory."""
    weight, bias, x = found["weight"], found["bias"], found["x"]
    parts = [complex128(weight, bias, x[i : i + part], size.trash) for i in range(0, len(x), part)]
    loss, by_weight, by_bias = (np.mean(list(kind), axis=0) for kind in zip(*parts, strict=True))
    return float(loss), by_weight, by_bias


def _accuracy_rows(size: Size, raws: Sequence[Raw]) -> dict[str, Measured | float]:
    return {
        f"{size.name}: {key} against complex128": max(raw[key] for raw in raws)
        for key in ("loss", "gradient")
    }


def _cases(size: Size) -> list[Case]:
    tag, fast = f"{size.qubits}", f"{size.name}: against the fastest library"
    swap = f"{size.name}: against the SWAP test"
    rows = tuple(f"{size.name}: {key} against complex128" for key in ("loss", "gradient"))
    cases = [
        Case(
            f"libraries-{tag}",
            (fast,),
            partial(_against_libraries, size),
            1,
            partial(_ratio, fast, _libraries_note),
            agree=STEADY,
        ),
        Case(
            f"accuracy-{tag}",
            rows,
            partial(_accuracy, size),
            1,
            partial(_accuracy_rows, size),
            agree=both_at_most(1e-5),
        ),
    ]
    if size.qubits in ONE_EVENT:
        summary = partial(_ratio, swap, _events_note)
        cases.append(
            Case(f"swap-{tag}", (swap,), partial(_against_swap_test, size), 1, summary, agree=STEADY)
        )
    return cases


CASES = [
    *(case for size in SIZES for case in _cases(size)),
    Case("threads", ("two threads over tiles",), _threads, 1, _two_threads, agree=STEADY),
    Case(
        "compilation",
        ("first use: seconds of compilation", "later processes: seconds from the cache"),
        _compilation,
        1,
        lambda raws: {
            "first use: seconds of compilation": raws[0]["first"],
            "later processes: seconds from the cache": median(raws[0]["later"]),
        },
        agree=lambda committed, again: [],
    ),
    Case(
        "memory",
        ("memory: batch 1024 over batch 64", "memory: 16 qubits over 12"),
        _memory,
        1,
        _memory_rows,
        tolerance=0.3,
    ),
]
