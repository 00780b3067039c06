"""The layered detector and its images against the same steps written plainly in NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import alternate, ratios_agree, speed_ratio
from harness.cases import Case, Measured, Raw
from strangeness.core.batch import ArraySource, make_batch
from strangeness.events.generation.detector import CHARGED_HADRONS, DEFAULT, Calorimeter, Particles
from strangeness.events.generation.layers import respond
from strangeness.events.generation.windows import Axes, hits_around, padded
from strangeness.representations.calorimeter_images import CalorimeterImages

JETS, PARTICLES = 2_000, 80
# Plain NumPy stays in the cache with this many jets at once; more made it slower.
AT_ONCE = 100
# The same machine gives ratios within this factor from day to day.
STEADY = ratios_agree(2.0)
# Kinds of stable particles and how many of each a jet has, about.
KINDS = {211: 0.25, -211: 0.25, 321: 0.04, -321: 0.04, 2212: 0.03, 22: 0.30, 130: 0.04, 2112: 0.03}
KINDS |= {11: 0.01, -13: 0.01}


def toy_jets(jets: int = JETS, seed: int = 0) -> tuple[Particles, Axes]:
    """One jet an event, 80 particles each with falling pT, half of them near the axis; and the axes."""
    rng = np.random.default_rng(seed)
    event = np.repeat(np.arange(jets), PARTICLES)
    pdg = rng.choice(list(KINDS), len(event), p=list(KINDS.values()))
    # an end of the tail, for without one a single particle decides what all of them sum to
    pt = 0.3 + np.minimum(rng.pareto(1.3, len(event)), 300.0)
    wide = np.where(rng.random(len(event)) < 0.5, 0.08, 0.6)
    axes = Axes(np.arange(jets), rng.uniform(-1.5, 1.5, jets), rng.uniform(-np.pi, np.pi, jets))
    eta, phi = (axis[event] + wide * rng.standard_normal(len(event)) for axis in axes[1:])
    return Particles(event, pdg, pt, eta, phi, pt * np.cosh(eta)), axes


@cache
def toy_hits() -> NDArray[np.float32]:
    """The padded hits around the toy jets."""
    true, axes = toy_jets()
    return padded(hits_around(respond(true, np.random.default_rng(1)), axes), JETS)


def plain_response(true: Particles, rng: np.random.Generator) -> list[tuple[NDArray[Any], ...]]:
    """Event, eta, phi and energy of the three layers: every step on all particles, chosen by ``np.where``."""
    code, size, eta = np.abs(true.pdg), len(true.pt), np.abs(true.eta)
    charged = np.isin(code, (*CHARGED_HADRONS, 11, 13))
    light = np.isin(code, (11, 22))
    seen = ~np.isin(code, (12, 14, 16)) & (eta < DEFAULT.eta_max)
    sigma = np.select(
        [eta < edge for edge, _, _ in DEFAULT.track_sigma],
        [np.hypot(constant, slope * true.pt) for _, constant, slope in DEFAULT.track_sigma],
    )
    efficiency = np.select(
        [eta < edge for edge, _, _ in DEFAULT.track_efficiency],
        [np.where(true.pt < 1.0, low, high) for _, low, high in DEFAULT.track_efficiency],
    )
    measured = true.pt * (1.0 + sigma * rng.normal(size=size))
    found = charged & seen & (rng.uniform(size=size) < efficiency) & (measured > DEFAULT.track_minimum)
    ratio = 0.15 * DEFAULT.field_tesla * DEFAULT.radius / true.pt
    sign = np.sign(true.pdg) * np.where(np.isin(code, (11, 13, 3112, 3312, 3334)), -1.0, 1.0)
    phi = np.where(charged, true.phi - sign * np.arcsin(np.minimum(ratio, 1.0)), true.phi)
    reaches = seen & (~charged | (ratio < 1.0))
    share = np.where(rng.uniform(size=size) < 1.0 - np.exp(-1.1), rng.uniform(0.0, 0.9, size), 0.0)
    both = _plain_energy(DEFAULT.hcal, true.energy, rng)
    hadron = reaches & ~light & (code != 13)
    ecal = np.where(light & reaches, _plain_energy(DEFAULT.ecal, true.energy, rng), share * both * hadron)
    hcal = np.where(hadron, (1.0 - share) * both, 0.0)
    layers = [(true.event[found], true.eta[found], true.phi[found], (measured * np.cosh(true.eta))[found])]
    for energy in (ecal, hcal):
        kept = energy > 0.0
        layers.append((true.event[kept], true.eta[kept], phi[kept], energy[kept]))
    return layers


def _plain_energy(calorimeter: Calorimeter, energy: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    variance = np.log(1.0 + (calorimeter.sigma(energy) / energy) ** 2)
    return rng.lognormal(np.log(energy) - 0.5 * variance, np.sqrt(variance))


def plain_images(hits: NDArray[np.float32], pixels: int, crop: float) -> NDArray[np.float32]:
    """Images over their largest pixel: a hit counts in the pixel that its centre, or that of a cell, lies in.

    Unlike ours, a cell on the edge of two pixels is not shared between them.
    """
    parts = range(0, len(hits), AT_ONCE)
    images = np.concatenate([_plain(hits[i : i + AT_ONCE], pixels, crop) for i in parts])
    return images / images.max(axis=(1, 2, 3), keepdims=True)


def _plain(hits: NDArray[np.float32], pixels: int, crop: float) -> NDArray[np.float32]:
    cell = 2.0 * np.pi / 360
    half = 62.5 * cell * crop
    jet, place = np.nonzero(hits[..., 3])
    layer, eta, phi, pt = hits[jet, place].T
    images = np.zeros((len(hits), pixels, pixels, 3), np.float32)
    towers = layer == 2
    if pixels == 125:
        coarse = np.zeros((len(hits), 25, 25), np.float32)
        row, column = (np.floor((v[towers] + half) / (5 * cell)).astype(np.int64) for v in (phi, eta))
        np.add.at(coarse, (jet[towers], row, column), pt[towers])
        images[..., 2] = coarse.repeat(5, axis=1).repeat(5, axis=2) / 25
    else:
        step = np.arange(-2, 3) * cell
        eta_of = np.concatenate([eta[~towers], (eta[towers][:, None] + np.tile(step, 5)).ravel()])
        phi_of = np.concatenate([phi[~towers], (phi[towers][:, None] + np.repeat(step, 5)).ravel()])
        pt = np.concatenate([pt[~towers], np.repeat(pt[towers] / 25, 25)])
        jet = np.concatenate([jet[~towers], np.repeat(jet[towers], 25)])
        layer = np.concatenate([layer[~towers], np.repeat(layer[towers], 25)])
        eta, phi, towers = eta_of, phi_of, np.zeros(len(pt), bool)
    row, column = (np.floor((v + half) / (2 * half) * pixels).astype(np.int64) for v in (phi, eta))
    inside = ~towers & (row >= 0) & (row < pixels) & (column >= 0) & (column < pixels)
    where = (jet[inside], row[inside], column[inside], layer[inside].astype(np.int64))
    np.add.at(images, where, pt[inside])
    return images


def _smearing(index: int, seed: int) -> Raw:
    true, _ = toy_jets()
    rng = np.random.default_rng(seed)
    both = [[np.sum(layer[3]) for layer in made(true, rng)] for made in (respond, plain_response)]
    # A few particles with a tail of pT make up much of a sum of 160,000: 5 % is four standard errors.
    if not np.allclose(both[0], both[1], rtol=0.05):
        raise ArithmeticError(f"the layers hold {both[0]} and {both[1]} GeV")
    ours = partial(_cpu_seconds, lambda: respond(true, rng))
    return {**alternate(ours, partial(_cpu_seconds, lambda: plain_response(true, rng)), 9), "jets": JETS}


def _images(pixels: int, crop: float, index: int, seed: int) -> Raw:
    batch = make_batch({"hits": toy_hits()})
    fitted = CalorimeterImages(pixels, crop).fit_map(ArraySource(batch), key=jax.random.key(0))
    _compare(fitted(batch).x, plain_images(toy_hits(), pixels, crop))
    ours = partial(_cpu_seconds, lambda: fitted(batch))
    rival = partial(_cpu_seconds, lambda: plain_images(toy_hits(), pixels, crop))
    return {**alternate(ours, rival, 5), "jets": JETS}


def _compare(ours: NDArray[np.float32], plain: NDArray[np.float32]) -> None:
    """At 125 pixels all are equal; at others, whose pixels cut cells, the shares of the layers nearly are."""
    if ours.shape[1] == 125:
        # a track on the edge of a cell may fall to either side
        apart = np.mean(np.abs(ours - plain).max(axis=(1, 2, 3)) > 1e-5)
        limit = 2e-3
    else:
        shares = [images.sum(axis=(0, 1, 2)) / images.sum() for images in (ours, plain)]
        apart, limit = np.abs(shares[0] - shares[1]).max(), 0.02
    if apart > limit:
        raise ArithmeticError(f"images differ by {apart:g}")


def _cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rate(raws: Any) -> Measured:
    measured = speed_ratio(raws)
    jets = raws[0]["jets"]
    ours, rival = (jets / seconds for seconds in (measured.ours, measured.rival) if seconds)
    said = f"{ours:,.0f} jets/s against {rival:,.0f}"
    return Measured(measured.value, measured.ours, measured.rival, said)


def _row(name: str, raws: Any) -> dict[str, Measured]:
    return {name: _rate(raws)}


ROWS = {
    "calorimeter-response": ("response of three detector layers", _smearing),
    "calorimeter-125": ("three-layer images of 125x125 pixels", partial(_images, 125, 1.0)),
    "calorimeter-40": ("three-layer images of 40x40 pixels", partial(_images, 40, 0.8)),
    "calorimeter-12": ("three-layer images of 12x12 pixels", partial(_images, 12, 0.8)),
}
CASES = [
    Case(name, (row,), shard, 3, partial(_row, row), agree=STEADY) for name, (row, shard) in ROWS.items()
]
