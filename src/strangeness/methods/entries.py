"""Which detectors a comparison runs, each with the representation that its input needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strangeness.core.estimators import Detector, Representation
from strangeness.core.train import with_epochs
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.detectors.conv_autoencoder import ConvAutoencoder
from strangeness.methods import jet_tagging
from strangeness.methods.comparison import Entry
from strangeness.representations import JetImages, PointClouds

Representations = Mapping[str, Representation]
"""Input kind of a card -> the representation that makes it."""
CONTROLS = (OneFeature, SumOfFeatures)
SMALL_IMAGES = Entry(
    "conv-autoencoder, 12x12", JetImages(12), ConvAutoencoder(channels=(4, 3), hidden=9, latent=4)
)
"""The network of about 3,000 parameters that stands against circuits of such a size."""


def entries(detectors: Mapping[str, Detector], seen: Representations) -> tuple[list[Entry], list[str]]:
    """The entries of detectors, and the labels of those whose input cannot be made."""
    fitting = {label: one for label, one in detectors.items() if one.card.input_kind in seen}
    found = [
        Entry(label, seen[one.card.input_kind], one, control=isinstance(one, CONTROLS))
        for label, one in fitting.items()
    ]
    return found, [label for label in detectors if label not in fitting]


def untrained(entry: Entry) -> Entry | None:
    """The entry with its network as it is initialised, a control; None for a detector without training."""
    twin = with_epochs(entry.detector, 0)
    if twin is None:
        return None
    return Entry(f"{entry.label}, untrained", entry.representation, twin, control=True)


def shipped_entries(detectors: Mapping[str, type[Detector]]) -> list[Entry]:
    """Detectors with their defaults on the shipped jets, small forms, untrained networks, single features."""
    seen = {"tabular": jet_tagging.FEATURES, "image": JetImages(), "set": PointClouds()}
    known = {name: cls() for name, cls in detectors.items() if not issubclass(cls, OneFeature)}
    chosen, _ = entries(known, seen)
    return [*with_untrained([*chosen, SMALL_IMAGES]), *jet_tagging.control_entries()]


def with_untrained(chosen: Sequence[Entry]) -> list[Entry]:
    """All entries, and behind them the untrained twins of those that are trained."""
    return [*chosen, *(twin for entry in chosen if (twin := untrained(entry)) is not None)]
