"""From a comparison's results to its section of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from strangeness.events.events import Events
from strangeness.methods.comparison import EPS_S, Compared
from strangeness.report.parts import ImageSet
from strangeness.report.schema import ComparisonRow, ComparisonSection, Report
from strangeness.report.strange import image_set
from strangeness.report.summary import curve, plain, versions
from strangeness.representations import JetImages, sparsity

PICTURED = 2000
"""Events of a class in its average image."""


def compared_report(
    results: Sequence[Compared],
    classes: Mapping[str, Events],
    *,
    title: str,
    said: Sequence[str],
    provenance: Mapping[str, Any],
) -> Report:
    """The page of a comparison.

    Args:
        results: every detector and control in every direction.
        classes: the events, for their average images where they have particles.
        title: heading.
        said: sentences under it.
        provenance: where everything comes from.
    """
    section = ComparisonSection(
        name=title,
        said=list(said),
        rows=[row_of(result) for result in results],
        images=average_images(classes),
    )
    return Report(
        title=title, comparisons=[section], provenance=plain({**provenance, "versions": versions()})
    )


def row_of(result: Compared, names: Mapping[str, str] | None = None) -> ComparisonRow:
    """A row of the tables; ``names`` are how classes are shown."""
    shown = names or {}
    return ComparisonRow(
        detector=result.detector,
        control=result.control,
        trained_on=shown.get(result.trained_on, result.trained_on),
        finds=shown.get(result.finds, result.finds),
        auc=list(result.auc),
        rejection={f"{EPS_S:g}": [value if math.isfinite(value) else None for value in result.rejection]},
        max_sic=[value if math.isfinite(value) else None for value in result.max_sic],
        parameters=result.parameters,
        seconds=result.seconds,
        memory=result.memory,
        events=result.events,
        curve=curve(
            result.detector,
            list(zip(result.background, result.signal, strict=True)),
            is_control=result.control,
        ),
    )


def average_images(classes: Mapping[str, Events], pixels: int = 40) -> ImageSet | None:
    """The average image of each class and how sparse its images are; None where a class has no particles."""
    if any(events.constituents is None for events in classes.values()):
        return None
    representation = JetImages(pixels)
    groups, said = {}, []
    for name, events in classes.items():
        batch = events.without_truth().take(np.arange(min(len(events), PICTURED))).batch()
        images = representation.fit_map([batch], key=jax.random.key(0))(batch).x
        groups[name] = images
        share = float(np.mean(sparsity(images).active))
        said.append(f"{name}: {100 * share:.1f} % of the pixels of an image are active.")
    return image_set(groups, representation.half_width, said=said)
