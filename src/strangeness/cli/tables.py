"""Tables of the configuration beside the chain's own: what is shifted, and what is frozen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _rising(pair: tuple[float, float]) -> tuple[float, float]:
    if not pair[0] < pair[1]:
        raise ValueError("it should run from low to high")
    return pair


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Range = Annotated[tuple[Positive, Positive], AfterValidator(_rising)]


class Table(BaseModel):
    """A table with a fixed set of keys and strict types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileTable(Table):
    """A file of events; ``layout``, ``unit`` and ``tree`` only where its content does not tell."""

    file: str
    layout: str | None = None
    unit: Literal["GeV", "MeV"] | None = None
    tree: str | None = None

    def options(self) -> dict[str, Any]:
        """What ``read`` and ``read_chunks`` are told beside the file."""
        return {"layout": self.layout, "unit": self.unit, "tree": self.tree}


class VariationTable(Table):
    """Copies of the reference, shifted by one standard deviation up and, if given, down; the same events, in
    the reference's order or with their ``id``."""

    up: str
    down: str | None = None


class ChannelTable(Table):
    """One more channel that is searched together with the data: files of its own, read like theirs."""

    data: str
    reference: str


class BlindTable(Table):
    """What a rehearsal assumes of the data: how many ``events`` the searched range will hold."""

    events: Positive | None = None


class SpuriousTable(Table):
    """The spurious-signal test: Gaussian of this width, largest fake over its statistical error."""

    relative_width: Annotated[float, Field(gt=0, lt=1)] = 0.03
    limit: Annotated[float, Field(gt=0, le=1)] = 0.5


class LimitTable(Table):
    """An upper limit on a simulated signal, with the likelihood as a workspace.

    ``signal``: all its produced events. ``luminosity`` in 1/fb makes mu a cross-section in fb.
    """

    signal: str
    luminosity: Positive | None = None
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    calculator: Literal["asymptotic", "toys"] | None = None
    toys: Annotated[int, Field(ge=100)] = 10_000


class HepdataTable(Table):
    """Tables for HEPData in the run's folder, with these keywords."""

    keywords: dict[str, str] = Field(default_factory=dict)
