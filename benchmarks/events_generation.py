"""Generation against bare Pythia, with the early veto against without it, and two processes against one."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.timing import alternate, ratios_agree, speed_ratio
from harness.cases import Case, NotRun, Raw
from strangeness.core.errors import MissingDependency

EVENTS, REPEATS = 2000, 3
BATCH = 500
MANY, SHARD = 24_000, 1000
STEADY = ratios_agree(1.5)


def _sample(early: bool) -> Any:
    from strangeness.events.generation.request import Request, requested

    sample = requested(Request("dijet", 10**6))
    kept = sample.early if early else None
    return replace(sample, shard_events=EVENTS, batch_events=BATCH, early=kept)


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _bare(seed: int) -> None:
    """The same events with Pythia alone, its start included."""
    from strangeness.events.generation.processes import DIJET
    from strangeness.events.generation.pythia import generator

    pythia = generator(DIJET, seed)
    for _ in range(EVENTS // BATCH):
        pythia.nextBatch(BATCH)


def against_pythia(index: int, seed: int) -> Raw:
    """CPU time of selected rows of plain dijets, and of the bare generator."""
    from strangeness.events.generation.shards import generate

    sample, first = _sample(early=False), 1 + seed % 800_000_000
    try:
        generate(replace(sample, shard_events=BATCH), sample.parts[0], 0, first)
    except MissingDependency as error:
        raise NotRun(str(error)) from error
    return alternate(
        lambda: _cpu(lambda: generate(sample, sample.parts[0], 0, first)),
        lambda: _cpu(lambda: _bare(first)),
        REPEATS,
    )


def with_veto(index: int, seed: int) -> Raw:
    """CPU time of a selected event with the early veto and without it."""
    from strangeness.events.generation.shards import generate

    first = 1 + seed % 800_000_000

    def one(early: bool) -> float:
        sample = _sample(early)
        start = time.process_time()
        _, counts = generate(sample, sample.parts[0], 0, first)
        return (time.process_time() - start) / counts["selected"]

    try:
        one(True)
    except MissingDependency as error:
        raise NotRun(str(error)) from error
    return alternate(lambda: one(True), lambda: one(False), REPEATS)


def two_processes(index: int, seed: int) -> Raw:
    """Time on the clock of one file with two processes and with one, their start included."""
    from strangeness.events.generation.make import make_sample
    from strangeness.events.generation.request import Request, requested

    sample = requested(Request("wprime", 10**6))
    part = replace(sample.parts[0], number=int(0.6 * MANY))
    sample = replace(sample, shard_events=SHARD, parts=(part,))

    # the harness keeps timings on one core; here both are what is measured
    os.sched_setaffinity(0, range(os.cpu_count() or 1))

    def one(workers: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            out = Path(folder) / "out.parquet"
            make_sample(
                sample, out, Path(folder) / "work", seed=1 + seed % 10**6, workers=workers, quiet=True
            )
            return time.perf_counter() - start

    try:
        return alternate(lambda: one(2), lambda: one(1), 1)
    except MissingDependency as error:
        raise NotRun(str(error)) from error


BARE, VETO, TWO = "generation against bare Pythia", "early veto against none", "two processes against one"
CASES = [
    Case("generation", (BARE,), against_pythia, 3, lambda raws: {BARE: speed_ratio(raws)}, agree=STEADY),
    Case("early-veto", (VETO,), with_veto, 2, lambda raws: {VETO: speed_ratio(raws)}, agree=STEADY),
    Case("processes", (TWO,), two_processes, 1, lambda raws: {TWO: speed_ratio(raws)}, agree=STEADY),
]
