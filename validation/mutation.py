"""Mutants of the sources, and the tests that run their lines (cosmic-ray's operators, coverage's contexts).

Cosmic-ray is no dependency of the tests; ``pip install cosmic-ray`` beside them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.cases import NotRun
from strangeness.core.files import write_text

ROOT = Path(__file__).parents[1]
ROOMS = ("search", "calibration")
TESTS = tuple(f"tests/{room}" for room in ROOMS)
LEFT_OUT = re.compile("Bit|Shift|FloorDiv|Mod|_Pow$|RemoveDecorator|NoOp|Variable")
"""Unions in annotations are never run, a cache without its decorator gives the same numbers; bits, shifts,
remainders and powers in place of sums and products fail at once and would only flatter the share."""
PATIENCE = 300.0
"""Seconds after which a mutant counts as caught: one that never ends does not pass a test."""


@dataclass(frozen=True)
class Mutant:
    """One change of one place: file below src/strangeness, operator, its occurrence in the file, line."""

    file: str
    operator: str
    occurrence: int
    line: int


@lru_cache(maxsize=1)
def mutants() -> list[Mutant]:
    """All mutants of the rooms, in an order that follows from the sources alone.

    Raises:
        NotRun: without cosmic-ray.
    """
    try:
        from cosmic_ray.ast import ast_nodes, get_ast_from_path  # pyright: ignore[reportMissingImports]
        from cosmic_ray.plugins import get_operator, operator_names  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise NotRun("cosmic-ray is not installed: pip install cosmic-ray") from error
    found = []
    names = [name for name in sorted(operator_names()) if not LEFT_OUT.search(name)]
    for path in _sources():
        tree = get_ast_from_path(path)
        for name in names:
            operator = get_operator(name)
            if operator.arguments():
                continue
            places = (place for node in ast_nodes(tree) for place in operator().mutation_positions(node))
            file = path.relative_to(ROOT / "src" / "strangeness").as_posix()
            found += [Mutant(file, name, i, start[0]) for i, (start, _) in enumerate(places)]
    return found


def fate(mutant: Mutant, covering: Mapping[str, Sequence[str]]) -> str:
    """``caught``, ``endless``, ``unseen`` (no test runs its line) or ``survived``."""
    from cosmic_ray.mutating import mutate_code  # pyright: ignore[reportMissingImports]
    from cosmic_ray.plugins import get_operator  # pyright: ignore[reportMissingImports]

    tests = covering.get(f"{mutant.file}:{mutant.line}", ())
    if not tests:
        return "unseen"
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "src" / "strangeness"
        shutil.copytree(ROOT / "src" / "strangeness", copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / mutant.file
        changed = mutate_code(
            path.read_text(encoding="utf-8"), get_operator(mutant.operator)(), mutant.occurrence
        )
        path.write_text(str(changed), encoding="utf-8")
        try:
            done = _pytest([*_own_first(tests, mutant.file), "-x"], copy.parent, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return "endless"
    return "survived" if done.returncode == 0 else "caught"


def covering_tests() -> Mapping[str, Sequence[str]]:
    """``file:line`` -> identifiers of the tests that run it; measured once for each state of the sources."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _all_files())).hexdigest()[:16]
    kept = Path(tempfile.gettempdir()) / f"strangeness-covering-{os.getuid()}-{digest}.json"
    if not kept.exists():
        write_text(kept, json.dumps(_measured()))
    return json.loads(kept.read_text(encoding="utf-8"))


def _measured() -> dict[str, list[str]]:
    from coverage import CoverageData

    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "coverage"
        rooms = [f"--cov=strangeness.{room}" for room in ROOMS]
        options = [*rooms, "--cov-context=test", "--cov-report=", "--cov-fail-under=0"]
        done = _pytest([*TESTS, *options], ROOT / "src", COVERAGE_FILE=str(data))
        if done.returncode:
            raise RuntimeError(f"the tests fail without a mutant:\n{done.stdout[-2000:]}")
        seen = CoverageData(str(data))
        seen.read()
        return dict(_by_line(seen))


def _by_line(seen: Any) -> Iterator[tuple[str, list[str]]]:
    for file in seen.measured_files():
        name = Path(file).relative_to(ROOT / "src" / "strangeness").as_posix()
        for line, contexts in seen.contexts_by_lineno(file).items():
            tests = sorted({context.split("|")[0] for context in contexts if context})
            # what runs at import, such as a limit, has no test of its own: the file's tests must see it
            yield f"{name}:{line}", tests or _own_files(name)


def _own_files(file: str) -> list[str]:
    name = f"test_{Path(file).stem}.py"
    return [found.relative_to(ROOT).as_posix() for room in TESTS for found in (ROOT / room).rglob(name)]


def _own_first(tests: Sequence[str], file: str) -> list[str]:
    own = f"test_{Path(file).stem}"
    return sorted(tests, key=lambda test: own not in test)


def _pytest(
    arguments: Sequence[str], source: Path, *, timeout: float | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(source), **variables}
    return subprocess.run(
        command, cwd=ROOT, env=environment, timeout=timeout, capture_output=True, text=True, check=False
    )


def _sources() -> list[Path]:
    rooms = (ROOT / "src" / "strangeness" / room for room in ROOMS)
    return sorted(path for room in rooms for path in room.rglob("*.py") if path.name != "__init__.py")


def _all_files() -> list[Path]:
    return [*_sources(), *sorted(path for room in TESTS for path in (ROOT / room).rglob("*.py"))]
