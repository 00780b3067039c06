"""Which detectors a comparison runs, each with the representation that its input needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from strangeness.core.estimators import Detector, Representation
from strangeness.core.train import with_epochs
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.detectors.conv_autoencoder import ConvAutoencoder
from strangeness.detectors.quantum_autoencoder import QuantumAutoencoder
from strangeness.detectors.quantum_image_autoencoder import QuantumImageAutoencoder
from strangeness.detectors.quantum_kernel import QuantumKernel
from strangeness.methods import jet_tagging
from strangeness.methods.comparison import Entry
from strangeness.representations import JetImages, PointClouds

Representations = Mapping[str, Representation]
"""Input kind of a card -> the representation that makes it."""
CONTROLS = (OneFeature, SumOfFeatures)
CIRCUITS = (QuantumAutoencoder, QuantumImageAutoencoder, QuantumKernel)
SMALL_IMAGES = Entry(
    "conv-autoencoder, 12x12", JetImages(12), ConvAutoencoder(channels=(4, 3), hidden=9, latent=4)
)
"""The network of about 3,000 parameters that stands against circuits of such a size."""
SMALL_CIRCUIT = Entry("quantum-image-autoencoder, 12x12", JetImages(12), QuantumImageAutoencoder())
"""Nine qubits and 1,440 parameters on the same images."""
ABLATIONS = {"no entanglement": ("entangler", "none"), "trash at random": ("frozen", "trash")}
"""What a circuit is without its entanglement, and without training on the qubits that are read."""


def entries(detectors: Mapping[str, Detector], seen: Representations) -> tuple[list[Entry], list[str]]:
    """The entries of detectors, and the labels of those whose input cannot be made."""
    fitting = {label: one for label, one in detectors.items() if one.card.input_kind in seen}
    found = [
        Entry(label, seen[one.card.input_kind], one, control=isinstance(one, CONTROLS))
        for label, one in fitting.items()
    ]
    return [*found, *ablations(found)], [label for label in detectors if label not in fitting]


def ablations(chosen: Sequence[Entry]) -> list[Entry]:
    """The controls of every circuit among the entries: the same one with one thing taken away."""
    return [
        Entry(
            f"{entry.label}, {name}",
            entry.representation,
            replace(entry.detector, **{setting: value}),
            control=True,
        )
        for entry in chosen
        if isinstance(entry.detector, CIRCUITS)
        for name, (setting, value) in ABLATIONS.items()
        if hasattr(entry.detector, setting)
    ]


def untrained(entry: Entry) -> Entry | None:
    """The entry with its network as it is initialised; None for a control, and for one without training."""
    if entry.control:
        return None
    twin = with_epochs(entry.detector, 0)
    if twin is None:
        return None
    return Entry(f"{entry.label}, untrained", entry.representation, twin, control=True)


def shipped_entries(detectors: Mapping[str, type[Detector]]) -> list[Entry]:
    """Detectors with their defaults on the shipped jets, small forms, untrained networks, single features."""
    seen = {"tabular": jet_tagging.FEATURES, "image": JetImages(), "set": PointClouds()}
    known = {name: cls() for name, cls in detectors.items() if not issubclass(cls, OneFeature)}
    chosen, _ = entries(known, seen)
    small = [SMALL_IMAGES, SMALL_CIRCUIT, *ablations([SMALL_CIRCUIT])]
    return [*with_untrained([*chosen, *small]), *jet_tagging.control_entries()]


def with_untrained(chosen: Sequence[Entry]) -> list[Entry]:
    """All entries, and behind them the untrained twins of those that are trained."""
    return [*chosen, *(twin for entry in chosen if (twin := untrained(entry)) is not None)]
