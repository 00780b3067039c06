"""Trees in ROOT files: which layout they have, and plain trees of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from strangeness.core.errors import FileError
from strangeness.events.columns import Part, Request
from strangeness.events.detect import among
from strangeness.events.rootfile import opened


def layout_of(request: Request) -> str:
    """'nanoaod', 'jetclass' or 'root', told by the branches.

    Raises:
        FileError: for a Delphes file, which is not read.
    """
    stat = request.path.stat()
    return _layout(request.path, request.tree, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _layout(path: Path, name: str | None, changed: int, size: int) -> str:
    """The layout of the file of that time and size: a search opens a file often, which takes a second."""
    with opened(Request(path, tree=name)) as tree:
        if among(tree.names, ("FatJet_pt", "FatJet_eta", "FatJet_phi", "FatJet_mass")):
            return "nanoaod"
        if among(tree.names, ("part_px", "part_py", "part_pz", "jet_pt")):
            return "jetclass"
        if tree.name == "Delphes":
            raise FileError(
                f"'{path}' is a Delphes file, which is not read",
                "Write its jets to a tree of numbers.",
            )
    return "root"


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The entries of a tree in chunks: each branch with one number an entry is a feature by its name."""
    if request.columns is not None and request.constituents:
        raise request.no_constituents()
    with opened(request) as tree:
        scalars = tree.scalars()
        features, label = request.features(scalars), request.truth(scalars)
        if not features:
            raise FileError(
                f"the tree '{tree.name}' of '{request.path}' has no branch with one number an entry",
                "Write one feature a branch.",
            )
        special = [name for name in ("id", "weight") if name in scalars]
        for _, rows, flat, _ in tree.steps([*features, *special, *([label] if label else [])], request.chunk):
            yield Part(
                rows=rows,
                features={name: flat[name] for name in features},
                id=flat.get("id"),
                weight=flat.get("weight"),
                label=flat[label] if label else None,
                metadata={"tree": tree.name},
            )


def sliced(part: Part, most: int) -> Iterator[Part]:
    """A part in pieces of at most ``most`` rows."""
    if part.rows <= most:
        yield part
        return
    for start in range(0, part.rows, most):
        rows = np.arange(start, min(start + most, part.rows))
        yield replace(
            part,
            rows=len(rows),
            features={name: values[rows] for name, values in part.features.items()},
            constituents=None if part.constituents is None else part.constituents.take(rows),
            entry=None if part.entry is None else part.entry[rows],
            label=None if part.label is None else part.label[rows],
        )
