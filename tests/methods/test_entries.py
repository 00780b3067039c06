"""Which detectors stand beside which in a comparison."""

from strangeness.detectors.pca import PCA
from strangeness.detectors.quantum_autoencoder import QuantumAutoencoder
from strangeness.detectors.quantum_kernel import QuantumKernel
from strangeness.methods.entries import entries, with_untrained
from strangeness.representations import KinematicFeatures

SEEN = {"tabular": KinematicFeatures(("mass", "pt"))}


def test_circuits_stand_beside_what_is_left_without_entanglement_and_without_training() -> None:
    detectors = {"pca": PCA(), "qae": QuantumAutoencoder(qubits=3), "kernel": QuantumKernel()}
    found, left_out = entries(detectors, SEEN)
    by_label = {entry.label: entry for entry in with_untrained(found)}
    assert left_out == []
    assert sorted(by_label) == [
        "kernel",
        "kernel, no entanglement",
        "pca",
        "qae",
        "qae, no entanglement",
        "qae, trash at random",
        "qae, untrained",
    ]
    apart, frozen = (by_label[f"qae, {name}"] for name in ("no entanglement", "trash at random"))
    assert apart.control and frozen.control and not by_label["qae"].control
    assert apart.detector == QuantumAutoencoder(qubits=3, entangler="none")
    assert frozen.detector == QuantumAutoencoder(qubits=3, frozen="trash")
