"""The hot path of layered circuits: a compiled training step (Numba), for NumPy and inside JAX.

``Engine`` is a circuit on NumPy arrays; ``differentiable`` makes it a JAX function, imported apart because
it loads JAX. The ideas, each explained where it is used: events in the lanes of SIMD registers
(``vectors``), three qubits a pass with real rotations only (``groups``, ``passes``), one diagonal a layer
for everything else (``phases``), adjoint differentiation by the generators of each fused rotation
(``sweep``, ``overlaps``), and the chain rule to weights, biases and features (``angles``).
"""

from strangeness.quantum.kernel.budget import scratch_bytes
from strangeness.quantum.kernel.engine import Engine, Step
from strangeness.quantum.kernel.tables import trash_projector

__all__ = ["Engine", "Step", "scratch_bytes", "trash_projector"]
