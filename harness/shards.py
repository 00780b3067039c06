"""Shards: seeded one by one, kept as files as soon as they are done, so that a stopped run continues."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.cases import Case, Raw
from strangeness.core.files import write_text


@dataclass(frozen=True)
class Shard:
    """One shard's raw values, with what is needed to make it again."""

    index: int
    seed: int
    seconds: float
    commit: str
    raw: Raw


def shard_seed(root: int, case: str, index: int) -> int:
    """A seed in [0, 2^31) that differs between the shards of a case and depends on nothing else."""
    digest = hashlib.sha256(f"{root}/{case}".encode()).digest()
    return (int.from_bytes(digest[:4], "little") + index) % 2**31


def make_shard(package: str, capability: str, case_name: str, index: int, seed: int, commit: str) -> Shard:
    """Run one shard of a case that is found by name (so that a worker process can do it)."""
    case = next(case for case in load_cases(package, capability) if case.name == case_name)
    start = time.perf_counter()
    raw = case.shard(index, seed)
    return Shard(index, seed, round(time.perf_counter() - start, 3), commit, _as_json(raw))


def load_cases(package: str, capability: str) -> list[Case]:
    """The cases of a capability's module, or none without it; the targets know the capability's name."""
    if importlib.util.find_spec(f"{package}.{capability}") is None:
        return []
    return list(importlib.import_module(f"{package}.{capability}").CASES)


def all_shards(
    package: str,
    capability: str,
    case: Case,
    *,
    root: int,
    commit: str,
    cache: Path,
    workers: int = 1,
    done: Callable[[], None] = lambda: None,
) -> list[Shard]:
    """All shards of a case, read from ``cache`` where they are there, made and kept there where not."""
    folder = cache / capability / case.name / f"seed-{root}"
    files = [folder / f"{index}.json" for index in range(case.shards)]
    missing = [index for index, file in enumerate(files) if not file.exists()]
    for _ in range(case.shards - len(missing)):
        done()
    arguments = [
        (package, capability, case.name, index, shard_seed(root, case.name, index), commit)
        for index in missing
    ]
    for shard in _made(arguments, workers):
        write_text(files[shard.index], json.dumps(asdict(shard), allow_nan=False))
        done()
    return [Shard(**json.loads(file.read_text(encoding="utf-8"))) for file in files]


def _made(arguments: list[tuple[Any, ...]], workers: int) -> Iterator[Shard]:
    if workers <= 1 or len(arguments) <= 1:
        yield from (make_shard(*each) for each in arguments)
        return
    # Fresh interpreters: a forked JAX can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(make_shard, *each) for each in arguments]
        try:
            yield from _as_they_end(futures)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _as_they_end(futures: Iterable[Any]) -> Iterator[Shard]:
    for future in as_completed(futures):
        yield future.result()


def _as_json(raw: Raw) -> Raw:
    """The raw values as JSON reads them back: committed and repeated shards compare like with like."""
    return json.loads(json.dumps(raw, allow_nan=False))
