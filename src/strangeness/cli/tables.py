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


class BlindTable(Table):
    """What a rehearsal assumes of the data: how many ``events`` the searched range will hold."""

    events: Positive | None = None
