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
from strangeness.events.toys.spectra import (
    Features,
    Spectrum,
    breit_wigner,
    dijet,
    double_sided,
    exponential,
    gaussian,
    planted,
    power_law,
    spectrum,
)
from strangeness.events.toys.top import contact_decay, top_decay

__all__ = [
    "Decays",
    "Features",
    "GaussianMixture",
    "Spectrum",
    "as_events",
    "blobs",
    "breit_wigner",
    "contact_decay",
    "dijet",
    "double_sided",
    "exponential",
    "gaussian",
    "massless_volume",
    "mixture",
    "phase_space",
    "planted",
    "power_law",
    "rambo",
    "spectrum",
    "top_decay",
    "unweighted",
]
