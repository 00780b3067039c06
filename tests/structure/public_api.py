"""The public names of the package with their signatures, read from the source without importing it.

Run ``python tests/structure/public_api.py`` to renew the snapshot after an intended change.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
SNAPSHOT = Path(__file__).with_name("public_api.txt")


def public_api(source: Path = SOURCE) -> str:
    """One line for each public function, class, method, field and constant, sorted by module."""
    return "".join(f"{line}\n" for file in _modules(source) for line in _module(file, source))


def _modules(source: Path) -> list[Path]:
    files = [file.relative_to(source) for file in source.rglob("*.py")]
    return [source / file for file in sorted(files) if not any(_private(part) for part in file.parts)]


def _private(part: str) -> bool:
    return part.startswith("_") and part != "__init__.py"


def _module(file: Path, source: Path) -> Iterator[str]:
    parts = [part for part in file.relative_to(source).with_suffix("").parts if part != "__init__"]
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        yield from _statement(node, ".".join(parts))


def _statement(node: ast.stmt, prefix: str) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and not _hidden(node.name):
        returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        yield f"{prefix}.{node.name}({ast.unparse(node.args)}){returns}"
    elif isinstance(node, ast.ClassDef) and not _hidden(node.name):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        yield f"{prefix}.{node.name}({bases})".replace("()", "")
        for inner in node.body:
            yield from _statement(inner, f"{prefix}.{node.name}")
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        yield from (f"{prefix}.{name}" for name in names if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith("_") and name not in {"__call__", "__init__"}


if __name__ == "__main__":
    SNAPSHOT.write_text(public_api(), encoding="utf-8")
