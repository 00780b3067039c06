"""Jet tokens: each particle of a jet as one whole number, the bin of its momentum and direction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map, Representation
from strangeness.representations.particles import CONSTITUENTS
from strangeness.representations.point_clouds import PointCloudMap
from strangeness.representations.ragged_jets import tried_on

PADDING = 0
"""The token behind the last particle."""


class JetTokenMap(Map):
    """Tokens of fixed options."""

    most: int = eqx.field(static=True)
    bins: tuple[int, int] = eqx.field(static=True)
    pt_range: tuple[float, float] = eqx.field(static=True)
    half_width: float = eqx.field(static=True)
    centred: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.most, self.bins, self.pt_range, self.half_width)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the sequences that it makes."""
        return (self.most,)

    @property
    def vocabulary(self) -> int:
        """The number of different tokens, padding among them: they run from 0 to one less."""
        return self.bins[0] * self.bins[1] ** 2 + 1

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the tokens, ``int32`` (n, most).

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        clouds = PointCloudMap(self.most, "log", self.centred)(batch).x.astype(np.float64)
        pt, eta, phi = np.expm1(clouds[..., 0]), clouds[..., 1], clouds[..., 2]
        low, high = np.log(self.pt_range)
        with np.errstate(divide="ignore"):
            momentum = self._bin((np.log(pt) - low) / (high - low), self.bins[0])
        column, row = (self._bin(0.5 + v / (2.0 * self.half_width), self.bins[1]) for v in (eta, phi))
        tokens = 1 + (momentum * self.bins[1] + column) * self.bins[1] + row
        return batch.with_x(np.where(clouds[..., 0] > 0, tokens, PADDING).astype(np.int32))

    def _bin(self, share: NDArray[np.float64], number: int) -> NDArray[np.int64]:
        """The bin of a share of the range; what lies outside falls into the first or the last."""
        return np.clip(np.floor(share * number), 0, number - 1).astype(np.int64)

    def particles(self, tokens: NDArray[np.integer]) -> NDArray[np.float64]:
        """The centres of the bins: pt [GeV], eta, phi, shape (..., 3), zeros for padding.

        Raises:
            InputError: for a token that does not exist.
        """
        if tokens.size and not (tokens.min() >= 0 and tokens.max() < self.vocabulary):
            raise InputError(
                f"tokens from {tokens.min()} to {tokens.max()}", f"Give 0 to {self.vocabulary - 1}."
            )
        place, row = np.divmod(tokens - 1, self.bins[1])
        momentum, column = np.divmod(place, self.bins[1])
        low, high = np.log(self.pt_range)
        pt = np.exp(low + (high - low) * (momentum + 0.5) / self.bins[0])
        eta, phi = (self.half_width * (2.0 * (v + 0.5) / self.bins[1] - 1.0) for v in (column, row))
        return np.stack([pt, eta, phi], axis=-1) * (tokens != PADDING)[..., None]


@dataclass
class JetTokens(Representation):
    """The hardest particles of each jet as tokens, binned in pt, eta and phi (arXiv:2303.07364).

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``, and particles are ordered and dropped as by
    ``PointClouds``. Bins of pt are equal in log(pt), those of eta and phi are equal; what lies outside falls
    into the first or the last bin. With b bins of eta and phi, a token is 1 + (i_pt b + i_eta) b + i_phi,
    and 0 stands behind the last particle. Bins are found from coordinates in float32.

    Attributes:
        most: tokens of a jet.
        bins: the numbers of bins of pt, and of each of eta and phi.
        pt_range: the lower edge of the first and the upper edge of the last bin of pt, in GeV.
        half_width: half the range of eta and of phi, at most pi.
        centred: measure eta and phi from the pT-weighted centroid rather than from the jet axis.
    """

    most: int = 64
    bins: tuple[int, int] = (40, 30)
    pt_range: tuple[float, float] = (0.5, 1000.0)
    half_width: float = 0.8
    centred: bool = True

    makes: ClassVar[str] = "sequence"
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "jet-tokens",
        "particles of a jet as whole numbers: bins of pt, eta and phi",
        Citation(
            "Finke:2023veq",
            "T. Finke, M. Krämer, A. Mück, J. Tönshoff",
            "Learning the language of QCD jets with transformers",
            2023,
            "JHEP 06 (2023) 184, arXiv:2303.07364",
        ),
    )

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> JetTokenMap:
        """Check the options on the first batch.

        Raises:
            InputError: for options out of range, a source without a batch, and what the map refuses.
        """
        _refuse_options(self.most, self.bins, self.pt_range, self.half_width)
        bins, (low, high) = (int(self.bins[0]), int(self.bins[1])), self.pt_range
        span = float(low), float(high)
        return tried_on(JetTokenMap(self.most, bins, span, float(self.half_width), self.centred), source)


def _refuse_options(
    most: int, bins: tuple[int, int], pt_range: tuple[float, float], half_width: float
) -> None:
    if not isinstance(most, int) or not 1 <= most <= 4096:
        raise InputError(f"sequences of {most} tokens", "Give a whole number from 1 to 4096.")
    if len(bins) != 2 or not all(isinstance(b, int) and 1 <= b <= 1000 for b in bins):
        raise InputError(f"'bins' is {list(bins)}", "Give two whole numbers from 1 to 1000.")
    if len(pt_range) != 2 or not 0.0 < pt_range[0] < pt_range[1] < np.inf:
        raise InputError(f"'pt_range' is {list(pt_range)}", "Give a lower and a higher pt in GeV, above 0.")
    if not 0.0 < half_width <= np.pi:
        raise InputError(f"tokens of half-width {half_width}", "Give one above 0, at most pi.")
