"""Toys by name, with the numbers that they take: what the command line makes without Pythia."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from strangeness.core.errors import InputError, nearest
from strangeness.events.events import Events
from strangeness.events.parent import fit_parent
from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.events.toys.mixtures import blobs
from strangeness.events.toys.phase_space import as_events, rambo
from strangeness.events.toys.spectra import dijet, gaussian, planted
from strangeness.events.toys.top import contact_decay, top_decay

PARENT_FEATURES = ("mj1", "mj2", "tau21_1", "tau21_2")
_MOST = 10_000_000  # rows are held in memory


@dataclass(frozen=True)
class Toy:
    """A toy: its name, one line about it, its numbers with their defaults, and what makes it."""

    name: str
    summary: str
    make: Callable[..., Events]
    parameters: Mapping[str, float] = field(default_factory=dict)

    def events(self, n: int, seed: int, **given: float) -> Events:
        """``n`` events, or a Poisson number of mean ``n`` where the toy says so.

        Raises:
            InputError: for a number of events or a parameter that cannot be.
        """
        if not 1 <= n <= _MOST:
            raise InputError(f"{n} events", f"Ask for 1 to {_MOST:,}.")
        for name, value in given.items():
            if name not in self.parameters:
                remedy = nearest(name, self.parameters) if self.parameters else "It takes none."
                raise InputError(f"the toy '{self.name}' has no parameter '{name}'", remedy)
            if not np.isfinite(value):
                raise InputError(f"'{name}' is {value}", "Give a finite number.")
        numbers = {**self.parameters, **given}
        said = "-".join(f"{name}={value:g}" for name, value in sorted(numbers.items()))
        # the identity names everything the rows depend on, so that two files share no event
        return self.make(n, np.random.default_rng(seed), f"{self.name}-{said}-{seed}", **numbers)


def _top(n: int, rng: np.random.Generator, name: str, *, width: float) -> Events:
    return as_events(top_decay(n, rng, width=width), name, truth=0)


def _contact(n: int, rng: np.random.Generator, name: str) -> Events:
    return as_events(contact_decay(n, rng), name, truth=1)


def _phase_space(n: int, rng: np.random.Generator, name: str, *, mass: float, particles: float) -> Events:
    return as_events(rambo(mass, _whole("particles", particles, 2, 20), n, rng), name)


def _blobs(
    n: int, rng: np.random.Generator, name: str, *, dimensions: float, distance: float, share: float
) -> Events:
    d = _whole("dimensions", dimensions, 1, 1000)
    far = np.zeros(d)
    far[0] = distance
    return blobs([[0.0] * d, far.tolist()], share=[1.0 - share, share]).events(n, rng, name)


def _spectrum(
    n: int,
    rng: np.random.Generator,
    name: str,
    *,
    low: float,
    high: float,
    signal: float,
    mass: float,
    width: float,
) -> Events:
    law = gaussian(mass, width, low, high) if signal else None
    return planted(dijet(low, high), law, (float(n), signal), rng, name)


def _parent(n: int, rng: np.random.Generator, name: str, *, low: float, high: float) -> Events:
    dijets = read(verify("dijets"))
    background = dijets.take(np.asarray(dijets.truth) == 0)
    return fit_parent(background, PARENT_FEATURES, low, high).draw(float(n), rng, name)


def _whole(name: str, value: float, low: int, high: int) -> int:
    if value != int(value) or not low <= value <= high:
        raise InputError(f"'{name}' is {value:g}", f"Give a whole number from {low} to {high}.")
    return int(value)


_TOYS = (
    Toy("top-decay", "t -> b W -> b q q' in the frame of the top, label 0", _top, {"width": 2.1}),
    Toy("contact-decay", "the same particles at one point, flat in phase space, label 1", _contact),
    Toy("phase-space", "a mass to massless particles, flat", _phase_space, {"mass": 100.0, "particles": 4.0}),
    Toy(
        "blobs",
        "two round Gaussians; the label tells which",
        _blobs,
        {"dimensions": 4.0, "distance": 3.0, "share": 0.01},
    ),
    Toy(
        "falling-spectrum",
        "a smooth dijet mass with a planted Gaussian, Poisson numbers",
        _spectrum,
        {"low": 2700.0, "high": 7000.0, "signal": 0.0, "mass": 3500.0, "width": 100.0},
    ),
    Toy(
        "dijet-parent",
        "pseudo-data from the smooth law fitted to the shipped dijets, a Poisson number",
        _parent,
        {"low": 2700.0, "high": 5500.0},
    ),
)
TOYS: dict[str, Toy] = {toy.name: toy for toy in _TOYS}
