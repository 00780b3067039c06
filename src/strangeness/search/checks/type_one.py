"""Do background toys reach small global p-values too often?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betainc

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.checks.background_form import fitted
from strangeness.search.checks.reference import Array
from strangeness.search.null import Efficiency
from strangeness.search.significance import global_p
from strangeness.stats.selection import SelectionLaw

Progress = Callable[[int, int], None]
_TYPE_I = 0.05


def toy_p_values(
    hunt: BumpHunt,
    counts: Array,
    law: SelectionLaw | None,
    n_toys: int,
    scale: float,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Array:
    """Randomised global p-values (n_toys,) of toys drawn from ``scale`` times the fit to ``counts``."""
    null = fitted(hunt, counts, law)
    source = Efficiency(null.expected * scale, hunt.bin_edges(), law, hunt.systematics)
    p = np.empty(n_toys)
    for i in range(n_toys):
        toy = _usable_toy(source, null.design.k, rng)
        toy_null = hunt.null(toy, law)
        seen = float(toy_null.observed().t[0])
        p[i] = global_p(seen, hunt.pseudo_statistics(toy_null, rng), rng).randomised
        if progress is not None:
            progress(i + 1, n_toys)
    return p


def type_one_error(p: Array, at: float = _TYPE_I) -> Check:
    """Does a background toy reach p <= 5 % more often than that? One-sided binomial test."""
    k = int(np.count_nonzero(p <= at))
    chance = float(betainc(k, p.size - k + 1, at)) if k else 1.0
    text = (
        f"{k} of {p.size} background toys have a global p below {at:g} ({at * p.size:g} expected), "
        f"p = {chance:.2g}"
    )
    return Check("type-I error", chance, k / p.size, True, text)


def _usable_toy(source: Efficiency, parameters: int, rng: np.random.Generator) -> Array:
    """One toy (bins,) with enough filled bins for a fit; the rare others are drawn again."""
    toys = source.draw(rng, 20)
    usable = np.flatnonzero(np.count_nonzero(toys, axis=0) >= parameters)
    if not usable.size:
        raise InputError(
            f"background toys of about {source.expected.sum():.3g} events",
            "Raise alpha or the held-out share.",
        )
    return toys[:, usable[0]].astype(np.float64)
