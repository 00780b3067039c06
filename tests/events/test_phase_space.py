"""Phase space: kinematics to rounding, volumes and shapes against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from strangeness.core.errors import InputError
from strangeness.events.toys import (
    Decays,
    as_events,
    contact_decay,
    massless_volume,
    phase_space,
    rambo,
    top_decay,
    unweighted,
)
from strangeness.events.toys.top import BOTTOM, TOP, W_MASS


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def square(momenta: Any) -> Any:
    """Invariant mass squared of what is summed over the second axis, (n,)."""
    total = momenta.sum(axis=1)
    return total[:, 0] ** 2 - np.sum(total[:, 1:] ** 2, axis=1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 300.0)), min_size=2, max_size=7),
    st.floats(1e-6, 1e3),
    st.integers(0, 1000),
)
def test_four_momentum_is_conserved_and_masses_are_exact(masses: list[float], free: float, seed: int) -> None:
    mass = sum(masses) + free
    decays = phase_space(mass, masses, 20, rng(seed))
    assert np.abs(decays.momenta.sum(axis=1) - [mass, 0, 0, 0]).max() < 1e-10 * mass
    energy, p = decays.momenta[..., 0], decays.momenta[..., 1:]
    # E^2 - p^2 loses what E^2 cannot hold
    assert np.abs(energy**2 - np.sum(p**2, axis=-1) - np.square(masses)).max() < 1e-13 * mass**2
    assert np.all(decays.weight > 0)


@pytest.mark.parametrize("particles", [2, 3, 4, 6, 9])
def test_the_volume_of_massless_particles_is_the_closed_form(particles: int) -> None:
    weight = phase_space(100.0, [0.0] * particles, 20_000, rng()).weight
    error = weight.std() / math.sqrt(len(weight))
    known = massless_volume(100.0, particles)
    assert weight.mean() == pytest.approx(known, abs=4 * error + 1e-12 * known)
    assert weight.std() < known  # the weights stay useful
    assert massless_volume(100.0, 2) == pytest.approx(math.pi / 2)


def test_the_volume_of_three_massive_particles_is_the_dalitz_integral() -> None:
    mass, (a, b, c) = 10.0, (1.0, 2.0, 3.0)

    def width(s: float) -> float:
        """pi^2 / (4 M^2) times the range of the other invariant mass squared (Byckling-Kajantie V.2)."""

        def kallen(x: float, y: float, z: float) -> float:
            return max(x**2 + y**2 + z**2 - 2 * (x * y + y * z + z * x), 0.0)

        return math.sqrt(kallen(s, a**2, b**2) * kallen(mass**2, s, c**2)) / s

    area = integrate.quad(width, (a + b) ** 2, (mass - c) ** 2)[0]
    weight = phase_space(mass, (a, b, c), 50_000, rng()).weight
    error = weight.std() / math.sqrt(len(weight))
    assert weight.mean() == pytest.approx(math.pi**2 / (4 * mass**2) * area, abs=4 * error)


def test_both_ways_to_massless_decays_agree() -> None:
    flat, chain = rambo(50.0, 4, 8000, rng()), unweighted(50.0, [0.0] * 4, 8000, rng(2))
    assert np.abs(flat.momenta.sum(axis=1) - [50, 0, 0, 0]).max() < 1e-10 * 50
    assert flat.weight == pytest.approx(massless_volume(50.0, 4))
    for pick in ([0, 1], [1, 3], [0, 1, 2]):
        one, two = square(flat.momenta[:, pick]), square(chain.momenta[:, pick])
        assert stats.ks_2samp(one, two).pvalue > 1e-3
    # the density of x = 2 E / M is x times the volume of the other three, of squared mass M^2 (1 - x)
    x = 2 * chain.momenta[:, 0, 0] / 50.0
    assert stats.kstest(x, lambda v: 3 * v**2 - 2 * v**3).pvalue > 1e-3


def test_two_bodies_fly_apart_uniformly() -> None:
    decays = phase_space(10.0, (1.0, 4.0), 5000, rng())
    p = decays.momenta[:, 0, 1:]
    size = np.sqrt(np.sum(p**2, axis=1))
    assert size == pytest.approx(math.sqrt((100 - 25) * (100 - 9)) / 20, rel=1e-12)
    assert stats.kstest(p[:, 2] / size, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert stats.kstest(np.arctan2(p[:, 1], p[:, 0]), stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-3
    assert decays.weight == pytest.approx(math.pi * size[0] / 10.0)


def test_the_dalitz_plot_of_a_contact_decay_is_flat() -> None:
    momenta = contact_decay(20_000, rng()).momenta
    one, two = square(momenta[:, [0, 1]]), square(momenta[:, [1, 2]])
    # flat where the whole cell is allowed: cells well inside the triangle of massless particles
    edges = np.linspace(0.1, 0.4, 7) * TOP**2
    counts = np.histogram2d(one, two, (edges, edges))[0].ravel()
    assert counts.min() > 50
    assert stats.chisquare(counts).pvalue > 1e-3
    share = 20_000 * (edges[1] - edges[0]) ** 2 / (TOP**4 / 2)
    assert counts.mean() == pytest.approx(share, rel=0.02)  # 1 % of statistics, less than 1 % of the b mass


@pytest.mark.parametrize("width", [0.0, 2.1])
def test_a_top_decays_through_a_w(width: float) -> None:
    momenta = top_decay(20_000, rng(), width=width).momenta
    assert momenta.shape == (20_000, 3, 4)
    assert np.abs(momenta.sum(axis=1) - [TOP, 0, 0, 0]).max() < 1e-10 * TOP
    assert square(momenta[:, :1]) == pytest.approx(BOTTOM**2, abs=1e-9)
    w = np.sqrt(square(momenta[:, 1:]))
    if width == 0.0:
        assert w == pytest.approx(W_MASS, rel=1e-12)
        return

    def density(m: float) -> float:
        p = math.sqrt((TOP**2 - (m + BOTTOM) ** 2) * (TOP**2 - (m - BOTTOM) ** 2))
        return 2 * m * p / ((m**2 - W_MASS**2) ** 2 + (W_MASS * width) ** 2)

    edges = np.array([1e-3, 70.0, 76.0, 79.0, 80.0, 80.4, 81.0, 82.0, 85.0, 95.0, TOP - BOTTOM])
    law = np.array([integrate.quad(density, a, b, limit=200)[0] for a, b in pairwise(edges)])
    counts = np.histogram(w, edges)[0]
    assert stats.chisquare(counts, law / law.sum() * counts.sum()).pvalue > 1e-3


def test_both_decays_differ_in_their_topology_alone() -> None:
    through, contact = top_decay(4000, rng()), contact_decay(4000, rng(2))
    near = [np.mean(np.abs(np.sqrt(square(d.momenta[:, 1:])) - W_MASS) < 10.0) for d in (through, contact)]
    assert near[0] > 0.9 and near[1] < 0.2
    for decays in (through, contact):
        cosine = decays.momenta[:, 0, 3] / np.sqrt(np.sum(decays.momenta[:, 0, 1:] ** 2, axis=1))
        assert stats.kstest(cosine, stats.uniform(-1, 2).cdf).pvalue > 1e-3


def test_decays_become_events() -> None:
    decays = contact_decay(7, rng())
    events = as_events(decays, "contact", truth=1)
    assert list(events.features) == [f"{axis}_{i}" for i in range(3) for axis in ("px", "py", "pz")]
    assert np.array_equal(events.column("py_2"), decays.momenta[:, 2, 2])
    assert np.array_equal(events.truth, np.ones(7))
    assert len(np.unique(events.id, axis=0)) == 7
    assert "E_0" in as_events(decays, "contact", energies=True).features
    assert as_events(decays, "contact").truth is None


def test_the_same_generator_gives_the_same_decays() -> None:
    first, again = (unweighted(10.0, (1.0, 1.0, 1.0), 50, rng(4)) for _ in range(2))
    assert np.array_equal(first.momenta, again.momenta)
    assert isinstance(first, Decays) and len(first) == 50


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: phase_space(10.0, (5.0, 5.0), 1, rng()), "together"),
        (lambda: phase_space(float("nan"), (1.0, 1.0), 1, rng()), "nan GeV cannot decay"),
        (lambda: phase_space(10.0, (-1.0, 1.0), 1, rng()), "0 or more"),
        (lambda: phase_space(10.0, (1.0,), 1, rng()), "at least two"),
        (lambda: phase_space(10.0, (1.0, 1.0), 0, rng()), "0 decays"),
        (lambda: unweighted(10.0, (1.0, 1.0), 0, rng()), "0 decays"),
        (lambda: rambo(0.0, 3, 1, rng()), "cannot decay"),
        (lambda: rambo(1.0, 1, 1, rng()), "at least two"),
        (lambda: top_decay(0, rng()), "0 decays"),
        (lambda: top_decay(1, rng(), width=-1.0), "-1.0 GeV width"),
    ],
)
def test_what_cannot_decay_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()


def test_unweighting_gives_up_where_weights_are_the_way() -> None:
    with pytest.raises(InputError, match="Use phase_space and its weights"):
        unweighted(1.0, [0.0] * 40, 10_000_000, rng())
