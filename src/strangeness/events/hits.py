"""The hits of a detector in three layers around each jet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from strangeness.events.jagged import Jagged

LAYERS = ("tracks", "ecal", "hcal")
"""Names of the layers 0, 1 and 2."""


@dataclass(frozen=True)
class Hits(Jagged):
    """The hits around each jet, in any order, one jagged list a jet.

    Attributes:
        offsets: ``int64`` (n + 1,); jet i owns rows offsets[i] to offsets[i + 1].
        layer: ``int8``, 0 tracks, 1 electromagnetic, 2 hadronic.
        eta: pseudorapidity, relative to the jet's axis or the centre of its window.
        phi: azimuth in radians, relative to the same.
        pt: transverse momentum or energy in GeV.
    """

    layer: NDArray[np.int8]
    eta: NDArray[np.float32]
    phi: NDArray[np.float32]
    pt: NDArray[np.float32]

    WHAT: ClassVar[str] = "hits"
    COLUMNS: ClassVar[tuple[str, ...]] = ("layer", "eta", "phi", "pt")
