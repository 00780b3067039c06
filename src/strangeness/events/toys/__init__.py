"""Events that need no generator: phase space, Gaussian mixtures, smooth spectra with planted signals."""

from strangeness.events.toys.mixtures import GaussianMixture, blobs, mixture
from strangeness.events.toys.phase_space import (
    Decays,
    as_events,
    massless_volume,
    phase_space,
    rambo,
    unweighted,
)
from strangeness.events.toys.top import contact_decay, top_decay

__all__ = [
    "Decays",
    "GaussianMixture",
    "as_events",
    "blobs",
    "contact_decay",
    "massless_volume",
    "mixture",
    "phase_space",
    "rambo",
    "top_decay",
    "unweighted",
]
