"""The jets of the energyflow package in .npz: X (N, M, 3 or 4) of pt, y, phi, pid, zero padded, and y (N,).

The layout is that of the quark and gluon jets on Zenodo (record 3164691).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.arrays import StoredArray, member, unzipped
from strangeness.events.columns import Part, Request
from strangeness.events.particles import JET, around, no_particles, offsets_of, summed

_STEP = 16_777_216  # bytes of X held at once


def layout_of(request: Request) -> str:
    """'energyflow' for an archive with jets in X, else 'npz'."""
    with unzipped(request.path) as archive:
        if "X.npy" not in archive.namelist():
            return "npz"
        shape = member(archive, "X", request.path).shape
    return "energyflow" if len(shape) == 3 and shape[2] in (3, 4) else "npz"


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The jets in chunks: pt, eta, phi, mass (GeV), multiplicity, and constituents around the jet's axis.

    Particles are taken as massless, so that their rapidity is their pseudorapidity. The label 'y' is truth.
    """
    wanted = request.features(JET)
    with unzipped(request.path) as archive:
        particles, label = member(archive, "X", request.path), _label(archive, request)
        if label is not None and label.rows != particles.rows:
            raise FileError(
                f"'X' of '{request.path}' has {particles.rows} rows and 'y' has {label.rows}",
                "Store arrays of one length.",
            )
        step = max(1, min(request.chunk, _STEP // max(1, particles.width * particles.dtype.itemsize)))
        for start in range(0, particles.rows, step):
            count = min(step, particles.rows - start)
            cells = particles.read(start, count, dimensions=3).astype(np.float64)
            part = _jets(cells.reshape(count, *particles.shape[1:]), request, wanted, start)
            yield part if label is None else replace(part, label=label.read(start, count)[:, 0])
        particles.finish()


def _label(archive: zipfile.ZipFile, request: Request) -> StoredArray | None:
    stored = [name.removesuffix(".npy") for name in archive.namelist() if name != "X.npy"]
    label = request.truth(stored, usual="y")
    return None if label is None else member(archive, label, request.path)


def _jets(cells: NDArray[np.float64], request: Request, wanted: list[str], start: int) -> Part:
    real = _real(cells, request, start)
    offsets = offsets_of(real.sum(axis=1))
    pt, y, phi = cells[real][:, :3].T
    momenta = np.stack([pt * np.cosh(y), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(y)], axis=1)
    jets = summed(momenta, offsets)
    return Part(
        rows=len(cells),
        features={name: jets[name] for name in wanted},
        constituents=around(jets, offsets, pt, y, phi) if request.constituents else None,
    )


def _real(cells: NDArray[np.float64], request: Request, start: int) -> NDArray[np.bool_]:
    """Which cells are particles, (n, M)."""
    wrong = ~np.isfinite(cells[:, :, :3]).all(axis=2) | (cells[:, :, 0] < 0)
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise FileError(
            f"particle {place} of '{request.path}' is {cells[row, place, :3].tolist()} "
            f"in event {start + row}",
            "Remove or repair NaN, infinite values and negative pt first.",
        )
    real = cells[:, :, 0] > 0
    if not real.any(axis=1).all():
        raise no_particles(real.sum(axis=1), request.path, start)
    return real
