"""The three layers against their stated resolutions, one kind of particle at a time, and windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from strangeness.core.errors import InputError
from strangeness.events.generation.detector import DEFAULT, DetectorSettings, Particles, at_the_face
from strangeness.events.generation.layers import (
    STANDARD,
    Deposits,
    Layers,
    LayerSettings,
    fluctuated,
    respond,
)
from strangeness.events.generation.shower import Profile, Window, cells, spread
from strangeness.events.generation.windows import Axes, Hits, hits_around, padded
from strangeness.representations.calorimeter_images import calorimeter_images

N = 40_000
CELL = 2.0 * np.pi / 360
EVERYTHING = LayerSettings(ecal_zero=0.0, hcal_zero=0.0)
"""Cells are read out down to nothing, so that all energy can be counted."""


def one_each(pdg: int, pt: float, eta: float = 0.3, phi: float = 1.0, n: int = N) -> Particles:
    """``n`` events with one particle each; massless."""
    same = np.ones(n)
    return Particles(
        np.arange(n), np.full(n, pdg), pt * same, eta * same, phi * same, pt * np.cosh(eta) * same
    )


def seen_by(true: Particles, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Energies (3, n) of the layers."""
    layers = respond(true, np.random.default_rng(seed))
    return tuple(np.bincount(layer.event, layer.energy, len(true.pt)) for layer in layers)  # type: ignore[return-value]


@settings(max_examples=12)
@given(
    st.sampled_from([(22, 0), (22, 0), (130, 1), (310, 1), (211, 1), (-321, 1), (2112, 1)]),
    st.floats(2.0, 500.0),
    st.floats(-2.0, 2.0),
    st.integers(0, 99),
)
def test_deposits_sum_to_the_energy_within_the_stated_resolution(
    particle: tuple[int, int], pt: float, eta: float, seed: int
) -> None:
    pdg, which = particle
    _, ecal, hcal = seen_by(one_each(pdg, pt, eta), seed)
    energy = pt * math.cosh(eta)
    stochastic, constant = ((0.028, 0.003), (1.0, 0.05))[which]
    sigma = math.hypot(stochastic / math.sqrt(energy), constant)
    ratio = (ecal + hcal) / energy
    # 4.5 standard errors: sigma/sqrt(N) of the mean; of a log-normal's variance, with its kurtosis
    assert ratio.mean() == pytest.approx(1.0, abs=4.5 * sigma / math.sqrt(N))
    w = 1.0 + sigma**2
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 3
    assert ratio.var() == pytest.approx(sigma**2, rel=4.5 * math.sqrt((kurtosis - 1.0) / N))


def test_soft_hadrons_are_right_in_the_mean_too() -> None:
    energy = np.full(400_000, 0.5)
    seen = fluctuated(DEFAULT.hcal, energy, np.random.default_rng(0))
    sigma = math.hypot(math.sqrt(0.5), 0.05 * 0.5)
    assert seen.min() > 0.0
    assert seen.mean() == pytest.approx(0.5, abs=4.5 * sigma / math.sqrt(len(energy)))


@pytest.mark.parametrize("pdg", [22, 11, -11])
def test_photons_and_electrons_leave_nothing_behind_the_first_calorimeter(pdg: int) -> None:
    _, ecal, hcal = seen_by(one_each(pdg, 40.0, n=1000))
    assert np.all(ecal > 0.0) and not hcal.any()


@pytest.mark.parametrize("pdg", [211, 130, 2212])
def test_the_shares_of_hadrons(pdg: int) -> None:
    _, ecal, hcal = seen_by(one_each(pdg, 40.0))
    share = ecal / (ecal + hcal)
    early = 1.0 - math.exp(-1.1)
    # binomial, and a uniform share: mean early * 0.45, second moment early * 0.27; 4.5 standard errors
    assert np.mean(share > 0.0) == pytest.approx(early, abs=4.5 * math.sqrt(early * (1 - early) / N))
    spread_of_share = math.sqrt(early * 0.27 - (early * 0.45) ** 2)
    assert share.mean() == pytest.approx(0.45 * early, abs=4.5 * spread_of_share / math.sqrt(N))
    assert share.max() < 0.9
    # the two parts fluctuate together: the sum does not depend on the share
    assert np.corrcoef(share, ecal + hcal)[0, 1] == pytest.approx(0.0, abs=4.5 / math.sqrt(N))


def test_tracks_have_the_efficiency_and_resolution_of_the_detector() -> None:
    layers = respond(one_each(13, 50.0), np.random.default_rng(1))
    seen = layers.tracks
    assert len(seen.event) / N == pytest.approx(0.95, abs=4.5 * math.sqrt(0.95 * 0.05 / N))
    pt = seen.energy / np.cosh(seen.eta)
    assert pt.mean() == pytest.approx(50.0, rel=4.5 * 0.0112 / math.sqrt(N))
    assert pt.std() / 50.0 == pytest.approx(math.hypot(0.01, 50e-4), rel=4.5 / math.sqrt(2 * N))
    assert len(layers.ecal.event) == len(layers.hcal.event) == 0


@pytest.mark.parametrize("pdg", [211, -211, 11])
def test_tracks_point_where_they_were_made_and_showers_lie_where_the_field_bends_them(pdg: int) -> None:
    true = one_each(pdg, 3.0, n=200)
    layers = respond(true, np.random.default_rng(2))
    expected, _ = at_the_face(true, np.ones(200, dtype=bool))
    assert np.all(layers.tracks.phi == 1.0)
    assert np.all(layers.ecal.phi == expected[0]) and abs(expected[0] - 1.0) > 0.2
    assert np.all(layers.hcal.phi == expected[0])


@pytest.mark.parametrize(("pdg", "pt", "eta"), [(14, 50.0, 0.3), (22, 50.0, 5.1), (211, 0.4, 0.3)])
def test_neutrinos_forward_and_curling_particles_leave_no_energy(pdg: int, pt: float, eta: float) -> None:
    layers = respond(one_each(pdg, pt, eta, n=500), np.random.default_rng(3))
    assert [len(layer.event) for layer in layers] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "value"), [("pt", np.nan), ("energy", -1.0), ("energy", np.inf), ("phi", np.nan)]
)
def test_particles_without_a_finite_momentum_are_named(name: str, value: float) -> None:
    true = one_each(22, 5.0, n=4)
    getattr(true, name)[2] = value
    with pytest.raises(InputError, match=f"particle 2 has {name}"):
        respond(true, np.random.default_rng(0))


def test_no_particles_and_no_energy_leave_nothing() -> None:
    for true in (one_each(22, 1.0, n=0), one_each(22, 0.0, n=3)):
        layers = respond(true, np.random.default_rng(0))
        assert [len(layer.event) for layer in layers] == [0, 0, 0]
        found = hits_around(layers, Axes(np.zeros(2, int), np.zeros(2), np.zeros(2)))
        assert [len(column) for column in found] == [0] * 5
        assert padded(found, 2).tolist() == [[[0.0] * 4]] * 2
    nobody = hits_around(layers, Axes(np.zeros(0, int), np.zeros(0), np.zeros(0)))
    assert [len(column) for column in nobody] == [0] * 5


def test_showers_have_the_widths_they_are_documented_with() -> None:
    for profile, radius, share in (
        (STANDARD.ecal_profile, 21.9 / 22.5, 0.9),
        (STANDARD.hcal_profile, 16.4 / 15.5, 0.95),
    ):
        outside = profile.core * math.exp(-((radius / profile.narrow) ** 2) / 2)
        outside += (1 - profile.core) * math.exp(-((radius / profile.wide) ** 2) / 2)
        assert 1 - outside == pytest.approx(share, abs=0.01)
    middle = spread(STANDARD.ecal_profile, np.array([0.5]), np.array([0.5]))[0, 1, 1]
    assert middle == pytest.approx(0.77, abs=0.005)


@given(st.floats(-3, 128), st.floats(-3, 128))
def test_shares_are_those_of_the_error_function_and_sum_to_one(x: float, y: float) -> None:
    profile = Profile(0.6, 0.3, 0.9)
    found = spread(profile, np.array([x]), np.array([y]))[0]

    def along(at: float, sigma: float) -> np.ndarray:
        edges = np.array([-np.inf, 0.0, 1.0, np.inf]) - (at - math.floor(at))
        return np.diff(0.5 * (1 + erf(edges / (sigma * math.sqrt(2)))))

    expected = 0.6 * np.outer(along(x, 0.3), along(y, 0.3)) + 0.4 * np.outer(along(x, 0.9), along(y, 0.9))
    # the table has 512 steps a cell: half a step times the steepest slope, 1/(0.3 sqrt(2 pi))
    np.testing.assert_allclose(found, expected, atol=2 * 0.5 / 512 * 1.33)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_windows_equal_a_loop_over_deposits() -> None:
    rng = np.random.default_rng(5)
    window, profile = Window(7, 0.1), Profile(0.7, 0.3, 0.8)
    jet, energy = rng.integers(0, 3, 200), rng.exponential(size=200)
    x, y = rng.uniform(-3, 10, (2, 200))
    expected = np.zeros((3, 7, 7))
    for place in range(200):
        shares = spread(profile, x[place : place + 1], y[place : place + 1])[0] * energy[place]
        for down in range(3):
            for right in range(3):
                row, column = math.floor(x[place]) + down - 1, math.floor(y[place]) + right - 1
                if 0 <= row < 7 and 0 <= column < 7:
                    expected[jet[place], row, column] += shares[down, right]
    np.testing.assert_allclose(cells(profile, window, jet, x, y, energy, 3), expected, rtol=1e-12, atol=1e-15)


def around(true: Particles, axis: tuple[float, float], settings: LayerSettings = EVERYTHING) -> Hits:
    layers = respond(true, np.random.default_rng(6))
    number = len(np.unique(true.event))
    axes = Axes(np.arange(number), np.full(number, axis[0]), np.full(number, axis[1]))
    return hits_around(layers, axes, settings=settings)


@pytest.mark.parametrize("axis", [(0.31, 1.02), (-0.4, -3.13), (1.6, 3.13)])
def test_all_energy_near_an_axis_is_in_its_hits(axis: tuple[float, float]) -> None:
    true = one_each(130, 50.0, axis[0] + 0.1, axis[1] + 0.05, n=300)
    layers, found = respond(true, np.random.default_rng(6)), around(true, axis)
    for number, layer in ((1, layers.ecal), (2, layers.hcal)):
        mine = found.layer == number
        # what each hit stands for, at the centre of its cell; the hit's float32 has 24 bits
        tower = np.floor(axis[0] / (5 * CELL)) + 0.5
        energy = found.pt[mine] * np.cosh(tower * 5 * CELL + found.d_eta[mine])
        np.testing.assert_allclose(
            np.bincount(found.jet[mine], energy, 300),
            np.bincount(layer.event, layer.energy, 300),
            rtol=1e-5,
        )


@pytest.mark.parametrize("axis", [(0.31, 1.02), (-0.4, -3.13), (1.6, 3.13)])
def test_hits_lie_on_the_grid_and_near_what_made_them(axis: tuple[float, float]) -> None:
    size = np.array([np.nan, CELL, 5 * CELL])
    found = around(one_each(211, 50.0, axis[0] + 0.2, axis[1] - 0.3, n=200), axis)
    for layer in (1, 2):
        mine = found.layer == layer
        for values in (found.d_eta[mine], found.d_phi[mine]):
            # an odd number of cells: one of them has its centre in the middle
            np.testing.assert_allclose(values / size[layer], np.round(values / size[layer]), atol=1e-3)
    mine = found.layer == 0
    centre = [(math.floor(value / (5 * CELL)) + 0.5) * 5 * CELL for value in axis]
    np.testing.assert_allclose(found.d_eta[mine], axis[0] + 0.2 - centre[0], atol=1e-6)
    np.testing.assert_allclose(found.d_phi[mine], axis[1] - 0.3 - centre[1], atol=1e-6)
    # a track of 50 GeV bends by 0.015; tails reach one tower further
    assert np.abs(found.d_phi + 0.3).max() < 0.015 + 2.5 * 5 * CELL
    assert np.all(np.diff(found.jet * 3 + found.layer) >= 0)


def test_what_lies_outside_of_the_window_or_below_the_readout_is_left_out() -> None:
    assert len(around(one_each(130, 50.0, 1.6, 1.0, n=50), (0.3, 1.0)).jet) == 0
    layers = respond(one_each(130, 50.0, n=50), np.random.default_rng(6))
    axes = Axes(np.arange(50), np.full(50, 0.3), np.full(50, 1.0))
    some = hits_around(layers, axes)
    every = hits_around(layers, axes, settings=EVERYTHING)
    floor = np.array([0.0, STANDARD.ecal_zero, STANDARD.hcal_zero])
    assert len(some.jet) < len(every.jet)
    # cosh is 1.05 at 0.3: an energy above the floor has a pt above it over 1.05 and a margin for the cell
    assert np.all(some.pt > 0.93 * floor[some.layer])


def test_jets_of_one_event_share_hits_and_the_order_of_particles_does_not_matter() -> None:
    rng = np.random.default_rng(8)
    event = np.sort(rng.integers(0, 40, 3000))
    columns = [rng.uniform(0.1, 5, 3000), *rng.normal(0, 0.8, (2, 3000)), rng.exponential(9, 3000)]
    made = Deposits(event, columns[1], columns[2], columns[3])
    axes = Axes(np.array([7, 7, 39, 50]), np.array([0.1, 0.15, 0.0, 0.0]), np.zeros(4))
    found = hits_around(Layers(made, made, made), axes)
    order = rng.permutation(3000)
    again = hits_around(Layers(made.take(order), made.take(order), made.take(order)), axes)
    assert set(found.jet.tolist()) == {0, 1, 2}
    one, other = (np.bincount(f.jet * 3 + f.layer, f.pt, 12) for f in (found, again))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    assert one[1] == pytest.approx(one[4], rel=0.3)
    only = found.of(np.array([1, 2]))
    np.testing.assert_array_equal(only.pt, found.pt[(found.jet == 1) | (found.jet == 2)])
    assert set(only.jet.tolist()) == {0, 1}


def test_padded_hits_are_the_flat_ones() -> None:
    found = around(one_each(211, 20.0, n=5), (0.3, 1.0))
    rows = padded(found, 7)
    counts = np.bincount(found.jet, minlength=7)
    assert rows.shape == (7, counts.max(), 4) and not rows[5:].any()
    np.testing.assert_array_equal(np.concatenate([rows[i, :n, 3] for i, n in enumerate(counts)]), found.pt)
    np.testing.assert_array_equal(np.concatenate([rows[i, :n, 0] for i, n in enumerate(counts)]), found.layer)


def test_images_of_hits_have_each_cell_in_its_own_pixel_even_from_half_precision() -> None:
    # cells and towers everywhere, the outermost included
    axis = np.arange(-68, 69) * CELL
    eta, phi = (values.ravel() for values in np.meshgrid(axis, axis))
    same = np.ones(len(eta))
    made = Deposits(np.zeros(len(eta), int), eta + 0.5 * CELL, phi + 0.5 * CELL, same)
    axes = Axes(np.zeros(1, int), np.full(1, 0.5 * CELL), np.full(1, 0.5 * CELL))
    found = hits_around(Layers(made.take(np.zeros(0, int)), made, made), axes, settings=EVERYTHING)
    assert np.bincount(found.layer).tolist() == [0, 125**2, 25**2]
    rows = padded(found, 1)
    image = calorimeter_images(rows)
    assert np.all(image[..., 1:] > 0)
    mine = found.layer == 1
    np.testing.assert_array_equal(image[0, :, :, 1].T.ravel(), found.pt[mine])
    np.testing.assert_allclose(image.sum(), found.pt.sum(), rtol=1e-5)
    half = calorimeter_images(rows.astype(np.float16))
    # 11 bits of the pt; another pixel would be off by all of it
    np.testing.assert_allclose(half, image, rtol=1e-3)


def test_axes_that_point_nowhere_and_other_grids_are_refused() -> None:
    layers = respond(one_each(22, 5.0, n=2), np.random.default_rng(0))
    with pytest.raises(InputError, match="axis is not finite"):
        hits_around(layers, Axes(np.zeros(1, int), np.array([np.nan]), np.zeros(1)))
    grid = DetectorSettings(hcal=DEFAULT.ecal)
    with pytest.raises(InputError, match="Give five cells a tower"):
        hits_around(layers, Axes(np.zeros(1, int), np.zeros(1), np.zeros(1)), grid)
