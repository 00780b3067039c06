"""Several channels of one search: each through its own chain, and one global p-value over all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64
from strangeness.core.run import progress
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.channels import Channels, ChannelsResult, Combine
from strangeness.search.result import mass_unit


def joint_search(
    found: Mapping[str, tuple[Analysis, Outcome]], *, combine: Combine = "largest", seed: int = 0
) -> ChannelsResult:
    """One global p-value for the bump hunts of several channels, from joint pseudo-experiments.

    Args:
        found: name -> the analysis of a channel and what it left behind.
        combine: "largest" or "same mass", as in ``Channels``.
        seed: of the pseudo-experiments.

    Raises:
        ConfigError: for channels that are no bump hunts, or whose chain is repeated.
        InputError: for channels with an event in common, or a channel that a check has blocked.
    """
    hunts, laws, counts = {}, {}, {}
    for name, (analysis, outcome) in found.items():
        hunt = _hunt(name, analysis)
        _refuse_blocked(name, outcome)
        hunts[name] = replace(hunt, systematics=(*hunt.systematics, *outcome.systematics))
        laws[name] = outcome.chain.null.selection_law(analysis.alpha)
        counts[name] = np.asarray(outcome.result.spectrum.counts)
    refuse_shared({name: outcome for name, (_, outcome) in found.items()})
    first = next(iter(hunts.values()))
    joint = Channels(hunts, combine, first.n_pseudo, first.stop_after)
    with progress("joint pseudo-experiments", joint.n_pseudo) as show:
        return joint.run_counts(
            counts,
            selection_laws=laws,
            rng=np.random.default_rng([seed, len(found)]),
            progress=lambda done, _: show(done, ""),
        )


def refuse_shared(outcomes: Mapping[str, Outcome]) -> None:
    """Raise an InputError when two channels have a tested, checked or calibration event in common."""
    seen: dict[str, np.ndarray] = {}
    for name, outcome in outcomes.items():
        parts = [outcome.tested, outcome.checked, *([outcome.calibrated] if outcome.calibrated else [])]
        own = np.concatenate([as_uint64(part.batch.id) for part in parts])
        for other, ids in seen.items():
            if shared := np.intersect1d(own, ids).size:
                raise InputError(
                    f"the channels '{other}' and '{name}' have {shared} events in common",
                    "Give each channel data and a reference of its own.",
                )
        seen[name] = own


def joint_statement(found: ChannelsResult) -> str:
    """The outcome in one sentence."""
    scale, unit, decimals = mass_unit(found.window[1])
    low, high = (edge / scale for edge in found.window)
    where = f"between {low:.{decimals}f} and {high:.{decimals}f} {unit}"
    which = f"in '{found.channel}' {where}" if found.channel else f"at the same mass in all, {where}"
    outcome = found.outcome
    toys = f"{outcome.n_pseudo:,} joint pseudo-experiments"
    p = (
        f"p < {outcome.smallest:.2g} (tested: none of {toys} shows one as large)"
        if outcome.n_extreme == 0
        else f"background alone shows one as large with p = {outcome.p:.2g} ({outcome.z:.2f} sigma; {toys})"
    )
    return f"Over {len(found.results)} channels the largest excess is {which}; {p}."


def _hunt(name: str, analysis: Analysis) -> BumpHunt:
    if not isinstance(analysis.search, BumpHunt) or analysis.null is not None:
        raise ConfigError(
            f"the channel '{name}' is no bump hunt with pseudo-experiments",
            "Search channels with kind = 'bump-hunt' and without a null that repeats the chain.",
        )
    return analysis.search


def _refuse_blocked(name: str, outcome: Outcome) -> None:
    if outcome.result.blocked:
        raise InputError(
            f"no joint p-value: a validity check failed in the channel '{name}' ({outcome.result.reason})",
            "Mend what the check found and search again.",
        )
