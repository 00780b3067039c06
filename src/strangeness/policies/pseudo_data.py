"""The null by pseudo-data: fresh data sets of a smooth law fitted to the reference, the chain run on each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strangeness.core.errors import InputError
from strangeness.events.events import Events
from strangeness.events.parent import fit_parent
from strangeness.policies.exchange import Draw
from strangeness.policies.samples import matched


@dataclass(frozen=True)
class PseudoData:
    """Data sets of the null from a declared parent (``events.parent``) that is fitted to this reference.

    The parent's mass spectrum and features are smooth, so that no toy inherits the reference's fluctuations,
    as a bootstrap would. It knows nothing beyond the reference that the search itself was given.

    Attributes:
        columns: features that the toys hold beside the resonance mass ``mjj``; None: all that both have.
        toys: most data sets.
        stop_after: stop when so many are at least as extreme as the data; None always runs all.
    """

    columns: tuple[str, ...] | None = None
    toys: int = 1000
    stop_after: int | None = 10
    name = "pseudo-data"
    assumption = "background follows a smooth law fitted to the reference; all was trained anew on its toys"

    def fitted(self, data: Events, reference: Events, context: str) -> Draw:
        """What draws (data, reference) of the null, both of Poisson size around the given ones.

        Raises:
            InputError: for another context than mjj, or a column that is missing or that the parent cannot
                describe.
        """
        if context != "mjj":
            raise InputError(f"pseudo-data in '{context}'", "The parent draws 'mjj'; use label exchange.")
        data, reference = matched(data, reference)
        mass = reference.column("mjj")
        top = float(np.nextafter(mass.max(), np.inf))
        every = tuple(name for name in reference.features if name != context)
        parent = fit_parent(
            reference, every if self.columns is None else self.columns, float(mass.min()), top
        )

        def draw(rng: np.random.Generator) -> tuple[Events, Events]:
            name = f"pseudo-data {rng.integers(2**63)}"
            toy = parent.draw(len(data), rng, name)
            return toy, parent.draw(len(reference), rng, f"{name}, reference")

        return draw
