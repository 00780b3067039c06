"""The HDF5 files of the LHC Olympics 2020 (arXiv:2101.08320, Zenodo 4536377): particles or features.

pandas wrote them, in its fixed or its table format; both are read here without pandas and without unpickling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Part, Request, readable
from strangeness.events.events import Constituents
from strangeness.events.frames import Frame, open_frame

PARTICLES = 700
_STEP = 1024  # rows of 2,100 numbers held at once, 17 MB
_MOMENTA = [f"{name}j{jet}" for jet in (1, 2) for name in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")]


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events of an LHC Olympics file in chunks.

    Particles (700 x (pt, eta, phi), zero padded, the label in column 2,100 where there is one) become
    constituents in the detector's frame, without features. Features keep their names and gain mjj, mj1, mj2,
    pt1, pt2 (GeV), eta1, eta2, tau21_1, tau32_1, tau21_2, tau32_2 (0 where the denominator is 0).
    """
    with readable(request.path, "HDF5"), h5py.File(request.path, "r") as file:
        frame = open_frame(file, request.path)
        raw = [str(index) for index in range(3 * PARTICLES)]
        if set(frame.names) in (set(raw), {*raw, str(3 * PARTICLES)}) and kind == "lhco":
            yield from _particles(frame, request)
        elif set(_MOMENTA) <= set(frame.names):
            yield from _features(frame, request)
        else:
            raise FileError(
                f"'{request.path}' is no LHC Olympics file: it has {len(frame.names)} columns "
                f"({', '.join(frame.names[:3])}, ...)",
                "Give 2,100 or 2,101 numbers an event or the features file, or write Parquet.",
            )


def _particles(frame: Frame, request: Request) -> Iterator[Part]:
    last = str(3 * PARTICLES)
    label = last if request.label in ("label", last) and last in frame.names else None
    if request.label not in (None, "label", last):
        request.truth(frame.names)
    if request.columns is not None:
        request.features([])
    for start, stop in _steps(0, frame.rows, request.chunk):
        blocks = [frame.read(a, b) for a, b in _steps(start, stop, _STEP)]
        lists = [_jagged(frame.ordered(block, 3 * PARTICLES), request) for block in blocks]
        labels = [block[:, frame.position(label)] for block in blocks] if label else None
        yield Part(
            rows=stop - start,
            features={},
            constituents=_joined(lists),
            label=None if labels is None else np.concatenate(labels),
        )


def _jagged(matrix: NDArray[np.float64], request: Request) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Counts (rows,) and the particles with pt > 0, (particles, 3)."""
    if not np.all(np.isfinite(matrix)):
        raise FileError(f"'{request.path}' holds NaN or infinite particles", "Repair or remove them first.")
    cells = matrix.reshape(len(matrix), PARTICLES, 3)
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
    for start, stop in _steps(0, frame.rows, request.chunk):
        block = frame.read(start, stop)
        columns = {name: block[:, frame.position(name)] for name in frame.names}
        columns = derived(columns) | columns
        yield Part(
            rows=stop - start,
            features={name: columns[name] for name in wanted},
            label=None if label is None else columns[label],
        )


def _derived_names() -> list[str]:
    return list(derived({name: np.zeros(0) for name in _MOMENTA}))


def derived(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """Masses, transverse momenta (GeV), pseudorapidities and subjettiness ratios of both jets, each (n,).

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
        for above, below in ((2, 1), (3, 2)):
            top, bottom = columns[f"tau{above}j{jet}"], columns[f"tau{below}j{jet}"]
            ratio = np.divide(top, bottom, out=np.zeros(len(mass)), where=np.asarray(bottom) > 0)
            out[f"tau{above}{below}_{jet}"] = ratio
    out["mjj"] = np.sqrt(np.maximum(total[0] ** 2 - np.sum(total[1:] ** 2, axis=0), 0.0))
    return out


def _steps(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    for low in range(start, stop, size):
        yield low, min(low + size, stop)
