"""How far the p-values of null events may be trusted: their empirical law with the right band."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.conformal import ConformalNull
from strangeness.calibration.mondrian import MondrianNull, bin_index
from strangeness.chain import Outcome
from strangeness.core.errors import InputError
from strangeness.policies.folds import FoldedNull
from strangeness.report.parts import CalibrationCurve

Array = NDArray[np.float64]
SIMULATED = 4000
_QUANTILES = (0.025, 0.16, 0.84, 0.975)


def calibration_curve(
    p: ArrayLike,
    n_calibration: ArrayLike,
    *,
    bin: ArrayLike | None = None,
    randomised: bool = True,
    name: str = "",
    seed: int = 0,
) -> CalibrationCurve:
    """The empirical share of p <= alpha with the band of events that share their calibration samples.

    The efficiency of p <= alpha is one draw for all events of a bin (arXiv:1209.2673), so the share scatters
    more than a binomial one; the band is simulated from its exact law.

    Args:
        p: p-values (n,) of null events that nothing was fitted or calibrated on.
        n_calibration: calibration events, one number or one a bin.
        bin: calibration bin (n,) of each event; None for one bin.
        randomised: whether ties and steps were filled at random.
        name: label.
        seed: of the simulation.

    Raises:
        InputError: without events, for p-values outside [0, 1], or bins that do not match.
    """
    p, sizes = np.asarray(p, np.float64), np.atleast_1d(np.asarray(n_calibration, np.int64))
    where = np.zeros(p.size, np.int64) if bin is None else np.asarray(bin, np.int64)
    if p.ndim != 1 or p.size == 0 or not np.all((p >= 0) & (p <= 1)):
        raise InputError(
            f"p-values of shape {p.shape}, not all in [0, 1]", "Give those of one or more events."
        )
    if where.shape != p.shape or where.min() < 0 or where.max() >= sizes.size or sizes.min() < 1:
        raise InputError(f"calibration bins of shape {where.shape} for {p.size} events", "Give one an event.")
    tested = np.bincount(where, minlength=sizes.size)
    alpha = _grid(int(sizes.max()), p.size)
    low95, low, high, high95 = _bands(alpha, sizes, tested, randomised, np.random.default_rng(seed))
    share = np.searchsorted(np.sort(p), alpha * (1 + 1e-12), side="right") / p.size
    return CalibrationCurve(
        name=name,
        alpha=alpha.tolist(),
        share=share.tolist(),
        low=low.tolist(),
        high=high.tolist(),
        low95=low95.tolist(),
        high95=high95.tolist(),
        calibration=sizes.tolist(),
        tested=tested.tolist(),
    )


def calibration_of(outcome: Outcome, *, name: str = "", seed: int = 0) -> CalibrationCurve | None:
    """The curve of a run: its held-out reference against its calibration, bin by bin where it has bins.

    None for a calibration whose share of p <= alpha has no law at every alpha.
    """
    null, checked = outcome.chain.null, outcome.checked
    if isinstance(null, FoldedNull):
        null = null.members[0]  # the folds share their calibration events
    if isinstance(null, MondrianNull):
        sizes, bins = null.n_calibration, bin_index(np.asarray(checked.batch.context), null.edges)
    elif isinstance(null, ConformalNull):
        sizes, bins = np.array([int(null.n_eff)]), None
    else:
        return None
    return calibration_curve(checked.p, sizes, bin=bins, randomised=null.randomised, name=name, seed=seed)


def shared_shares(
    alpha: ArrayLike,
    n_calibration: ArrayLike,
    tested: ArrayLike,
    randomised: bool,
    n_simulated: int,
    rng: np.random.Generator,
) -> Array:
    """Simulated shares (n_simulated, len(alpha)) of p <= alpha, joint over the increasing ``alpha``.

    Args:
        alpha: increasing cuts in (0, 1].
        n_calibration: calibration events of each bin.
        tested: tested null events of each bin.
        randomised: as in ``calibration_curve``.
        n_simulated: calibration samples that are drawn.
        rng: random numbers.
    """
    alpha, tested = np.asarray(alpha, np.float64), np.atleast_1d(tested)
    counts = np.zeros((n_simulated, alpha.size))
    for n, events in zip(np.atleast_1d(n_calibration), tested, strict=True):
        efficiency = _efficiencies(alpha, int(n), randomised, n_simulated, rng)
        counts += _counts(efficiency, int(events), rng)
    return counts / tested.sum()


def _bands(
    alpha: Array,
    sizes: NDArray[np.int64],
    tested: NDArray[np.int64],
    randomised: bool,
    rng: np.random.Generator,
) -> Array:
    drawn = shared_shares(alpha, sizes, tested, randomised, SIMULATED, rng)
    return np.quantile(drawn, _QUANTILES, axis=0)


def _grid(n_calibration: int, n_tested: int) -> Array:
    """Ten cuts a decade up to 1, from where one event is expected or the calibration ends."""
    first = max(1.0 / (n_calibration + 1), 1.0 / n_tested)
    steps = min(int(np.ceil(10 * np.log10(first) - 1e-9)), -10)
    return 10.0 ** (np.arange(steps, 1) / 10)


def _efficiencies(alpha: Array, n: int, randomised: bool, size: int, rng: np.random.Generator) -> Array:
    """Chance of p <= alpha given a calibration sample: sums of Dirichlet(1, ..., 1) steps, (size, alphas)."""
    position = alpha * (n + 1)
    step = np.minimum(np.floor(position + 1e-9), n + 1).astype(np.int64)
    part = np.clip(position - step, 0, 1) if randomised else np.zeros(alpha.size)
    knots = np.unique(np.concatenate([[0], step, np.minimum(step + 1, n + 1), [n + 1]]))
    mass = np.cumsum(rng.standard_gamma(np.diff(knots), (size, knots.size - 1)), axis=1)
    below = np.concatenate([np.zeros((size, 1)), mass / mass[:, -1:]], axis=1)
    at, above = np.searchsorted(knots, step), np.searchsorted(knots, np.minimum(step + 1, n + 1))
    return below[:, at] + part * (below[:, above] - below[:, at])


def _counts(efficiency: Array, events: int, rng: np.random.Generator) -> Array:
    """Events below each cut for these efficiencies, drawn from one cut to the next."""
    counts = np.zeros(efficiency.shape)
    before, reached = np.zeros(len(efficiency)), np.zeros(len(efficiency), np.int64)
    for i, now in enumerate(efficiency.T):
        left = np.maximum(1 - before, 1e-300)
        reached = reached + rng.binomial(events - reached, np.clip((now - before) / left, 0, 1))
        counts[:, i], before = reached, now
    return counts
