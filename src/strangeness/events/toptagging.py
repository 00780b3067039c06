"""The Top Quark Tagging Reference (Zenodo 2603256, arXiv:1902.09914): HDF5 of 200 four-momenta a jet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Part, Request
from strangeness.events.frames import Frame
from strangeness.events.lhco import opened
from strangeness.events.particles import JET, around, no_particles, offsets_of, summed

_FOUR = ("E", "PX", "PY", "PZ")
_STEP = 2048  # jets of 800 numbers held at once, 13 MB


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The jets in chunks: pt, eta, phi, mass (GeV), multiplicity, ttv; constituents around the jet's axis.

    ``is_signal_new`` is truth. ``ttv`` is 0, 1, 2 for the training, test and validation part. Other columns,
    such as truthE, are read when they are named.
    """
    with opened(request.path) as frame:
        momenta = _momenta(frame, request)
        others = [name for name in frame.names if name not in set(momenta)]
        label = request.truth(others, usual="is_signal_new")
        more = [name for name in others if name not in {"is_signal_new", label}]
        wanted = request.features((*JET, *(("ttv",) if "ttv" in more else ())), more)
        made = request.constituents or bool(set(wanted) & set(JET))
        read = [*(momenta if made else ()), *(name for name in (*wanted, label) if name in others)]
        for start in range(0, frame.rows, step := min(request.chunk, _STEP)):
            columns = frame.columns(start, min(start + step, frame.rows), read)
            yield _part(columns, momenta if made else [], wanted, label, request, start)


def _momenta(frame: Frame, request: Request) -> list[str]:
    """E_0, PX_0, PY_0, PZ_0, E_1, ... as far as they go."""
    most = sum(name.startswith("E_") for name in frame.names)
    names = [f"{axis}_{index}" for index in range(most) for axis in _FOUR]
    if missing := set(names) - set(frame.names):
        raise FileError(f"'{request.path}' has no column '{min(missing)}'", "Download it again.")
    return names


def _part(
    columns: dict[str, NDArray[np.float64]],
    momenta: list[str],
    wanted: list[str],
    label: str | None,
    request: Request,
    start: int,
) -> Part:
    particles = None
    if momenta:
        cells = np.stack([columns[name] for name in momenta], axis=1).reshape(-1, len(momenta) // 4, 4)
        real = _real(cells, request, start)
        offsets = offsets_of(real.sum(axis=1))
        jets = summed(cells[real], offsets)
        columns = columns | jets
        if request.constituents:
            _, px, py, pz = cells[real].T
            pt = np.hypot(px, py)
            particles = around(jets, offsets, pt, np.arcsinh(pz / pt), np.arctan2(py, px))
    return Part(
        rows=len(next(iter(columns.values()))),
        features={name: columns[name] for name in wanted},
        constituents=particles,
        label=None if label is None else columns[label],
    )


def _real(cells: NDArray[np.float64], request: Request, start: int) -> NDArray[np.bool_]:
    """Which of the zero-padded cells (n, m, 4) are particles, (n, m)."""
    wrong = ~np.isfinite(cells).all(axis=2) | (cells[:, :, 0] < 0)
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        energy, *momentum = cells[row, place].tolist()
        raise FileError(
            f"particle {place} of '{request.path}' has E = {energy:g} and p = {momentum} "
            f"in event {start + row}",
            "Remove or repair NaN, infinite values and negative energies first.",
        )
    real = np.hypot(cells[:, :, 1], cells[:, :, 2]) > 0
    if not real.any(axis=1).all():
        raise no_particles(real.sum(axis=1), request.path, start)
    return real
