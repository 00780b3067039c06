"""What a hard process is, and what changes one: a window, a bias, more settings, the underlying event."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from strangeness.core.errors import InputError

COMMON = ("Print:quiet = on", "Next:numberCount = 0")
HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
_LOW, _HIGH = "PhaseSpace:pTHatMin", "PhaseSpace:pTHatMax"


@dataclass(frozen=True)
class Process:
    """A hard process: its Pythia settings, and what its jets must contain.

    Attributes:
        name: what files and tables call it.
        settings: lines for ``Pythia.readString`` without the seed.
        target: absolute PDG code of the parent to match jets to (6 top, 24 W, 25 h, 9000001 X, 9000002 Y), or
            None when every jet counts.
        mpi: whether multiparton interactions are on.
        remove: absolute PDG codes of the final particles from a Z that are taken out before clustering.
        flavours: whether jets carry the code of ``matching.flavour`` as their label.
        radius: radius of the jets the process is meant for.
    """

    name: str
    settings: tuple[str, ...]
    target: int | None = None
    mpi: bool = False
    remove: tuple[int, ...] = ()
    flavours: bool = False
    radius: float = 0.8

    def lines(self, seed: int) -> tuple[str, ...]:
        """All settings of one generator, with its random seed (1 to 900,000,000)."""
        if not 1 <= seed <= 900_000_000:
            raise InputError(f"the Pythia seed {seed} is not in 1..900000000", "Choose a smaller seed.")
        first = (*COMMON, f"PartonLevel:MPI = {'on' if self.mpi else 'off'}")
        return (*first, "Random:setSeed = on", f"Random:seed = {seed}", *self.settings)

    @property
    def weighted(self) -> bool:
        """Whether events carry weights that undo a bias."""
        return any(line.replace(" ", "") == "PhaseSpace:bias2Selection=on" for line in self.settings)


def beams(energy: float, low: float, high: float | None = None) -> tuple[str, ...]:
    """Settings of the energy of the collision and of the transverse momentum of the hard process, in GeV."""
    window = [f"Beams:eCM = {energy}", f"{_LOW} = {low}"]
    return tuple(window if high is None else [*window, f"{_HIGH} = {high}"])


def with_mpi(process: Process) -> Process:
    """The process with multiparton interactions on: about three times slower."""
    return replace(process, name=f"{process.name}-mpi", mpi=True)


def with_settings(process: Process, lines: Iterable[str]) -> Process:
    """The process with more lines for Pythia behind its own; a later line for the same setting wins.

    Raises:
        InputError: for a line that is no 'name = value', or that sets what ``lines`` and ``with_mpi`` set.
    """
    added = tuple(line.strip() for line in lines)
    for line in added:
        if not all(part.strip() for part in line.partition("=")):
            raise InputError(
                f"the setting '{line}' is no 'name = value'", "Write 'PhaseSpace:pTHatMin = 500'."
            )
        if line.startswith("Random:"):
            raise InputError(f"the setting '{line}' sets the seed", "Give the seed of the sample instead.")
        if line.startswith("PartonLevel:MPI"):
            raise InputError(f"the setting '{line}' hides from the process", "Use with_mpi instead.")
    return replace(process, settings=(*process.settings, *added))


def with_window(process: Process, low: float, high: float | None = None) -> Process:
    """The process with a hard scattering of pT from ``low`` to ``high`` (GeV; None: no maximum).

    Raises:
        InputError: for a window that is empty or not finite.
    """
    if not 0.0 <= low < (math.inf if high is None else high) or high == math.inf:
        raise InputError(
            f"the pTHat window from {low} to {high} GeV is empty", "Give 0 <= low < high in GeV."
        )
    kept = tuple(line for line in process.settings if not line.startswith((_LOW, _HIGH)))
    window = (f"{_LOW} = {low}", *(() if high is None else (f"{_HIGH} = {high}",)))
    name = f"{process.name}-{low:g}-" + ("" if high is None else f"{high:g}")
    return replace(process, name=name.rstrip("-"), settings=(*kept, *window))


def biased(process: Process, power: float, reference: float) -> Process:
    """The process with events drawn (pTHat / ``reference``)^``power`` times as often (``reference`` in GeV).

    Events then carry weights, ``info.weights[:, 0]``, that undo the bias: (reference / pTHat)^power.

    Raises:
        InputError: for a power outside (0, 10] or a reference that is not positive.
    """
    if not 0.0 < power <= 10.0:
        raise InputError(f"the power of the bias is {power}", "Give a power above 0 and up to 10, such as 4.")
    if not 0.0 < reference < math.inf:
        raise InputError(f"the reference of the bias is {reference} GeV", "Give a positive pTHat in GeV.")
    lines = (
        "PhaseSpace:bias2Selection = on",
        f"PhaseSpace:bias2SelectionPow = {power}",
        f"PhaseSpace:bias2SelectionRef = {reference}",
    )
    return replace(process, name=f"{process.name}-biased", settings=(*process.settings, *lines))
