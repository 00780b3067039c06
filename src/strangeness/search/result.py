"""The outcome of a search: one immutable value with its proof, written as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strangeness.core.errors import InputError
from strangeness.search.check import Check
from strangeness.search.significance import GlobalP
from strangeness.stats.selection import SelectionLaw

SCHEMA = "strangeness.result/2"


def mass_unit(largest: float) -> tuple[float, str, int]:
    """How masses up to ``largest`` GeV are shown: divided by what, in which unit, with how many decimals."""
    return (1000.0, "TeV", 2) if largest >= 1000 else (1.0, "GeV", 0 if largest >= 100 else 1)


@dataclass(frozen=True)
class Spectrum:
    """The histogram behind a result: edges (bins + 1,) in GeV; counts, fitted and pulls (bins,)."""

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    fitted: tuple[float, ...]
    pulls: tuple[float, ...]

    @classmethod
    def of(cls, edges: ArrayLike, counts: ArrayLike, fitted: ArrayLike, pulls: ArrayLike) -> Spectrum:
        """The histogram in these arrays."""
        return cls(*(tuple(np.asarray(a, np.float64).tolist()) for a in (edges, counts, fitted, pulls)))


@dataclass(frozen=True)
class SearchResult:
    """A statement with its proof.

    Attributes:
        kind: "bump hunt", "shape scan", "counting" or "counting windows".
        local_p, local_log_p, local_z: p-value of the reported window, its natural logarithm, its
            significance.
        window: (lo, hi) of the reported window in GeV.
        observed, expected: events in the window, seen and expected from background.
        global_p: (n_extreme + 1) / (n_pseudo + 1) over all windows, or the exact p-value of a counting
            experiment.
        global_p_randomised: the same with ties broken at random, uniform under the null.
        n_pseudo, n_extreme: pseudo-experiments, and those at least as extreme as the data (0, 0 when exact).
        global_z, global_z_interval: significance with its 68 % interval from the finite number of
            pseudo-experiments; an end is None where no pseudo-experiment bounds it.
        smallest_p: the smallest global p that could have come out.
        trials_factor: global_p / local_p.
        p_reach: smallest conformal p-value in each calibration bin, empty without a calibration.
        alpha: cut on the per-event p-value.
        assumptions: what the p-values rest on.
        spectrum: the histogram, its fit and the pulls.
        checks: the validity checks that were run.
        blocked, reason: whether a failed check withholds the significances (then None), and why.
        policy: which data trained the detector: "split", "k-fold" or "same-data".
        null: where the global p-value comes from.
        extrapolated_p, extrapolation: estimate of a global p below ``smallest_p`` and the assumption it rests
            on; None and "" where there is none.
        frozen: hash of the configuration that was frozen before the region was opened, else "".
    """

    kind: str
    local_p: float
    local_log_p: float
    local_z: float | None
    window: tuple[float, float]
    observed: float
    expected: float
    global_p: float
    global_p_randomised: float
    n_pseudo: int
    n_extreme: int
    global_z: float | None
    global_z_interval: tuple[float | None, float | None]
    smallest_p: float
    trials_factor: float | None
    p_reach: tuple[float, ...]
    alpha: float | None
    assumptions: tuple[str, ...]
    spectrum: Spectrum
    checks: tuple[Check, ...] = ()
    blocked: bool = False
    reason: str = ""
    policy: str = "split"
    null: str = "pseudo-experiments"
    extrapolated_p: float | None = None
    extrapolation: str = ""
    frozen: str = ""

    @classmethod
    def of_scan(
        cls,
        kind: str,
        spectrum: Spectrum,
        bins: slice,
        *,
        local_log_p: float,
        local_z: float,
        outcome: GlobalP,
        law: SelectionLaw | None,
        alpha: float | None,
        assumptions: Sequence[str],
    ) -> SearchResult:
        """The most significant ``bins`` of a spectrum that was scanned, before any check."""
        local_p = math.exp(local_log_p)
        return cls(
            kind=kind,
            local_p=local_p,
            local_log_p=local_log_p,
            local_z=max(local_z, 0.0),
            window=(spectrum.edges[bins.start], spectrum.edges[bins.stop]),
            observed=math.fsum(spectrum.counts[bins]),
            expected=math.fsum(spectrum.fitted[bins]),
            global_p=outcome.p,
            global_p_randomised=outcome.randomised,
            n_pseudo=outcome.n_pseudo,
            n_extreme=outcome.n_extreme,
            global_z=outcome.z,
            global_z_interval=outcome.interval,
            smallest_p=outcome.smallest,
            trials_factor=over_local(outcome.p, local_p),
            p_reach=() if law is None else tuple(law.smallest_p.tolist()),
            alpha=alpha,
            assumptions=tuple(assumptions),
            spectrum=spectrum,
        )

    @property
    def local_is_calibrated(self) -> bool:
        """Whether the local p-value is one: not where tested data trained the detector."""
        return self.policy == "split"

    def with_checks(self, checks: Sequence[Check]) -> SearchResult:
        """The same result with ``checks`` added; a failed one withholds the significances."""
        every = (*self.checks, *checks)
        failed = [check for check in every if not check.passed]
        if not failed:
            return dataclasses.replace(self, checks=every)
        reason = "; ".join(f"{check.name}: {check.text}" for check in failed)
        return dataclasses.replace(
            self,
            checks=every,
            blocked=True,
            reason=reason,
            local_z=None,
            global_z=None,
            global_z_interval=(None, None),
            extrapolated_p=None,
            extrapolation="",
        )

    def statement(self) -> str:
        """The result in one sentence."""
        scale, unit, decimals = mass_unit(self.window[1])
        lo, hi = (edge / scale for edge in self.window)
        seen = f"{self.observed:.4g} events where {self.expected:.3g} are expected"
        where = f"between {lo:.{decimals}f} and {hi:.{decimals}f} {unit}"
        if self.blocked:
            return (
                f"The search makes no statement of significance, because a validity check failed "
                f"({self.reason}); its largest excess is {seen} {where}."
            )
        if self.kind == "counting":
            by = f"; {self.n_pseudo:,} {self._toys()}" if self.n_pseudo else ""
            return (
                f"The selection holds {seen} {where}, p = {self.global_p:.2g} ({self._sigmas()}{by}) for "
                "background alone."
            )
        if self.kind == "counting windows":
            several = f"with p = {self.global_p:.2g} ({self._sigmas()})"
            return f"The largest excess is {seen} {where}, {self._local()}; in any of the regions {several}."
        return f"The largest excess is {seen} {where}, {self._local()}; {self._global()}."

    def _local(self) -> str:
        if not self.local_is_calibrated:
            return f"whose local p-value is not calibrated under the policy {self.policy}"
        z = "" if self.local_z is None else f" ({self.local_z:.1f} sigma)"
        return f"local p = {_short(self.local_p, self.local_log_p)}{z}"

    def _global(self) -> str:
        toys = f"{self.n_pseudo:,} {self._toys()}"
        if self.n_extreme == 0:
            beyond = f"p < {self.smallest_p:.2g} (tested: none of {toys} shows one as large)"
            return f"{beyond}, more than {self.global_z or 0.0:.1f} sigma{self._extrapolated()}"
        return (
            f"background alone shows one as large somewhere with p = {self.global_p:.2g} ({self._sigmas()}; "
            f"{toys})"
        )

    def _toys(self) -> str:
        if self.null == "pseudo-experiments":
            return "background-only pseudo-experiments" if self.n_extreme == 0 else self.null
        return f"data sets by {self.null}, trained anew"

    def _extrapolated(self) -> str:
        if self.extrapolated_p is None:
            return ""
        return f"; extrapolated p = {self.extrapolated_p:.1g}, if {self.extrapolation}"

    def _sigmas(self) -> str:
        low, high = self.global_z_interval
        interval = "" if low is None or high is None else f", {low:.2f} to {high:.2f} at 68 %"
        return f"{self.global_z or 0.0:.2f} sigma{interval}"

    def repeated(self, found: GlobalP, *, policy: str, null: str, notes: Sequence[str]) -> SearchResult:
        """The same excess with its global p-value from the whole chain repeated on null data sets.

        A result that a check has blocked keeps its significances withheld.
        """
        return dataclasses.replace(
            self,
            local_z=self.local_z if policy == "split" else None,
            global_p=found.p,
            global_p_randomised=found.randomised,
            n_pseudo=found.n_pseudo,
            n_extreme=found.n_extreme,
            global_z=None if self.blocked else found.z,
            global_z_interval=(None, None) if self.blocked else found.interval,
            smallest_p=found.smallest,
            trials_factor=over_local(found.p, self.local_p) if policy == "split" else None,
            policy=policy,
            null=null,
            extrapolated_p=None,
            extrapolation="",
            assumptions=(*self.assumptions, *notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values only, with the schema's name; every number is finite."""
        return {"schema": SCHEMA, **_plain(dataclasses.asdict(self))}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SearchResult:
        """The result written by ``to_dict``.

        Raises:
            InputError: for another schema, a missing or unknown key, or a value of the wrong type or range.
        """
        if values.get("schema") != SCHEMA:
            raise InputError(
                f"a result of schema '{values.get('schema')}'", f"This version reads '{SCHEMA}'."
            )
        fields = _take(cls, {key: value for key, value in values.items() if key != "schema"}, "result")
        fields["spectrum"] = Spectrum(**_take(Spectrum, _mapping(fields["spectrum"], "spectrum"), "spectrum"))
        checks = _sequence(fields["checks"], "checks")
        fields["checks"] = tuple(Check(**_take(Check, _mapping(check, "check"), "check")) for check in checks)
        return validated(cls(**fields))


def over_local(global_p: float, local_p: float) -> float | None:
    """The trials factor, None where the local p-value is too small to divide by."""
    return global_p / local_p if local_p > 1e-290 else None


def validated(result: SearchResult) -> SearchResult:
    """The result itself, after its values were checked.

    Raises:
        InputError: naming the first field that cannot be right.
    """
    for name in ("local_p", "global_p", "global_p_randomised", "smallest_p"):
        if not 0.0 <= getattr(result, name) <= 1.0:
            raise InputError(f"{name} = {getattr(result, name)}", "A p-value lies between 0 and 1.")
    spectrum = result.spectrum
    if not len(spectrum.edges) - 1 == len(spectrum.counts) == len(spectrum.fitted) == len(spectrum.pulls):
        raise InputError("a spectrum whose arrays have different lengths", "Give one edge more than bins.")
    if not result.window[0] < result.window[1]:
        raise InputError(f"window {result.window}", "A window runs from its lower to its upper edge.")
    if result.blocked and (result.global_z is not None or not result.reason):
        raise InputError("a blocked result with a significance or without a reason", "Run the search again.")
    return result


_NUMBER = (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("kind", "reason", "name", "text", "policy", "null", "extrapolation", "frozen"), (str,)),
    **dict.fromkeys(("n_pseudo", "n_extreme"), (int,)),
    **dict.fromkeys(("blocked", "passed"), (bool,)),
    **dict.fromkeys(
        ("local_p", "local_log_p", "observed", "expected", "global_p", "p", "statistic"), _NUMBER
    ),
    **dict.fromkeys(("global_p_randomised", "smallest_p"), _NUMBER),
    **dict.fromkeys(
        ("local_z", "global_z", "trials_factor", "alpha", "extrapolated_p"), (*_NUMBER, type(None))
    ),
    **dict.fromkeys(
        ("window", "global_z_interval", "p_reach", "edges", "counts", "fitted", "pulls"), (list, tuple)
    ),
    **dict.fromkeys(("checks", "assumptions"), (list, tuple)),
}


def _take(cls: type, values: Mapping[str, Any], what: str) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}
    if wrong := sorted(names ^ set(values)):
        raise InputError(
            f"{what} with missing or unknown keys {wrong}", "Read a file written by this version."
        )
    for name, value in values.items():
        kinds = _TYPES.get(name)
        if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise InputError(f"{name} = {value!r} in the {what}", "Read a file written by this version.")
    return {
        name: _tuple(value, name) if isinstance(value, list | tuple) else value
        for name, value in values.items()
    }


def _tuple(values: Sequence[Any], name: str) -> tuple[Any, ...]:
    allowed: tuple[type, ...] = (str,) if name == "assumptions" else (*_NUMBER, type(None))
    if name != "checks" and not all(isinstance(value, allowed) for value in values):
        raise InputError(f"a value of the wrong type in {name}", "Read a file written by this version.")
    if name in ("window", "global_z_interval") and len(values) != 2:
        raise InputError(f"{name} with {len(values)} values", "Give its lower and upper end.")
    return tuple(values)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{what} = {value!r}", "Read a file written by this version.")
    return value


def _sequence(value: Any, what: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise InputError(f"{what} = {value!r}", "Read a file written by this version.")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _short(p: float, log_p: float) -> str:
    return f"{p:.2g}" if p > 1e-290 else f"1e{log_p / math.log(10):.0f}"
