"""CLs without asymptotic formulae: the likelihood ratio at nominal nuisances, nuisances drawn anew in each
pseudo-experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr

from strangeness.core.errors import InputError
from strangeness.search.workspace import pyhf_module, quiet

Array = NDArray[np.float64]
_QUANTILES = (0.02275, 0.15866, 0.5, 0.84134, 0.97725)
_FEWEST = 5.0
_MOST_EVENTS = 3e7


@dataclass
class Count:
    """One bin: the likelihood ratio orders like the count, and its Poisson law is averaged over nuisances.

    Attributes:
        observed: the count.
        rate: background at draws of the nuisances (n,).
        signal: signal per unit of mu at the same draws (n,).
    """

    observed: float
    rate: Array
    signal: Array

    def __post_init__(self) -> None:
        self.at = np.array([self.observed, *(self._quantile(q) for q in _QUANTILES)])
        self.below = np.array([pdtr(n, self.rate).mean() for n in self.at])

    def cls(self, mu: float) -> Array:
        """CLs at mu: observed, then for background alone at -2 to 2 standard deviations, (6,)."""
        mean = self.rate + mu * self.signal
        return np.array([pdtr(n, mean).mean() for n in self.at]) / self.below

    def _quantile(self, q: float) -> float:
        """The smallest count that background alone does not exceed with probability ``q``."""
        low, high = -1, int(np.ceil(self.rate.max() + 9 * np.sqrt(self.rate.max()) + 9))
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if pdtr(middle, self.rate).mean() >= q else (middle, high)
        return float(high)

    def refuse_unresolved(self, at: float, mu: float) -> None:
        """Nothing to refuse: the probabilities are sums, not shares of pseudo-experiments."""


@dataclass
class Toys:
    """Pseudo-experiments of a workspace, thinned so that their counts grow with mu.

    Attributes:
        b, s: nominal background and signal per unit of mu, (bins,).
        observed: the data (bins,).
        background: counts of background alone (bins, n).
        base: counts of the background under the signal hypothesis (bins, n), another draw.
        signal: rates of the signal at mu = 1 (bins, n).
        rng: draws more signal events when mu grows beyond those there are.
    """

    b: Array
    s: Array
    observed: Array
    background: NDArray[np.int64]
    base: NDArray[np.int64]
    signal: Array
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.reach = 0.0
        self.arrival, self.cell = np.zeros(0), np.zeros(0, np.intp)

    def cls(self, mu: float) -> Array:
        """CLs at mu: observed, then for background alone at -2 to 2 standard deviations, (6,).

        Both tails count the data as one of the pseudo-experiments (+1).
        """
        weight = np.log1p(mu * self.s / self.b)
        null = np.sort(weight @ self.background)
        both = np.sort(weight @ (self.base + self._signal(mu)))
        seen = np.quantile(null, _QUANTILES, method="higher")
        # a hair above each value, so that equal counts stay equal whatever the order of their sum
        at = np.concatenate([[weight @ self.observed], seen]) * (1 + 1e-12) + 1e-12
        above, below = (np.searchsorted(sample, at, side="right") + 1 for sample in (both, null))
        return np.minimum(above / below, 1.0)

    def refuse_unresolved(self, at: float, mu: float) -> None:
        """Raise an InputError when too few pseudo-experiments lie below the data or the lowest band."""
        weight = np.log1p(mu * self.s / self.b)
        null = weight @ self.background
        share = min(float(np.mean(null <= weight @ self.observed)), _QUANTILES[0])
        if share * null.size * at < _FEWEST:
            needed = int(np.ceil(_FEWEST / (at * max(share, 1 / null.size))))
            raise InputError(
                f"{null.size:,} toys, of which {share:.2g} show as little as the data or the lowest band",
                f"Ask for n_toys of {needed:,} or more.",
            )

    def _signal(self, mu: float) -> NDArray[np.int64]:
        """Signal counts (bins, n): of one stream of events, those that have arrived by ``mu``."""
        if mu > self.reach:
            self._extend(2 * mu)
        arrived = self.cell[self.arrival <= mu]
        return np.bincount(arrived, minlength=self.signal.size).reshape(self.signal.shape)

    def _extend(self, reach: float) -> None:
        rate = (reach - self.reach) * self.signal
        if rate.sum() > _MOST_EVENTS:
            raise InputError(
                f"toys with {rate.sum() / rate.shape[1]:.3g} signal events each",
                "Use fewer toys, or the asymptotic formulae where counts are this large.",
            )
        counts = self.rng.poisson(rate)
        cell = np.repeat(np.arange(rate.size), counts.ravel())
        arrival = self.reach + (reach - self.reach) * self.rng.random(cell.size)
        self.cell, self.arrival = np.concatenate([self.cell, cell]), np.concatenate([self.arrival, arrival])
        self.reach = reach


def pseudo_experiments(workspace: Mapping[str, Any], n: int, seed: int) -> Count | Toys:
    """``n`` draws of the nuisances of a workspace, with counts under each hypothesis if it has several bins.

    Raises:
        InputError: for a bin without background, or a nuisance whose prior is neither normal nor Poisson.
    """
    rng = np.random.default_rng(seed)
    pyhf = pyhf_module()
    with quiet():
        space = pyhf.Workspace(dict(workspace))
        model = space.model()
        observed = np.asarray(space.data(model, include_auxdata=False), np.float64)
    at = np.asarray(model.config.suggested_init(), np.float64)[:, None]
    b, s = _rates(space, model, at)
    if np.any(b <= 0):
        raise InputError("a bin without any background", "Merge bins: one signal event would prove it.")
    null, both = (_rates(space, model, _nuisances(model, n, rng)) for _ in range(2))
    if b.size == 1:
        return Count(float(observed[0]), both[0][0], both[1][0])
    background, base = (rng.poisson(np.maximum(part[0], 0.0)) for part in (null, both))
    return Toys(b[:, 0], s[:, 0], observed, background, base, np.maximum(both[1], 0.0), rng)


def _rates(space: Any, model: Any, at: Array) -> tuple[Array, Array]:
    """Background and signal per unit of mu, (bins, n), at parameters ``at`` (parameters, n)."""
    found = []
    with quiet():
        batch = space.model(batch_size=at.shape[1])
        for mu in (0.0, 1.0):
            moved = at.copy()
            moved[model.config.poi_index] = mu
            found.append(
                np.asarray(batch.expected_actualdata(moved.T), np.float64).reshape(at.shape[1], -1).T
            )
    return found[0], found[1] - found[0]


def _nuisances(model: Any, n: int, rng: np.random.Generator) -> Array:
    """Parameters (parameters, n), each nuisance drawn from its constraint."""
    at = np.repeat(np.asarray(model.config.suggested_init(), np.float64)[:, None], n, axis=1)
    for name in model.config.par_order:
        parameters = model.config.param_set(name)
        if not parameters.constrained:
            continue
        where = model.config.par_slice(name)
        size = where.stop - where.start
        fixed = np.broadcast_to(np.asarray(parameters.suggested_fixed), (size,))
        drawn = _drawn(parameters, (size, n), rng, name)
        at[where] = np.where(fixed[:, None], at[where], drawn)
    return at


def _drawn(parameters: Any, shape: tuple[int, int], rng: np.random.Generator, name: str) -> Array:
    if parameters.pdf_type == "poisson":
        # Gamma with the mean one: the reference count that the constraint stands for
        count = np.broadcast_to(np.asarray(parameters.factors, np.float64), shape[:1])[:, None]
        return rng.gamma(count, size=shape) / count
    if parameters.pdf_type == "normal":
        centre = np.broadcast_to(np.asarray(parameters.auxdata, np.float64), shape[:1])[:, None]
        width = np.broadcast_to(np.asarray(getattr(parameters, "sigmas", [1.0])), shape[:1])[:, None]
        return centre + width * rng.standard_normal(shape)
    raise InputError(
        f"the nuisance '{name}' with a {parameters.pdf_type} constraint", "Use asymptotic limits."
    )
