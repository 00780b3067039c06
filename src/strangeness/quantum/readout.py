"""What is read at the end of a circuit: trash qubits against a reference state, or Pauli strings."""

from __future__ import annotations

from dataclasses import dataclass, field

from strangeness.core.errors import InputError
from strangeness.quantum.references import LearnedProduct, Reference, zero


@dataclass(frozen=True)
class Trash:
    """The fidelity of the trash qubits with a reference state, F = Tr(rho_trash sigma) in [0, 1].

    For |0...0> it is the probability to find all trash qubits in 0. It is what a SWAP test measures, for
    pure and mixed references alike.

    Attributes:
        qubits: the trash qubits, the first the most significant of the reference's amplitudes.
        reference: state of as many qubits; |0...0> by default.
    """

    qubits: tuple[int, ...]
    reference: Reference | LearnedProduct | None = None

    def __post_init__(self) -> None:
        if self.reference is None and self.qubits:
            object.__setattr__(self, "reference", zero(len(self.qubits)))

    @property
    def state(self) -> Reference | LearnedProduct:
        """The reference."""
        assert self.reference is not None  # noqa: S101 (set when it was made)
        return self.reference

    @property
    def parameters(self) -> int:
        """Number of trained angles of the reference."""
        return self.state.parameters

    @property
    def outputs(self) -> int:
        """One number: the fidelity."""
        return 1

    def refuse_misfit(self, qubits: int) -> None:
        """Raise ``InputError`` unless the trash qubits are some but not all of the qubits, each once."""
        if not 0 < len(self.qubits) < qubits:
            raise InputError(
                f"{len(self.qubits)} trash qubits of {qubits} qubits", f"Give 1 to {max(qubits - 1, 1)}."
            )
        if len(set(self.qubits)) < len(self.qubits) or not all(0 <= q < qubits for q in self.qubits):
            raise InputError(
                f"the trash qubits {self.qubits} of {qubits} qubits", "Give different qubits, counted from 0."
            )
        if self.state.qubits != len(self.qubits):
            raise InputError(
                f"a reference of {self.state.qubits} qubits for {len(self.qubits)} trash qubits",
                "Give a reference of as many qubits.",
            )


@dataclass(frozen=True)
class PauliStrings:
    """Expectations of products of Pauli matrices, such as "ZIX": the first letter belongs to qubit 0."""

    strings: tuple[str, ...]
    parameters: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if not self.strings:
            raise InputError("a read-out without Pauli strings", "Give one or more.")
        for text in self.strings:
            if not set(text) <= set("IXYZ"):
                raise InputError(f"the Pauli string {text!r}", "Use the letters I, X, Y and Z.")

    @property
    def outputs(self) -> int:
        """One number for each string."""
        return len(self.strings)

    def refuse_misfit(self, qubits: int) -> None:
        """Raise ``InputError`` for a string of another length."""
        for text in self.strings:
            if len(text) != qubits:
                raise InputError(
                    f"the Pauli string {text!r} has {len(text)} letters for {qubits} qubits",
                    "Give one letter a qubit.",
                )


def each_z(qubits: int) -> PauliStrings:
    """Z of each qubit."""
    return PauliStrings(tuple("I" * q + "Z" + "I" * (qubits - q - 1) for q in range(qubits)))


def last(count: int, qubits: int) -> tuple[int, ...]:
    """The last qubits, the usual trash."""
    return tuple(range(qubits - count, qubits))
