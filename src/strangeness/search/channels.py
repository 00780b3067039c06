"""Several channels searched together: the largest excess in any of them, or one at the same mass in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt, Progress
from strangeness.search.null import FittedNull, FixedNull, Null, TemplateNull
from strangeness.search.result import SearchResult
from strangeness.search.significance import GlobalP, global_p, of_sequential
from strangeness.search.systematics import factors
from strangeness.search.template import template_t
from strangeness.search.windows import checked_widths, window_list, window_p, window_sums
from strangeness.stats.poisson_fit import newton
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.sequential import sequential_p

Array = NDArray[np.float64]
Combine = Literal["largest", "same mass"]


@dataclass(frozen=True)
class ChannelsResult:
    """The outcome of a search in several channels.

    Attributes:
        results: the result of each channel by name, with its own global p-value.
        outcome: the global p-value over all channels.
        combine: how the channels were put together.
        t: the joint statistic of the data.
        channel: the channel with the largest excess, empty for "same mass".
        window: (lo, hi) in GeV of the largest joint excess.
        local_p: its local p-value; for "same mass" Fisher's, an upper bound for counts.
        assumptions: what the joint p-value rests on, beside those of each channel.
    """

    results: Mapping[str, SearchResult]
    outcome: GlobalP
    combine: Combine
    t: float
    channel: str
    window: tuple[float, float]
    local_p: float
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Channels:
    """Bump hunts in channels without common events, with one global p-value from joint pseudo-experiments.

    "largest": the statistic is the largest t = -log p_local over channels and windows. "same mass": the
    largest sum over channels of t in the same window (Fisher's combination, where a channel without an excess
    adds nothing); all channels must then have the same edges and widths.

    Attributes:
        hunts: a bump hunt for each name; their own n_pseudo and stop_after are not used.
        combine: "largest" or "same mass".
        n_pseudo: joint pseudo-experiments, at most.
        stop_after: as in BumpHunt; pseudo-experiments go on until it is reached for every channel and for all
            together, None makes all of them.
    """

    hunts: Mapping[str, BumpHunt]
    combine: Combine = "largest"
    n_pseudo: int = 10_000
    stop_after: int | None = None

    def run_counts(
        self,
        counts: Mapping[str, ArrayLike],
        *,
        selection_laws: Mapping[str, SelectionLaw] | None = None,
        rng: np.random.Generator,
        progress: Progress | None = None,
    ) -> ChannelsResult:
        """Search a histogram (bins,) of selected events for each channel.

        Args:
            counts: by the names of ``hunts``.
            selection_laws: the law of the efficiency, for channels that have one; their calibration samples
                must not overlap.
            rng: NumPy generator.
            progress: called with (done, total) pseudo-experiments.

        Raises:
            InputError: for no channel, names that do not match, n_pseudo < 1, channels with different windows
                for "same mass", or whatever a channel refuses.
        """
        laws = self._checked(counts, selection_laws or {})
        nulls = {name: hunt.null(counts[name], laws.get(name)) for name, hunt in self.hunts.items()}
        joint = _Joint(self, list(nulls.values()))
        outcomes = self._outcomes(joint, rng, progress)
        results = {
            name: hunt.result(nulls[name], scan, outcome, laws.get(name), counts[name])
            for (name, hunt), scan, outcome in zip(
                self.hunts.items(), joint.scans, outcomes[:-1], strict=True
            )
        }
        return self._result(joint, results, outcomes[-1])

    def _checked(
        self, counts: Mapping[str, ArrayLike], laws: Mapping[str, SelectionLaw]
    ) -> Mapping[str, SelectionLaw]:
        if not self.hunts or set(counts) != set(self.hunts) or not set(laws) <= set(self.hunts):
            raise InputError(
                f"channels {sorted(self.hunts)} with counts of {sorted(counts)} and laws of {sorted(laws)}",
                "Give one histogram for each channel.",
            )
        if self.n_pseudo < 1:
            raise InputError(f"n_pseudo = {self.n_pseudo}", "Ask for at least one pseudo-experiment.")
        if self.combine not in ("largest", "same mass"):
            raise InputError(f"combine = '{self.combine}'", "Choose 'largest' or 'same mass'.")
        if self.combine == "same mass":
            first, *others = self.hunts.values()
            for other in others:
                if not np.array_equal(first.bin_edges(), other.bin_edges()) or first.widths != other.widths:
                    raise InputError(
                        "channels with different bins or widths", "Search for the same mass in equal windows."
                    )
        return laws

    def _outcomes(
        self, joint: _Joint, rng: np.random.Generator, progress: Progress | None
    ) -> tuple[GlobalP, ...]:
        """The global p-value of each channel, and last the one of all."""
        if self.stop_after is not None:
            sequence = sequential_p(
                lambda size: joint.pseudo(rng, size),
                joint.observed,
                rng,
                stop_after=self.stop_after,
                n_max=self.n_pseudo,
                chunk=joint.chunk,
                progress=progress,
            )
            return tuple(of_sequential(value, self.stop_after, self.n_pseudo) for value in sequence)
        pseudo = np.empty((self.n_pseudo, joint.observed.size))
        for begin in range(0, self.n_pseudo, joint.chunk):
            end = min(begin + joint.chunk, self.n_pseudo)
            pseudo[begin:end] = joint.pseudo(rng, end - begin)
            if progress is not None:
                progress(end, self.n_pseudo)
        return tuple(global_p(float(t), pseudo[:, i], rng) for i, t in enumerate(joint.observed))

    def _result(self, joint: _Joint, results: dict[str, SearchResult], outcome: GlobalP) -> ChannelsResult:
        t, notes = float(joint.observed[-1]), [_INDEPENDENT]
        if self.combine == "largest":
            channel = list(results)[int(np.argmax(joint.observed[:-1]))]
            window, local = results[channel].window, float(np.exp(-t))
        else:
            channel, window = "", joint.window
            # t of a channel without an excess is 0 <= -log p, so the Gamma tail is not too small
            local = float(gammaincc(len(results), t))
            notes.append("the resonance has the same mass in every channel; strengths are free")
        return ChannelsResult(results, outcome, self.combine, t, channel, window, local, tuple(notes))


_INDEPENDENT = "channels have no event, no calibration event and no systematic in common"


class _Joint:
    """Statistics of all channels and their joint one, of the data and of pseudo-experiments."""

    def __init__(self, channels: Channels, nulls: Sequence[Null]) -> None:
        self.nulls, self.same_mass = nulls, channels.combine == "same mass"
        self.scans = [null.observed() for null in nulls]
        self.chunk = min(null.chunk for null in nulls)
        own = np.array([float(scan.t[0]) for scan in self.scans])
        hunt = next(iter(channels.hunts.values()))
        self.edges = hunt.bin_edges()
        self.widths = checked_widths(hunt.widths, self.edges.size - 1) if self.same_mass else ()
        self.window, joint = (0.0, 0.0), float(own.max())
        if self.same_mass:
            joint = self._observed_window()
        self.observed = np.append(own, joint)

    def _observed_window(self) -> float:
        total = np.sum([observed_windows(null, self.widths) for null in self.nulls], axis=0)[:, 0]
        best = int(np.argmax(total))
        first, width = window_list(self.edges.size - 1, self.widths)
        self.window = (float(self.edges[first[best]]), float(self.edges[first[best] + width[best]]))
        return float(total[best])

    def pseudo(self, rng: np.random.Generator, size: int) -> Array:
        """(size, channels + 1): t of each channel and the joint statistic."""
        if not self.same_mass:
            own = np.stack([null.pseudo(rng, size) for null in self.nulls], axis=1)
            return np.column_stack([own, own.max(axis=1)])
        parts = [pseudo_windows(null, rng, size, self.widths) for null in self.nulls]
        own = np.stack([part.max(axis=0) for part in parts], axis=1)
        return np.column_stack([own, np.sum(parts, axis=0).max(axis=0)])


def observed_windows(null: Null, widths: Sequence[int]) -> Array:
    """t of every window (windows, 1) of the data."""
    if not isinstance(null, FittedNull | FixedNull | TemplateNull):
        raise InputError(f"a background of type {type(null).__name__}", "Combine known kinds of background.")
    return _windows(null, null.counts[:, None], null.expected[:, None], widths)


def pseudo_windows(null: Null, rng: np.random.Generator, size: int, widths: Sequence[int]) -> Array:
    """t of every window (windows, size) of pseudo-experiments, refitted where the null is."""
    if isinstance(null, TemplateNull):
        share: float | Array = null.share
        if null.systematics:
            factor = factors(null.systematics, null.total.size, rng, size)
            share = factor / (factor + null.tau)
        counts = rng.binomial(null.total[:, None], share, (null.total.size, size))
        return _windows(null, counts.astype(np.float64), null.expected[:, None], widths)
    if isinstance(null, FixedNull):
        counts = null.source.draw(rng, size).astype(np.float64)
        return _windows(null, counts, null.expected[:, None], widths)
    if not isinstance(null, FittedNull):
        raise InputError(f"a background of type {type(null).__name__}", "Combine known kinds of background.")
    counts = null.source.draw(rng, size).astype(np.float64)
    filled = counts.any(axis=0)
    mu, _, converged = newton(counts, null.design, null.theta)
    null.failed += int(np.count_nonzero(filled & ~converged))
    t = _windows(null, counts, mu, widths)
    t[:, ~converged] = np.inf
    t[:, ~filled] = 0.0
    return t


def _windows(null: Null, counts: Array, expected: Array, widths: Sequence[int]) -> Array:
    n = np.concatenate([s for _, s in window_sums(counts, widths)])
    if isinstance(null, TemplateNull):
        total = np.concatenate([s for _, s in window_sums(null.total[:, None], widths)])
        return template_t(n, total - n, null.tau)
    b = np.concatenate([s for _, s in window_sums(expected, widths)])
    return window_p(n, np.broadcast_to(b, n.shape).copy())
