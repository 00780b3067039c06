"""JetClass (arXiv:2202.03772, Zenodo 6619768): a ROOT tree of jets, their particles and their classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Part, Request
from strangeness.events.events import Constituents
from strangeness.events.particles import around
from strangeness.events.rootfile import Lists, Tree, opened

CLASSES = ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl")
"""The published order; truth is the place in it, 0 for QCD."""
_NEEDS = {
    "pt": ("jet_pt",),
    "eta": ("jet_eta",),
    "phi": ("jet_phi",),
    "sdmass": ("jet_sdmass",),
    "mass": ("jet_pt", "jet_eta", "jet_energy"),
    "multiplicity": ("jet_nparticles",),
    "tau21": ("jet_tau1", "jet_tau2"),
    "tau32": ("jet_tau2", "jet_tau3"),
}
"""Feature -> the branches that it is made of."""
_PARTICLES = ("part_px", "part_py", "part_pz", "jet_eta", "jet_phi")
_USUAL = "class"


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The jets in chunks: pt, eta, phi, mass, sdmass (GeV, radians), multiplicity, tau21, tau32.

    Named columns may also be branches with one number a jet. Truth is the place of the class in ``CLASSES``,
    or a branch that ``label`` names. Constituents are around the jet's axis, eta never mirrored.
    """
    with opened(request) as tree:
        usual = [name for name, needed in _NEEDS.items() if set(needed) <= set(tree.names)]
        classes = [f"label_{name}" for name in CLASSES if f"label_{name}" in tree.names]
        label = request.truth([*tree.names, *([_USUAL] if classes else [])], usual=_USUAL)
        wanted = request.features(usual, [n for n in tree.names if n not in classes])
        read = [branch for name in wanted for branch in (_NEEDS[name] if name in usual else (name,))]
        read += classes if label == _USUAL else [label] if label else []
        read += _PARTICLES if request.constituents else ()
        yield from _parts(tree, request, wanted, label, read, classes)


def _parts(
    tree: Tree, request: Request, wanted: list[str], label: str | None, read: list[str], classes: list[str]
) -> Iterator[Part]:
    metadata: dict[str, Any] = {"tree": tree.name}
    if label == _USUAL:
        metadata["classes"] = {str(CLASSES.index(c.removeprefix("label_"))): c for c in classes}
    for start, rows, flat, lists in tree.steps(read, request.chunk):
        truth = (
            None
            if label is None
            else flat[label]
            if label != _USUAL
            else _class(flat, classes, request, start)
        )
        yield Part(
            rows=rows,
            features={name: _feature(name, flat, request) for name in wanted},
            constituents=_constituents(flat, lists, request) if request.constituents else None,
            label=truth,
            metadata=metadata,
        )


def _feature(name: str, flat: Mapping[str, NDArray[Any]], request: Request) -> NDArray[Any]:
    missing = [branch for branch in _NEEDS.get(name, (name,)) if branch not in flat]
    if missing:
        raise FileError(
            f"the branch '{missing[0]}' of '{request.path}' has not one number a jet", "Leave it out."
        )
    if name in flat:
        return flat[name]
    values = [flat[branch].astype(np.float64) for branch in _NEEDS[name]]
    if name == "mass":
        pt, eta, energy = values
        return np.sqrt(np.maximum(energy**2 - (pt * np.cosh(eta)) ** 2, 0.0))
    if len(values) == 2:
        return np.divide(values[1], values[0], out=np.zeros(len(values[0])), where=values[0] > 0)
    return values[0]


def _class(
    flat: Mapping[str, NDArray[Any]], classes: list[str], request: Request, start: int
) -> NDArray[np.int64]:
    """The place in ``CLASSES`` of the one class that is set, (n,)."""
    is_set = np.stack([flat[name] != 0 for name in classes], axis=1)
    wrong = is_set.sum(axis=1) != 1
    if wrong.any():
        row = int(np.argmax(wrong))
        raise FileError(
            f"jet {start + row} of '{request.path}' has {is_set[row].sum()} classes",
            "Pass label=None, or the branch that holds truth.",
        )
    places = np.array([CLASSES.index(name.removeprefix("label_")) for name in classes])
    return places[np.argmax(is_set, axis=1)]


def _constituents(
    flat: Mapping[str, NDArray[Any]], lists: Mapping[str, Lists], request: Request
) -> Constituents:
    px, py, pz = (lists[name].values.astype(np.float64) for name in _PARTICLES[:3])
    offsets = lists["part_px"].offsets
    if not len(px) == len(py) == len(pz):
        raise FileError(f"the momenta of '{request.path}' differ in length", "Write the file again.")
    pt = np.hypot(px, py)
    jets = {"eta": flat["jet_eta"].astype(np.float64), "phi": flat["jet_phi"].astype(np.float64)}
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(pz / pt)
    return around(jets, offsets, pt, eta, np.arctan2(py, px))
