"""The HDF5 files of the LHC Olympics 2020 (arXiv:2101.08320, Zenodo 4536377): particles or features.

pandas wrote them, in its fixed or its table format; both are read here without pandas and without unpickling.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import BROKEN, Part, Request, readable
from strangeness.events.detect import among
from strangeness.events.events import Constituents
from strangeness.events.frames import Frame, open_frame

PARTICLES = 700
_RAISED = (*BROKEN, TypeError, AttributeError, IndexError, OverflowError)
_STEP = 1024  # rows of 2,100 numbers held at once, 17 MB
_RAW, _LABEL = [str(index) for index in range(3 * PARTICLES)], str(3 * PARTICLES)
_MOMENTA = [f"{name}j{jet}" for jet in (1, 2) for name in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")]


def layout_of(request: Request) -> str:
    """The layout of a pandas table: 'lhco', 'lhco-features' or 'top-tagging'.

    Raises:
        FileError: when it is none of them, or when there is no table.
    """
    with opened(request.path) as frame:
        if set(frame.names) in (set(_RAW), {*_RAW, _LABEL}):
            return "lhco"
        if among(frame.names, _MOMENTA):
            return "lhco-features"
        if among(frame.names, ("E_0", "PX_0", "PY_0", "PZ_0")):
            return "top-tagging"
        raise FileError(
            f"'{request.path}' is no LHC Olympics or top tagging file: it has {len(frame.names)} columns "
            f"({', '.join(frame.names[:3])}, ...)",
            "Give 2,100 or 2,101 numbers an event, features, or E_0, PX_0, ..., or write Parquet.",
        )


@contextmanager
def opened(path: Path) -> Generator[Frame, None, None]:
    """The pandas table of an HDF5 file; errors of its readers become one line."""
    with readable(path, "HDF5", _RAISED), h5py.File(path, "r") as file:
        yield open_frame(file, path)


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events of an LHC Olympics file in chunks.

    Particles (700 x (pt, eta, phi), zero padded, the label in column 2,100 where there is one) become
    constituents in the detector's frame, without features. Features keep their names and gain mjj, mj1, mj2,
    pt1, pt2 (GeV), eta1, eta2, phi1, phi2, tau21_1, tau32_1, tau21_2, tau32_2 (0 where the denominator is 0).
    """
    with opened(request.path) as frame:
        yield from _features(frame, request) if _MOMENTA[0] in frame.names else _particles(frame, request)


def _particles(frame: Frame, request: Request) -> Iterator[Part]:
    label = request.truth({_LABEL} & set(frame.names), usual=_LABEL)
    request.features([])
    for start, stop in _steps(0, frame.rows, request.chunk):
        lists, labels = [], []
        for low, high in _steps(start, stop, _STEP):
            block = frame.read(low, high)
            lists.append(_jagged(frame.ordered(block, 3 * PARTICLES), request, low))
            labels.append(block[:, frame.names.index(label)] if label else ())
        truth = np.concatenate(labels) if label else None
        yield Part(rows=stop - start, features={}, constituents=_joined(lists), label=truth)


def _jagged(
    matrix: NDArray[np.float64], request: Request, start: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Counts (rows,) and the particles with pt > 0, (particles, 3)."""
    cells = matrix.reshape(len(matrix), PARTICLES, 3)
    wrong = ~np.isfinite(cells).all(axis=2) | (cells[:, :, 0] < 0)
    if wrong.any():
        row, place = np.argwhere(wrong)[0]
        raise FileError(
            f"'{request.path}' holds NaN or infinite particles, or negative pt: particle {place} of event "
            f"{start + row} is {cells[row, place].tolist()}",
            "Repair or remove them first.",
        )
    real = cells[:, :, 0] > 0
    return real.sum(axis=1), cells[real].astype(np.float32)


def _joined(lists: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]) -> Constituents:
    counts = np.concatenate([count for count, _ in lists])
    pt, eta, phi = np.ascontiguousarray(np.concatenate([cells for _, cells in lists]).T)
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return Constituents(offsets, pt, eta, phi, relative=False)


def _features(frame: Frame, request: Request) -> Iterator[Part]:
    if request.columns is not None and request.constituents:
        raise request.no_constituents()
    names = [*frame.names, *(name for name in _derived_names() if name not in frame.names)]
    label = request.truth(names)
    wanted = request.features(names)
    made = not set(wanted) <= set(frame.names)
    stored = {name for name in [*wanted, *([label] if label else [])] if name in frame.names}
    for start, stop in _steps(0, frame.rows, request.chunk):
        columns = frame.columns(start, stop, stored.union(_MOMENTA if made else ()))
        columns = (derived(columns) if made else {}) | columns
        yield Part(
            rows=stop - start,
            features={name: columns[name] for name in wanted},
            label=None if label is None else columns[label],
        )


def _derived_names() -> list[str]:
    return list(derived({name: np.zeros(0) for name in _MOMENTA}))


def derived(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """Masses, transverse momenta (GeV), directions and subjettiness ratios of both jets, each (n,).

    ``columns`` holds pxj1, pyj1, pzj1, mj1 (GeV), tau1j1, tau2j1, tau3j1 and the same for j2.
    """
    total = np.zeros((4, len(columns["mj1"])))
    out: dict[str, NDArray[np.float64]] = {"mjj": total[0]}
    for jet in (1, 2):
        px, py, pz, mass = (
            np.asarray(columns[f"{name}j{jet}"], np.float64) for name in ("px", "py", "pz", "m")
        )
        pt = np.hypot(px, py)
        total += np.stack([np.sqrt(pt**2 + pz**2 + mass**2), px, py, pz])
        with np.errstate(divide="ignore", invalid="ignore"):
            out |= {f"mj{jet}": mass, f"pt{jet}": pt, f"eta{jet}": np.arcsinh(pz / pt)}
        out[f"phi{jet}"] = np.arctan2(py, px)
        for above, below in ((2, 1), (3, 2)):
            top, bottom = columns[f"tau{above}j{jet}"], columns[f"tau{below}j{jet}"]
            ratio = np.divide(top, bottom, out=np.zeros(len(mass)), where=np.asarray(bottom) > 0)
            out[f"tau{above}{below}_{jet}"] = ratio
    out["mjj"] = np.sqrt(np.maximum(total[0] ** 2 - np.sum(total[1:] ** 2, axis=0), 0.0))
    return out


def _steps(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    for low in range(start, stop, size):
        yield low, min(low + size, stop)
