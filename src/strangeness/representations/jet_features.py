"""Features of jets from their particles: mass, shapes, soft drop, N-subjettiness and energy correlations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation
from strangeness.jets import shapes
from strangeness.jets.correlations import correlations
from strangeness.jets.grooming import soft_drop
from strangeness.jets.nsubjettiness import AXES, nsubjettiness
from strangeness.jets.ragged import Floats, Jets
from strangeness.representations.jet_feature_names import (
    CORRELATED,
    DROPPED,
    SAFE,
    SAFETY,
    SHAPES,
    refuse_features,
)
from strangeness.representations.particles import CONSTITUENTS, constituents_of
from strangeness.representations.ragged_jets import jets_in_blocks, tried_on

_ROUNDING = 1e-12
"""Axes nearer than this to their particles are on top of them: directions are rounded."""
_RANGES = {
    "radius": (1e-3, np.pi),
    "tau_beta": (0.5, 4.0),
    "correlation_beta": (0.5, 4.0),
    "z_cut": (0.0, 0.49),
    "drop_beta": (0.0, 4.0),
}
"""The smallest and the largest value of each number among the options."""


class JetFeatureMap(Map):
    """Jet features of fixed options."""

    features: tuple[str, ...] = eqx.field(static=True)
    radius: float = eqx.field(static=True)
    axes: str = eqx.field(static=True)
    tau_beta: float = eqx.field(static=True)
    correlation_beta: float = eqx.field(static=True)
    z_cut: float = eqx.field(static=True)
    drop_beta: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        refuse_features(self.features, tuple(SAFETY))
        _refuse_numbers(self)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the rows that it makes."""
        return (len(self.features),)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the features, ``float64`` (n, features).

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        constituents = constituents_of(batch)
        x = np.empty((len(constituents), len(self.features)))
        for rows, jets in jets_in_blocks(constituents):
            found = self._found(jets)
            x[rows] = np.stack([found[name] for name in self.features], axis=1)
        return batch.with_x(x)

    def _found(self, jets: Jets) -> dict[str, Floats]:
        """The features of jets, shape (jets,) each, and those that come with them at no cost."""
        wanted, found = set(self.features), {}
        if wanted & SHAPES:
            found |= self._shapes(jets)
        if wanted & DROPPED:
            found |= self._dropped(jets)
        if wanted & CORRELATED:
            parts = correlations(jets, (self.correlation_beta,))
            found |= {name: getattr(parts, name)[:, 0] for name in CORRELATED}
        if number := max((int(name[3]) for name in wanted if name.startswith("tau")), default=0):
            found |= self._taus(jets, number)
        return found

    def _shapes(self, jets: Jets) -> dict[str, Floats]:
        axes = shapes.summed(jets)
        return {
            "mass": axes.mass,
            "pt": axes.pt,
            "multiplicity": shapes.multiplicity(jets),
            "girth": shapes.girth(jets, self.radius),
            "width": shapes.width(jets, self.radius),
            "ptd": shapes.ptd(jets),
        }

    def _dropped(self, jets: Jets) -> dict[str, Floats]:
        groomed = soft_drop(jets, self.z_cut, self.drop_beta, self.radius)
        return {"softdrop_mass": shapes.summed(groomed.jets).mass, "z_g": groomed.z, "r_g": groomed.radius}

    def _taus(self, jets: Jets, number: int) -> dict[str, Floats]:
        tau = nsubjettiness(jets, number, (self.tau_beta,), radius=self.radius, axes=self.axes)[..., 0]
        found = {f"tau{n + 1}": tau[:, n] for n in range(number)}
        least = _ROUNDING**self.tau_beta
        for n in range(1, number):
            above, below = tau[:, n], tau[:, n - 1]
            found[f"tau{n + 1}{n}"] = np.divide(above, below, out=np.zeros_like(above), where=below > least)
        return found


_CITATION = Citation(
    "Larkoski:2017jix",
    "A. J. Larkoski, I. Moult, B. Nachman",
    "Jet substructure at the Large Hadron Collider: a review of recent advances in theory and machine "
    "learning",
    2020,
    "Phys. Rept. 841, 1, arXiv:1709.04464",
)


@dataclass
class _Features(Representation):
    """What ``JetFeatures`` and ``SafeJetFeatures`` share: all but which features are allowed."""

    features: tuple[str, ...] = ()
    radius: float = 0.8
    axes: str = "wta_kt"
    tau_beta: float = 1.0
    correlation_beta: float = 1.0
    z_cut: float = 0.1
    drop_beta: float = 0.0

    allowed: ClassVar[tuple[str, ...]] = tuple(SAFETY)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> JetFeatureMap:
        """Check the options on the first batch.

        Raises:
            InputError: for features that are unknown, named twice or none, numbers out of range, a source
                without a batch, and what the map refuses.
        """
        if isinstance(self.features, str):
            raise InputError(f"'features' is the text {self.features!r}", "Give a list of names.")
        refuse_features(self.features, self.allowed)
        _refuse_numbers(self)
        numbers = (float(getattr(self, name)) for name in _RANGES)
        values = dict(zip(_RANGES, numbers, strict=True))
        return tried_on(JetFeatureMap(features=tuple(self.features), axes=self.axes, **values), source)


@dataclass
class JetFeatures(_Features):
    """Features of jets, all of them from the particles of the jet alone.

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``: pt [GeV], eta, phi, relative to the jet axis
    or absolute, since a boost along the beam and a turn about it change nothing; all features but masses and
    ``pt`` (GeV) are dimensionless. Constituents are massless, dR is in rapidity and azimuth, and axes are
    those of the sum of four-vectors.

    * ``mass``, ``pt``: of the sum of all four-vectors. ``multiplicity``: the number of particles with pt > 0.
    * ``girth``, ``width``: sum_i pt_i (dR(i, axis) / radius)^k / sum_i pt_i, k = 1 and 2 (arXiv:1106.3076).
    * ``ptd``: sqrt(sum pt^2) / sum pt, 1 for one particle.
    * ``softdrop_mass``, ``z_g``, ``r_g``: after soft drop (arXiv:1402.2657) with ``z_cut``, ``drop_beta`` and
      ``radius``; all 0 where no splitting passes, as in a jet of one particle.
    * ``tau1`` to ``tau9``, ``tau21`` to ``tau98``: N-subjettiness (arXiv:1011.2268) with the exponent
      ``tau_beta`` and its ratios; tau_N = 0 for jets of at most N particles, ratios 0 where the lower is 0.
    * ``e2``, ``e3``, ``c2``, ``d2``: energy correlations (arXiv:1305.0007, arXiv:1409.6298) with the exponent
      ``correlation_beta``; e2 = 0 for one particle, e3 = 0 for two, and c2, d2 are 0 where e2 is 0.

    Particles of equal direction count as one direction: they give mass, tau, e2 and r_g of 0.

    Attributes:
        features: names of ``SAFETY``, in this order; ``safe_features`` are the safe ones of them.
        radius: R0 of the jets, from 0.001 to pi.
        axes: 'wta_kt' or 'kt', the exclusive subjets that N-subjettiness is measured from.
        tau_beta: from 0.5 to 4.
        correlation_beta: from 0.5 to 4.
        z_cut: from 0 to 0.49.
        drop_beta: from 0, where soft drop is the modified mass drop, to 4.
    """

    features: tuple[str, ...] = (
        "mass",
        "pt",
        "multiplicity",
        "girth",
        "ptd",
        "softdrop_mass",
        "z_g",
        "r_g",
        "tau21",
        "tau32",
        "c2",
        "d2",
    )

    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "jet-features", "mass, shapes, soft drop, N-subjettiness and energy correlations of a jet", _CITATION
    )

    @property
    def safe_features(self) -> tuple[str, ...]:
        """Those of the features that are infrared and collinear safe."""
        return tuple(name for name in self.features if SAFETY.get(name) == "infrared and collinear")


@dataclass
class SafeJetFeatures(_Features):
    """Infrared- and collinear-safe features alone, ``SAFE``; values and options are as in ``JetFeatures``."""

    features: tuple[str, ...] = ("mass", "pt", "girth", "softdrop_mass", "r_g", "tau1", "tau2", "tau3")

    allowed: ClassVar[tuple[str, ...]] = SAFE
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "safe-jet-features",
        "infrared- and collinear-safe features of a jet",
        _CITATION,
        safe="infrared and collinear",
    )


def _refuse_numbers(options: Any) -> None:
    """Refuse what lies outside ``_RANGES``, and axes that do not exist."""
    for name, (low, high) in _RANGES.items():
        value = getattr(options, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise InputError(f"'{name}' is {value!r}", f"Give a number from {low:g} to {high:.3g}.")
    if options.axes not in AXES:
        raise InputError(f"no axes are called '{options.axes}'", nearest(options.axes, AXES))
