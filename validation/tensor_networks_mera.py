"""MERA autoencoders of ordered constituents against dense ones and against their tree limit, paired by seed.

All settings were fixed before a top jet was scored: bond, learning rate and the lack of a nonlinearity by
the error of held-out QCD jets, the rest by what the detectors have as defaults. Every shard is one seed: a
split of all classes into training and test halves, and the fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from harness.cases import Case, Measured, Raw
from strangeness.core.batch import Source
from strangeness.core.estimators import Detector, float_dtype
from strangeness.core.train import Training
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.detectors.mera_autoencoder import MeraAutoencoder
from strangeness.detectors.pca import PCA, PCAScorer
from strangeness.methods.comparison import Budget, Entry, Unit, fit
from strangeness.nn import Standardiser
from strangeness.representations import ConstituentChains
from strangeness.stats.metrics import auc
from validation.tensor_networks_bands import band, edge
from validation.tensor_networks_chains import CHANNELS, SITES, jets

SHARDS = 10
BONDS = (1, 2, 4, 8)
LATENT, HIDDEN = 8, 69
"""Numbers that pass the middle in the main comparison, and the width that makes the dense rival three times
as large."""
DIRECTIONS = (("qcd", "top"), ("top", "qcd"))
FORWARDS, BACKWARDS = (" -> ".join(direction) for direction in DIRECTIONS)
Array = NDArray[np.float64]


@dataclass
class Components(PCA):
    """Principal components of a given number."""

    rank: int = LATENT

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> PCAScorer:
        batch, x = self.training_events(source)
        standardiser = Standardiser.of(x, batch.weight)
        _, vectors = standardiser.principal_axes(x, batch.weight)
        return PCAScorer(standardiser, vectors[:, ::-1][:, : self.rank].astype(float_dtype()))


def mera(bond: int, disentanglers: str, wide: bool = False) -> MeraAutoencoder:
    """One number says how strong the bottleneck is: as many latent numbers, or twice as many if wide.

    Twice as many is what the two sites below the top hold: then the narrow places are the layers alone.
    """
    return MeraAutoencoder(bond, bond * (1 + wide), CHANNELS, disentanglers, Training(weight_decay=0.0))


def entries() -> dict[str, tuple[Detector, str]]:
    """Name -> detector and order of the constituents; the first three run in both directions."""
    main: dict[str, Detector] = {
        f"trained {LATENT}": mera(LATENT, "trained"),
        "dense": DenseAutoencoder(HIDDEN, LATENT),
        "components": Components(),
    }
    for kind, bond, wide in product(("trained", "identity"), BONDS, (False, True)):
        main.setdefault(f"{kind} {bond}{' wide' * wide}", mera(bond, kind, wide))
    usual = {name: (one, "falling pT") for name, one in main.items()}
    return usual | {"nearest": (mera(LATENT, "trained"), "nearest")}


def shard(index: int, seed: int) -> Raw:
    """All detectors on one split; the rivals of the main comparison both ways round."""
    return {
        " -> ".join(direction): {
            name: _one(detector, order, direction, seed)
            for name, (detector, order) in list(entries().items())[:most]
        }
        for direction, most in zip(DIRECTIONS, (None, 3), strict=True)
    }


def _one(detector: Detector, order: str, direction: tuple[str, str], seed: int) -> Raw:
    """Area, mean error of held-out jets of the class that was trained on, and parameters."""
    classes = {name: jets()[name] for name in direction}
    unit = Unit(Entry("validation", ConstituentChains(SITES, order), detector), direction[0], None, seed)
    found = fit(unit, classes, Budget(events=max(map(len, classes.values()))))
    ordinary, strange = (found.scores[name] for name in direction)
    return {
        "auc": float(auc(ordinary, strange)),
        "error": float(np.mean(ordinary)),
        "parameters": found.parameters,
    }


def _column(raws: Sequence[Raw], direction: str, name: str, what: str = "auc") -> Array:
    return np.array([raw[direction][name][what] for raw in raws])


def gains(raws: Sequence[Raw], what: str, which: str) -> Array:
    """What trained disentanglers gain over identities, by seed: area, or error as a share of the tree's."""
    trained, tree = (_column(raws, FORWARDS, f"{kind} {which}", what) for kind in ("trained", "identity"))
    return trained - tree if what == "auc" else 1.0 - trained / tree


def _strong(what: str, wide: str) -> Callable[[Sequence[Raw]], Measured]:
    def measured(raws: Sequence[Raw]) -> Measured:
        found = {bond: gains(raws, what, f"{bond}{wide}") for bond in BONDS}
        paired = 0.5 * (found[1] + found[2] - found[4] - found[8])
        said = "; ".join(f"bond {bond}: {band(gain)}" for bond, gain in found.items())
        return Measured(float(np.mean(paired)), note=f"difference {band(paired)}; {said}")

    return measured


def _found(raws: Sequence[Raw], direction: str) -> Measured:
    areas = _column(raws, direction, f"trained {LATENT}")
    rest = {name: band(_column(raws, direction, name)) for name in ("dense", "components")}
    said = "; ".join(f"{name} {area}" for name, area in rest.items())
    return Measured(float(np.mean(areas)), note=f"{band(areas)}; {said}")


def _lower_error(which: str) -> Callable[[Sequence[Raw]], Measured]:
    def measured(raws: Sequence[Raw]) -> Measured:
        gain = gains(raws, "error", which)
        kinds = (_column(raws, FORWARDS, f"{kind} {which}", "error") for kind in ("trained", "identity"))
        said = " against ".join(band(values) for values in kinds)
        return Measured(float(np.mean(gain)), note=f"{band(gain)}; error {said}")

    return measured


def _main(first: str, second: str, direction: str) -> Callable[[Sequence[Raw]], Measured]:
    return lambda raws: edge(_column(raws, direction, first), _column(raws, direction, second))


def _ratio(raws: Sequence[Raw]) -> Measured:
    ours, rival = (_column(raws, FORWARDS, name, "parameters")[0] for name in ("trained 8", "dense"))
    return Measured(float(rival / ours), note=f"{rival:,.0f} against {ours:,.0f}")


def _nearest(raws: Sequence[Raw]) -> Measured:
    first, second = (_column(raws, FORWARDS, name) for name in ("nearest", "trained 8"))
    return Measured(float(np.mean(first - second)), note=f"difference {band(first - second)}")


_ERROR = "trained over identity disentanglers, {}: background error kept less, relative"
_GAIN = "trained over identity disentanglers{}: gain in {} at bonds 1 and 2 over that at bonds 4 and 8"
_CHAIN = "MERA, constituents in a chain of nearest ones over falling pT, QCD -> top: difference of areas"
_OVER = "MERA over {}: difference of areas, lower edge"
_WIDE = {"": "", " wide": ", latent twice the bond"}
ROWS: Mapping[str, Callable[[Sequence[Raw]], Measured]] = {
    "MERA, QCD -> top: area under the curve": lambda raws: _found(raws, FORWARDS),
    "MERA, top -> QCD: area under the curve": lambda raws: _found(raws, BACKWARDS),
    _OVER.format("dense autoencoder, QCD -> top"): _main("trained 8", "dense", FORWARDS),
    _OVER.format("dense autoencoder, top -> QCD"): _main("trained 8", "dense", BACKWARDS),
    _OVER.format("principal components, QCD -> top"): _main("trained 8", "components", FORWARDS),
    "dense autoencoder over MERA: parameters": _ratio,
    _CHAIN: _nearest,
    **{
        _ERROR.format(f"bond {bond}{said}"): _lower_error(f"{bond}{wide}")
        for wide, said in _WIDE.items()
        for bond in BONDS
    },
    **{_GAIN.format(said, "error"): _strong("error", wide) for wide, said in _WIDE.items()},
    **{_GAIN.format(f"{said}, QCD -> top", "area"): _strong("auc", wide) for wide, said in _WIDE.items()},
}


def _rows(raws: Sequence[Raw]) -> dict[str, Measured]:
    return {name: row(raws) for name, row in ROWS.items()}


# Rounding in 32 bits grows in training: another machine may find areas that differ in the third digit.
CASES = [Case("mera", tuple(ROWS), shard, SHARDS, _rows, tolerance=0.02)]
