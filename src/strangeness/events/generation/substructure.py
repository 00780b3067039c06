"""Per-jet features: what two jets or one leave in a table."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from strangeness.events.generation.clustering import Jets, flat_constituents, subjettiness
from strangeness.events.generation.matching import wrapped
from strangeness.jets.nsubjettiness import nsubjettiness

Columns = dict[str, NDArray[Any]]
AXES, BETAS = 9, {"b05": 0.5, "b1": 1.0, "b2": 2.0}


def relative(jets: Jets) -> tuple[Any, Any, Any]:
    """pt, d_eta and d_phi of the constituents, awkward (jet, object), of flat ``jets`` (one axis)."""
    d_eta = jets.constituents.eta - jets.eta
    return jets.constituents.pt, d_eta, wrapped(jets.constituents.phi - jets.phi)


def girth(pt: Any, d_eta: Any, d_phi: Any) -> NDArray[np.float64]:
    """sum_i pt_i dR(i, axis) / sum_i pt_i of each jet (arXiv:1106.3076)."""
    return ak.to_numpy(ak.sum(pt * np.hypot(d_eta, d_phi), axis=1) / ak.sum(pt, axis=1))


def ptd(pt: Any) -> NDArray[np.float64]:
    """sqrt(sum_i pt_i^2) / sum_i pt_i of each jet: 1 for a single constituent."""
    return ak.to_numpy(np.sqrt(ak.sum(pt**2, axis=1)) / ak.sum(pt, axis=1))


def flat(jets: Jets, mask: Any) -> Jets:
    """The jets of all events that pass ``mask`` (event, jet), on one axis."""
    return Jets(*(ak.flatten(field[mask], axis=1) for field in jets))


def jet_columns(jets: Jets, radius: float) -> Columns:
    """One row a jet of flat ``jets``: kinematics, substructure, and the constituents.

    The constituents are flat float16 arrays ``constituents_{pt,d_eta,d_phi}`` with ``constituents_count``
    (int64) entries a jet. The mass and all features come from the unrounded constituents.
    """
    pt, d_eta, d_phi = relative(jets)
    tau = subjettiness(jets.constituents, radius)
    columns: Columns = {name: ak.to_numpy(getattr(jets, name)) for name in ("pt", "eta", "phi", "mass")}
    columns["multiplicity"] = ak.to_numpy(ak.num(pt)).astype(np.float64)
    columns |= {f"tau{n + 1}": tau[:, n] for n in range(3)}
    columns |= {"girth": girth(pt, d_eta, d_phi), "ptd": ptd(pt)}
    return columns | constituent_columns(jets, "constituents")


def constituent_columns(jets: Jets, prefix: str) -> Columns:
    """The constituents of flat ``jets``: float16 ``prefix_{pt,d_eta,d_phi}`` and int64 ``prefix_count``."""
    pt, d_eta, d_phi = relative(jets)
    columns: Columns = {f"{prefix}_count": ak.to_numpy(ak.num(pt)).astype(np.int64)}
    for name, values in (("pt", pt), ("d_eta", d_eta), ("d_phi", d_phi)):
        columns[f"{prefix}_{name}"] = ak.to_numpy(ak.flatten(values)).astype(np.float16)
    return columns


def dijet_columns(leading: tuple[Jets, Jets], radius: float) -> Columns:
    """One row an event of its two leading jets: mjj, and pt, eta, mass, tau21 and tau32 of each."""
    columns: Columns = {"mjj": invariant_mass(*leading)}
    for number, jets in enumerate(leading, start=1):
        tau = subjettiness(jets.constituents, radius)
        columns[f"mj{number}"] = ak.to_numpy(jets.mass)
        columns[f"pt{number}"] = ak.to_numpy(jets.pt)
        columns[f"eta{number}"] = ak.to_numpy(jets.eta)
        columns[f"tau21_{number}"] = ratio(tau[:, 1], tau[:, 0])
        columns[f"tau32_{number}"] = ratio(tau[:, 2], tau[:, 1])
    return columns


def subjettiness_columns(leading: tuple[Jets, Jets], radius: float) -> Columns:
    """One row an event: mjj, mass, pt, eta, phi and multiplicity of each jet, and 54 N-subjettinesses.

    ``tau{N}_{b05,b1,b2}_{1,2}``: N = 1 to 9 and beta = 0.5, 1, 2 (the set of arXiv:2309.13111) with
    winner-take-all kT axes.
    """
    columns: Columns = {"mjj": invariant_mass(*leading)}
    for number, jets in enumerate(leading, start=1):
        parts = jets.constituents
        counts = ak.to_numpy(ak.num(parts))
        tau = nsubjettiness(flat_constituents(parts), AXES, tuple(BETAS.values()), radius=radius)
        for name in ("mass", "pt", "eta", "phi"):
            columns[f"{'mj' if name == 'mass' else name}{number}"] = ak.to_numpy(getattr(jets, name))
        columns[f"multiplicity{number}"] = counts.astype(np.float64)
        columns |= {
            f"tau{n + 1}_{beta}_{number}": tau[:, n, b] for n in range(AXES) for b, beta in enumerate(BETAS)
        }
    return columns


def invariant_mass(one: Jets, two: Jets) -> NDArray[np.float64]:
    """The mass of two jets together in GeV; flat jets, row by row."""
    px, py, pz, e = (one_part + two_part for one_part, two_part in zip(_four(one), _four(two), strict=True))
    return np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0.0))


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """above / below, and 0 where below is 0 (fewer constituents than axes)."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def _four(jets: Jets) -> tuple[Any, ...]:
    pt, eta, phi, mass = (ak.to_numpy(part) for part in (jets.pt, jets.eta, jets.phi, jets.mass))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + mass**2)


def taken(columns: Columns, index: NDArray[np.integer]) -> Columns:
    """Rows ``index`` of columns; what belongs to a column ``X_count`` has that many entries a row."""
    out: Columns = {}
    for name, values in columns.items():
        group = owner(name, columns)
        if group is None or name == group:
            out[name] = values[index]
            continue
        counts = columns[group]
        start, new = np.cumsum(counts) - counts, counts[index]
        out[name] = values[np.repeat(start[index] - (np.cumsum(new) - new), new) + np.arange(new.sum())]
    return out


def owner(name: str, columns: Columns) -> str | None:
    """The column of counts that ``name`` hangs on: ``jet1_count`` for ``jet1_pt``; None for a number."""
    group = f"{name.split('_')[0]}_count"
    return group if group in columns else None
