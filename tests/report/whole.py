"""A report with every part that there is: a search with displays, and twenty detectors in six directions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from strangeness.core.batch import ArraySource
from strangeness.core.identity import identities
from strangeness.events.events import Constituents, Events
from strangeness.report.calibrated import calibration_curve
from strangeness.report.parts import Cost, EventDisplay, ImageSet
from strangeness.report.render import render
from strangeness.report.schema import (
    ComparisonRow,
    ComparisonSection,
    InjectionPart,
    InjectionSection,
    Report,
    SearchSection,
)
from strangeness.report.strange import event_display, feature_notes, image_set, picture, strangest
from strangeness.representations import JetImages
from tests.report.examples import HOSTILE, PROVENANCE, curve, hunted, search_section
from tests.representations.particles import toy_jets

CLASSES = ("QCD", "top", "W", "Z\u2032")
PAIRS = (("QCD", "top"), ("QCD", "W"), ("QCD", "Z\u2032"))
DETECTORS = (
    "dense-autoencoder",
    "convolutional-autoencoder",
    "variational-autoencoder",
    "isolation-forest",
    "mahalanobis",
    "pca",
    "nearest-neighbours",
    "cwola",
    "cwola-trees",
    "ensemble of 5 autoencoders",
    *[f"detector {letter}" for letter in "abcde"],
    f"{HOSTILE}$_{{",
)
CONTROLS = ("pT alone", "mass alone", "multiplicity alone", "dense-autoencoder, untrained")


def jets(n: int = 300) -> Events:
    """Toy jets with their particles and two features."""
    padded = toy_jets(n, most=60, seed=3)
    counts = (padded[..., 0] > 0).sum(axis=1)
    flat = padded[padded[..., 0] > 0]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    mass = np.random.default_rng(3).gamma(4, 30, n)
    lists = Constituents(offsets, flat[:, 0], flat[:, 1], flat[:, 2])
    features = {"mass": mass, "multiplicity": counts.astype(float)}
    return Events(features, identities("toy", n), np.ones(n), constituents=lists)


def shown() -> tuple[ImageSet, list[EventDisplay]]:
    """Average images, one display of a feature detector and one of an image detector."""
    events, options = jets(), JetImages(pixels=40)
    batch = events.batch()
    images = options.fit_map(ArraySource(batch), key=jax.random.key(0))(batch).x
    x = np.stack([np.log1p(events.features["mass"]), events.features["multiplicity"]], axis=1)
    notes = feature_notes(lambda rows: rows.sum(axis=1), x[:3], x, ["log(1 + mass)", "multiplicity"])
    average = image_set(
        {"all tested": images, "selected, p \u2264 0.01": images[:40]},
        options.half_width,
        said=["Aligned images of the leading jet, on one scale."],
    )
    score = x.sum(axis=1)
    first, second, third = map(int, strangest(score, 3))
    error = (images[second] - images.mean(axis=0)) ** 2
    displays = [
        event_display(events, first, score[first], p=0.0005, columns=("mass",), features=notes[0]),
        event_display(
            events,
            second,
            score[second],
            p=0.001,
            columns=("mass", "multiplicity"),
            image=picture(images[second], options.half_width, "image"),
            error=picture(error, options.half_width, "error"),
            note="The detector saw this jet turned and mirrored.",
        ),
        event_display(events, third, score[third], name=f"Hostile {HOSTILE}", features=notes[2]),
    ]
    return average, displays


def comparison(
    n_detectors: int = len(DETECTORS), pairs: tuple[tuple[str, str], ...] = PAIRS
) -> dict[str, Any]:
    """Detectors and controls in both directions of each pair, with some curves for the first pair."""
    rng, rows = np.random.default_rng(7), []
    for name in (*DETECTORS[:n_detectors], *CONTROLS):
        for first, second in pairs:
            there = float(rng.uniform(0.55, 0.97))
            back = 1 - there + float(rng.uniform(0, 0.45)) * (name not in CONTROLS)
            for trained_on, finds, area in ((first, second, there), (second, first, back)):
                rows.append(_row(name, trained_on, finds, min(area, 0.99)).model_dump())
    return {"name": "Comparison on jets", "said": ["Equal budgets, five seeds."], "rows": rows}


def _row(name: str, trained_on: str, finds: str, area: float) -> ComparisonRow:
    drawn = curve(name, area / (1 - area), control=name in CONTROLS)
    with_curve = name in (*DETECTORS[:4], *CONTROLS[:2]) and {trained_on, finds} == {*PAIRS[0]}
    return ComparisonRow.model_validate(
        {
            "detector": name,
            "control": name in CONTROLS,
            "trained_on": trained_on,
            "finds": finds,
            "auc": [area + 0.004 * (seed - 2) for seed in range(5)],
            "rejection": {"0.3": [0.3 ** (-area / (1 - area))] * 5 if area < 0.8 else [None] * 5},
            "max_sic": [1 + area + 0.02 * seed for seed in range(5)],
            "parameters": 900_000 if "conv" in name else 1_234,
            "seconds": 12.5,
            "memory": 412.0,
            "events": 5_000,
            "curve": drawn if with_curve else None,
        }
    )


def behind_a_search() -> dict[str, Any]:
    """What is said of blinding, systematics, a spurious signal and a limit."""
    return {
        "blinding": f"Configuration frozen on 2026-11-22 as {'ab' * 32}, before the region was opened.",
        "systematics": {
            "rows": [{"name": f"scale {HOSTILE}", "up": 0.12, "down": -0.08}],
            "local_p": 1e-4,
            "local_p_without": 1e-4,
            "global_p": 0.03,
            "global_p_without": 0.02,
        },
        "spurious": {
            "text": "the background function passes",
            "passed": True,
            "masses": [3000.0, 3500.0],
            "strength": [1.2, -0.4],
            "error": [5.0, 4.0],
        },
        "limit": {
            "statement": "mu < 3 at 95 % (CLs)",
            "level": 0.95,
            "observed": 3.0,
            "expected": [1.0, 1.5, 2.0, 3.0, 4.5],
            "unit": f"a cross-section of 1 fb {HOSTILE}",
            "calculator": "toys",
            "background": 4.0,
            "efficiency": 0.12,
            "produced": 2940,
            "window": [3367.0, 3624.0],
        },
    }


def injections() -> InjectionSection:
    """Two curves, one of which never reaches 3 sigma."""
    rows = [(0.0, [0.1, 2.5, 3.1], 112.0), (0.01, [0.0, 1.0, 2.0], None)]
    curves = [
        InjectionPart(
            contamination=contamination,
            strengths=[0.0, 60.0, 120.0],
            median=median,
            low=[max(z - 0.6, 0.0) for z in median],
            high=[z + 0.7 for z in median],
            found=[0.0, 0.3, 0.6],
            reach=reach,
            repetitions=20,
        )
        for contamination, median, reach in rows
    ]
    said = ["112 signal events among 6,000 of background reach 3 sigma (global) in half of the cases."]
    return InjectionSection(
        detector=f"cwola {HOSTILE}", events=6000.0, largest_z=3.1, said=said, curves=curves
    )


@lru_cache
def whole_page() -> str:
    """That report as a page; made once, since its figures take seconds."""
    return render(whole_report())


@lru_cache
def whole_report() -> Report:
    """Everything on one page."""
    rng = np.random.default_rng(5)
    average, displays = shown()
    p = np.concatenate([rng.uniform(size=9_000), rng.uniform(0, 0.02, 100)])
    calibration = calibration_curve(p, [2_000] * 10, bin=rng.integers(0, 10, p.size))
    search = SearchSection.model_validate(
        {
            **search_section(hunted(), "Dijets with a resonance"),
            "calibration": calibration,
            "images": average,
            "displays": displays,
            "costs": [
                Cost(name="dense-autoencoder", parameters=1_690, seconds=31.2, memory=610.0, events=9_834),
                Cost(name="mahalanobis", control=True, parameters=20, seconds=0.4),
            ],
            **behind_a_search(),
        }
    )
    section = ComparisonSection.model_validate({**comparison(), "images": average, "displays": displays[1:2]})
    return Report(
        title="Everything on one page",
        said=["A toy, made for tests."],
        searches=[search],
        comparisons=[section],
        injections=[injections()],
        provenance=dict(PROVENANCE),
    )
