"""The files of a run: opened by their tables, read in chunks, and no column more than is used."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strangeness.analysis import Shifted
from strangeness.cli.config import Config
from strangeness.cli.tables import FileTable
from strangeness.core.errors import ConfigError
from strangeness.core.estimators import Map, Representation
from strangeness.events.columns import CONSTITUENTS
from strangeness.events.events import Events
from strangeness.events.source import EventFile, column_of, without_features


def opened(table: FileTable, role: str) -> EventFile:
    """A file of events; the role is in their identities, or two files of one name would share them."""
    options = {**table.options(), "name": f"{role} {Path(table.file).stem}"}
    return EventFile(table.file, options=tuple(options.items()))


def used(source: EventFile, by: Representation | Map, context: str) -> EventFile:
    """The file, of which only what a representation uses, and the context, is read."""
    return source.only((*by.columns(source.available()), context))


@dataclass(frozen=True)
class Sources:
    """The two samples of a search and the column that is searched; the reference may be None."""

    data: EventFile
    reference: EventFile | None
    context: str

    @classmethod
    def of(cls, config: Config, channel: str = "") -> Sources:
        """The samples of a configuration, or of one of its channels."""
        named = f"{channel} " if channel else ""
        reference = None if config.reference is None else opened(config.reference, f"{named}reference")
        return cls(opened(config.data, f"{named}data"), reference, config.search.context)

    def seen_by(self, representation: Representation) -> tuple[EventFile, EventFile | None]:
        """Data and reference with the columns that a representation uses."""
        reference = None if self.reference is None else used(self.reference, representation, self.context)
        return used(self.data, representation, self.context), reference

    def reference_weights(self) -> NDArray[np.floating] | None:
        """Weights (n,) of the reference, None without one or where all count the same."""
        if self.reference is None:
            return None
        weight = without_features(self.reference.only((self.context,))).weight
        return None if np.all(weight == weight[0]) else weight

    def closed_for(self, representation: Representation) -> EventFile:
        """What may be read while the data are closed: the reference, or the data, whose sidebands serve."""
        return used(self.reference or self.data, representation, self.context)

    def shifted(self, config: Config, representation: Representation) -> dict[str, Shifted]:
        """Shifted copies of the reference by name; an event has the identity that it has in the reference."""

        def copy(file: str) -> EventFile:
            if config.reference is None:
                raise ConfigError(
                    "'variations' without a reference",
                    "Add [reference]: its shifted copies are compared with it.",
                )
            options = {**config.reference.options(), "name": f"reference {Path(config.reference.file).stem}"}
            return used(EventFile(file, options=tuple(options.items())), representation, self.context)

        return {
            name: copy(table.up) if table.down is None else (copy(table.up), copy(table.down))
            for name, table in config.variations.items()
        }

    def drawn_by(self, representation: Representation) -> EventFile:
        """The data with the columns that a representation uses, and the particles if there are any."""
        available = self.data.available()
        particles = [CONSTITUENTS] if CONSTITUENTS in available else []
        return self.data.only((*representation.columns(available), self.context, *particles))

    def spectra(self) -> tuple[NDArray[np.floating], NDArray[np.floating] | None]:
        """The context, (n,), of data and reference."""
        only, reference = (self.context,), self.reference
        known = None if reference is None else column_of(reference.only(only), self.context)
        return column_of(self.data.only(only), self.context), known

    @cached_property
    def known(self) -> dict[str, Events]:
        """Who the events of both samples are, their truth and origin; nothing that is measured."""
        both = {"data": self.data, "reference": self.reference}
        return {
            name: without_features(source.only((self.context,)))
            for name, source in both.items()
            if source is not None
        }
