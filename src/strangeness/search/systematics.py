"""Systematic uncertainties: how the selected background changes when a nuisance moves by one sigma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
_REACH = 9.0
_CELLS = 20
_NODES = 800


@dataclass(frozen=True)
class Systematic:
    """One nuisance parameter with a standard normal prior, common to all bins.

    Between and beyond its two points the background is multiplied by (1 + up)^z for z >= 0 and by
    (1 + down)^-z below: piecewise exponential, interpolation code 1 of HistFactory (CERN-OPEN-2012-016,
    section 4.1).

    Attributes:
        name: short name, e.g. "jet energy scale".
        up, down: relative change of the background at +1 and -1 sigma, above -1; one value a bin, or one for
            all.
    """

    name: str
    up: tuple[float, ...]
    down: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("a systematic without a name", "Name it, for instance 'jet energy scale'.")
        up, down = (np.atleast_1d(np.asarray(side, np.float64)) for side in (self.up, self.down))
        if up.ndim != 1 or up.shape != down.shape or up.size == 0:
            raise InputError(
                f"the systematic '{self.name}' with {up.size} values up and {down.size} down",
                "Give one of each a bin, or one of each for all bins.",
            )
        for side, values in (("up", up), ("down", down)):
            if not np.all(np.isfinite(values)) or np.any(values <= -1):
                raise InputError(
                    f"the systematic '{self.name}' changes the background by {values.min():g} ({side})",
                    "Give finite relative changes above -1, for instance 0.05 for 5 %.",
                )
            object.__setattr__(self, side, tuple(float(value) for value in values))

    def logs(self, bins: int) -> tuple[Array, Array]:
        """Logarithms of the factors at +1 and at -1 sigma, (bins,) each.

        Raises:
            InputError: when it was made for another number of bins.
        """
        if len(self.up) not in (1, bins):
            raise InputError(
                f"the systematic '{self.name}' has {len(self.up)} bins where the search has {bins}",
                "Give one value a bin, or one for all.",
            )
        return np.broadcast_to(np.log1p(self.up), (bins,)), np.broadcast_to(np.log1p(self.down), (bins,))

    def over(self, share: ArrayLike) -> Systematic:
        """The same nuisance for the sum of all bins; ``share`` (bins,) is the background in each."""
        weight = np.asarray(share, np.float64)
        if weight.ndim != 1 or np.any(weight < 0) or not weight.sum() > 0:
            raise InputError(f"background shares of shape {weight.shape}", "Give one number >= 0 a bin.")
        high, low = (np.average(np.expm1(side), weights=weight) for side in self.logs(weight.size))
        return Systematic(self.name, (float(high),), (float(low),))


def systematic_from_counts(
    name: str,
    nominal: ArrayLike,
    up: ArrayLike,
    down: ArrayLike | None = None,
    *,
    totals: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
    smoothing: int = 0,
) -> Systematic:
    """The systematic that shifted copies of the reference show.

    The three samples hold the same events, so that most of their fluctuation cancels in the ratio; where it
    does not, the ratio carries the noise of the events that moved.

    Args:
        name: its name.
        nominal: selected events (bins,) of the reference as it is.
        up: the same of the copy shifted by +1 sigma.
        down: the same of the copy shifted by -1 sigma; without it the factor down is one over the factor up.
        totals: all events (bins,) of the three samples; the change is then that of the efficiency, selected
            over all, as a counting experiment needs it.
        smoothing: neighbours on either side that are added to each bin before the ratio; 0 leaves it as it
            is.

    Raises:
        InputError: for shapes that differ, bad counts, or bins without events, which it names.
    """
    low = nominal if down is None else down
    samples = {"nominal": nominal, "up": up, "down": low}
    counts = {side: _counts(name, side, values, smoothing) for side, values in samples.items()}
    if totals is not None:
        for side, values in zip(samples, totals, strict=True):
            counts[side] = counts[side] / _counts(name, f"total {side}", values, smoothing, counts[side].size)
    if len({values.size for values in counts.values()}) > 1:
        sizes = ", ".join(f"{side} {values.size}" for side, values in counts.items())
        raise InputError(f"the systematic '{name}' has histograms of {sizes} bins", "Use the same bins.")
    higher = counts["up"] / counts["nominal"] - 1
    lower = 1 / (1 + higher) - 1 if down is None else counts["down"] / counts["nominal"] - 1
    return Systematic(name, tuple(higher.tolist()), tuple(lower.tolist()))


def _counts(name: str, side: str, values: ArrayLike, smoothing: int, bins: int | None = None) -> Array:
    counts = np.asarray(values, np.float64)
    if counts.ndim != 1 or counts.size != (bins or counts.size) or not np.all(np.isfinite(counts)):
        raise InputError(
            f"the systematic '{name}': {side} counts of shape {counts.shape}",
            "Give one finite number a bin, of the same bins for all.",
        )
    if smoothing < 0:
        raise InputError(f"smoothing = {smoothing}", "Give a number of neighbouring bins, 0 for none.")
    if np.any(counts < 0):
        raise InputError(f"the systematic '{name}': negative {side} counts", "Give counts >= 0.")
    kernel = np.ones(2 * smoothing + 1)
    summed = np.convolve(counts, kernel)[smoothing : smoothing + counts.size]
    if np.any(summed <= 0):
        empty = ", ".join(str(i) for i in np.flatnonzero(summed <= 0)[:8])
        raise InputError(
            f"the systematic '{name}': no {side} event in bin {empty}",
            "Merge these bins, add reference events, or smooth over neighbours.",
        )
    return summed


def checked(systematics: Sequence[Systematic], bins: int) -> tuple[Systematic, ...]:
    """The systematics, after their names and bins were checked.

    Raises:
        InputError: when two have the same name, or one was made for other bins.
    """
    names = [item.name for item in systematics]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(
            f"two systematics are called '{sorted(twice)[0]}'", "Give each nuisance a name of its own."
        )
    for item in systematics:
        item.logs(bins)
    return tuple(systematics)


def factors(systematics: Sequence[Systematic], bins: int, rng: np.random.Generator, size: int) -> Array:
    """Factors (bins, size) on the background: one standard normal draw for each systematic and experiment."""
    log_factor = np.zeros((bins, size))
    for item in systematics:
        up, down = item.logs(bins)
        z = rng.standard_normal(size)
        log_factor += up[:, None] * np.maximum(z, 0.0) + down[:, None] * np.maximum(-z, 0.0)
    return np.exp(log_factor)


def factor_law(systematics: Sequence[Systematic]) -> tuple[Array, Array]:
    """Law of the factor on a single bin under all systematics together: values (m,) and probabilities (m,).

    The logarithm of the factor is a sum of independent terms. Each is put on a grid of a twentieth of the
    total standard deviation such that its mean is kept, and the grids are convolved; the variance is too
    large by less than 0.05 % a systematic.

    Raises:
        InputError: for a systematic of more than one bin; ``Systematic.over`` makes one of it.
    """
    sides = [tuple(float(side[0]) for side in item.logs(1)) for item in systematics]
    spread = float(np.sqrt(sum((up**2 + down**2) / 2 for up, down in sides)))
    if spread == 0.0:
        return np.ones(1), np.ones(1)
    step, offset, mass = spread / _CELLS, 0, np.ones(1)
    z = (np.arange(_NODES) + 0.5) * (_REACH / _NODES)
    density = np.exp(-(z**2) / 2)
    density /= 2 * density.sum()
    for up, down in sides:
        position: Array = np.concatenate([up * z, down * z]).astype(np.float64) / step
        first, part = _on_grid(position, np.tile(density, 2))
        offset, mass = offset + first, np.convolve(mass, part)
    kept = np.flatnonzero(mass > 1e-18 * mass.max())
    return np.exp(step * (offset + kept)), mass[kept] / mass[kept].sum()


def _on_grid(position: Array, weight: Array) -> tuple[int, Array]:
    """Weights shared between the two whole numbers beside each position: their mean stays what it was."""
    below = np.floor(position).astype(np.intp)
    first = int(below.min())
    share = position - below
    mass = np.zeros(int(below.max()) - first + 2)
    mass += np.bincount(below - first, weight * (1 - share), mass.size)
    mass[1:] += np.bincount(below - first, weight * share, minlength=mass.size - 1)[: mass.size - 1]
    return first, mass


def names(systematics: Sequence[Systematic]) -> str:
    """Their names in one phrase."""
    return ", ".join(item.name for item in systematics)
