"""The detector step against its own published numbers, one kind of particle at a time."""

from __future__ import annotations

import numpy as np
import pytest

from strangeness.events.generation.detector import DEFAULT, Objects, Particles, at_the_face, measure, tracks

N = 20_000


def one_each(pdg: int, pt: float, eta: float = 0.3, phi: float = 1.0, n: int = N) -> Particles:
    """``n`` events with one particle each; massless."""
    same = np.full(n, 1.0)
    return Particles(
        np.arange(n), np.full(n, pdg), pt * same, eta * same, phi * same, pt * np.cosh(eta) * same
    )


def run(particles: Particles, seed: int = 0) -> Objects:
    return measure(particles, np.random.default_rng(seed))


@pytest.mark.parametrize(("pdg", "stochastic", "constant"), [(22, 0.028, 0.003), (130, 1.0, 0.05)])
def test_calorimeter_resolution(pdg: int, stochastic: float, constant: float) -> None:
    seen = run(one_each(pdg, 100.0))
    energy = seen.pt * np.cosh(seen.eta)
    true = 100.0 * np.cosh(0.3)
    sigma = np.hypot(stochastic * np.sqrt(true), constant * true)
    # standard errors: sigma/sqrt(N) for the mean, sigma/sqrt(2N) for the width; 4 of them
    assert energy.mean() == pytest.approx(true, abs=4 * sigma / np.sqrt(N))
    assert energy.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * N))


def test_calorimeter_objects_stay_in_the_cell_that_was_hit() -> None:
    for pdg, cells in ((22, 360), (130, 72)):
        seen, size = run(one_each(pdg, 50.0)), 2 * np.pi / cells
        assert np.all(np.floor(seen.eta / size) == np.floor(0.3 / size))
        assert np.all(np.floor(seen.phi / size) == np.floor(1.0 / size))
        assert len(np.unique(seen.eta)) > N // 2


def test_tracks_have_the_stated_efficiency_and_resolution() -> None:
    seen = run(one_each(13, 50.0))
    # binomial error of the efficiency, 4 of them
    assert len(seen.pt) / N == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / N))
    assert seen.pt.std() / 50.0 == pytest.approx(np.hypot(0.01, 50e-4), rel=4 / np.sqrt(2 * N))
    assert np.all(seen.phi == 1.0)


def test_forward_tracks_are_worse_and_none_lie_beyond_the_tracker() -> None:
    rng = np.random.default_rng(1)
    everyone = np.ones(N, dtype=bool)
    widths = []
    for eta in (0.3, 1.0, 2.0):
        pt, sigma = tracks(one_each(13, 50.0, eta), everyone, rng)
        widths.append(np.std(pt[sigma > 0]))
    assert widths == sorted(widths)
    assert np.all(tracks(one_each(13, 50.0, 2.6), everyone, rng)[0] == 0.0)


def test_what_leaves_no_track_is_seen_by_the_calorimeter_where_the_field_bends_it() -> None:
    phi, reaches = at_the_face(one_each(211, 10.0, n=1), np.array([True]))
    other, _ = at_the_face(one_each(-211, 10.0, n=1), np.array([True]))
    # chord of a circle of radius pT/(0.3 B): sin(shift) = r / (2 R)
    shift = np.arcsin(1.29 / (2 * 10.0 / (0.3 * 3.8)))
    assert reaches.all()
    assert phi[0] == pytest.approx(1.0 - shift)
    assert other[0] == pytest.approx(1.0 + shift)
    assert at_the_face(one_each(11, 10.0, n=1), np.array([True]))[0][0] == pytest.approx(other[0])
    assert at_the_face(one_each(22, 10.0, n=1), np.array([False]))[0][0] == 1.0


def test_soft_charged_particles_and_neutrinos_leave_nothing() -> None:
    assert len(run(one_each(211, 0.4)).pt) == 0
    assert len(run(one_each(14, 100.0)).pt) == 0
    assert len(run(one_each(22, 100.0, eta=5.1)).pt) == 0


def test_photons_in_one_cell_are_one_object() -> None:
    one = one_each(22, 40.0, n=500)
    both = Particles(*(np.concatenate([column, column]) for column in one))
    seen = run(both)
    assert len(seen.pt) == 500
    assert seen.pt.mean() == pytest.approx(80.0, rel=0.01)


def test_track_and_calorimeter_together_measure_a_pion_once() -> None:
    seen = run(one_each(211, 100.0))
    total = np.bincount(seen.event, seen.pt, minlength=N)
    # the track is good to 1.4 %, the calorimeter to 11 %; upward fluctuations beyond 1 sigma stay:
    # sigma times the partial mean of a normal beyond 1, 0.242 (the 5 % without a track add nothing)
    bias = 0.95 * 0.242 * np.hypot(1.0 / np.sqrt(104.5), 0.05)
    assert total.mean() / 100.0 == pytest.approx(1.0 + bias, abs=0.005)
    assert np.median(total) == pytest.approx(100.0, abs=0.5)


def test_a_bad_track_is_corrected_by_the_calorimeter() -> None:
    true = one_each(211, 1500.0, eta=2.0)
    alone = tracks(true, np.ones(N, dtype=bool), np.random.default_rng(0))[0]
    seen = run(true)
    total = np.bincount(seen.event, seen.pt, minlength=N)
    assert np.std(total) < 0.5 * np.std(alone[alone > 0])


def test_objects_are_sorted_finite_and_the_same_for_the_same_seed() -> None:
    rng = np.random.default_rng(3)
    pdg = rng.choice([22, 211, -211, 130, 11, 13, 12], N)
    pt, eta, phi = rng.exponential(5.0, N) + 0.1, rng.normal(0, 2, N), rng.uniform(-np.pi, np.pi, N)
    true = Particles(rng.integers(0, 50, N), pdg, pt, eta, phi, pt * np.cosh(eta))
    first, again = run(true, 7), run(true, 7)
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(left, right)
        assert np.isfinite(left).all()
    assert np.all(np.diff(first.event) >= 0)
    assert first.pt.min() > 0.0
    assert np.abs(first.phi).max() <= np.pi
    assert np.abs(first.eta).max() < DEFAULT.eta_max + 0.1


def test_no_particles_give_no_objects() -> None:
    empty = one_each(22, 1.0, n=1).select(np.array([False]))
    assert len(run(empty).pt) == 0
