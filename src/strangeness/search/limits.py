"""Upper limits on a signal by the CLs method, from a HistFactory workspace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.search.toys import Count, pseudo_experiments
from strangeness.search.workspace import FREE, UNIT, pyhf_module, quiet, validate

Array = NDArray[np.float64]
Calculator = Literal["asymptotic", "toys"]
FEWEST = 10.0
"""Background events under the signal below which the asymptotic formulae are not used."""
_PRECISION = 1e-3
_MOST_STEPS = 60
_LOWEST = 1e-12


@dataclass(frozen=True)
class Limit:
    """An upper limit on mu.

    Attributes:
        level: confidence level.
        observed: the limit; ``mu`` above it is excluded.
        expected: the limits that background alone would give at its -2, -1, 0, 1 and 2 standard deviations.
        unit: what mu = 1 means.
        calculator: "asymptotic" (arXiv:1007.1727) or "toys".
        n_toys: pseudo-experiments under each hypothesis, 0 for asymptotic.
        background: background events under the signal, by which the calculator was chosen.
        notes: what the numbers rest on.
    """

    level: float
    observed: float
    expected: tuple[float, float, float, float, float]
    unit: str
    calculator: str
    n_toys: int
    background: float
    notes: tuple[str, ...]

    def statement(self) -> str:
        """The limit in one sentence."""
        _, low, middle, high, _ = self.expected
        return (
            f"mu < {self.observed:.3g} at {100 * self.level:g} % (CLs; expected {middle:.3g}, 68 % between "
            f"{low:.3g} and {high:.3g}), where mu = 1 is {self.unit}."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        values = dataclasses.asdict(self)
        return {**values, "expected": list(self.expected), "notes": list(self.notes)}


def upper_limit(
    workspace: Mapping[str, Any],
    level: float = 0.95,
    *,
    calculator: Calculator | None = None,
    n_toys: int = 10_000,
    seed: int = 0,
) -> Limit:
    """The observed and expected upper limits of a workspace.

    The asymptotic limit uses pyhf's profile likelihood (q-tilde of arXiv:1007.1727, eq. 16). With fewer than
    ten background events under the signal it is refused: for a count with a known background it is 17 % too
    strong at one event, 7 % at ten, 3 % at a hundred. The default is then toys: the likelihood ratio at
    nominal nuisances, which are drawn anew in every pseudo-experiment (hybrid CLs, arXiv:hep-ex/9902006).

    Args:
        workspace: made by ``workspace``, or any HistFactory workspace with a parameter of interest.
        level: confidence level.
        calculator: None chooses by the expected background.
        n_toys: pseudo-experiments under each hypothesis.
        seed: of the pseudo-experiments.

    Raises:
        MissingDependency: without pyhf.
        InputError: for a workspace that pyhf refuses, a level outside (0, 1), asymptotic formulae at small
            counts, or toys of a background whose fit is free.
    """
    if not 0 < level < 1:
        raise InputError(f"a confidence level of {level}", "Give one between 0 and 1, such as 0.95.")
    if n_toys < 100:
        raise InputError(f"{n_toys} toys", "Ask for 10,000, which give a limit good to about 2 %.")
    validate(workspace)
    background, rates = under_signal(workspace)
    few = background < FEWEST
    if calculator == "asymptotic" and few:
        raise InputError(
            f"asymptotic limits with {background:.3g} background events under the signal",
            f"They need {FEWEST:g} or more; leave the calculator out, which then uses toys.",
        )
    chosen = calculator or ("toys" if few else "asymptotic")
    if chosen == "toys":
        _refuse_free(workspace)
        toys = pseudo_experiments(workspace, n_toys, seed)
        toys.refuse_unresolved(1 - level, _scale(rates))
        what = "draws of the nuisances" if isinstance(toys, Count) else "pseudo-experiments"
        curve, notes = toys.cls, (f"hybrid CLs from {n_toys:,} {what}, seed {seed}",)
    elif chosen == "asymptotic":
        curve, notes = asymptotic(workspace), ("asymptotic formulae of the profile likelihood",)
    else:
        raise InputError(f"the calculator '{chosen}'", "Choose 'asymptotic' or 'toys'.")
    found = crossings(curve, 1 - level, _scale(rates))
    return Limit(
        level,
        found[0],
        (found[1], found[2], found[3], found[4], found[5]),
        unit_of(workspace),
        chosen,
        n_toys if chosen == "toys" else 0,
        background,
        notes,
    )


def unit_of(workspace: Mapping[str, Any]) -> str:
    """What mu = 1 means, as the name of the measurement says it."""
    name = str(workspace["measurements"][0]["name"])
    return name.removeprefix(UNIT) if name.startswith(UNIT) else f"the signal of '{name}'"


def under_signal(workspace: Mapping[str, Any]) -> tuple[float, tuple[Array, Array]]:
    """Background events under the signal, (sum s)^2 / sum (s^2 / b), and the nominal (b, s), (bins,) each.

    For a signal in k equal bins it is their total background.
    """
    model = model_of(workspace)
    b, s = nominal(model)
    seen = s > 0
    if not seen.any():
        raise InputError("a workspace whose signal adds no event", "Give a signal with events.")
    return float(s.sum() ** 2 / np.sum(s[seen] ** 2 / np.maximum(b[seen], _LOWEST))), (b, s)


def model_of(workspace: Mapping[str, Any], batch: int | None = None) -> Any:
    """The pyhf model of a workspace."""
    pyhf = pyhf_module()
    with quiet():
        return pyhf.Workspace(dict(workspace)).model(batch_size=batch)


def nominal(model: Any) -> tuple[Array, Array]:
    """Background (bins,) at mu = 0 and signal per unit of mu, at nominal nuisances."""
    at = np.asarray(model.config.suggested_init(), np.float64)
    rates = []
    for mu in (0.0, 1.0):
        at[model.config.poi_index] = mu
        with quiet():
            rates.append(np.asarray(model.expected_actualdata(at), np.float64))
    return rates[0], rates[1] - rates[0]


def asymptotic(workspace: Mapping[str, Any]) -> Callable[[float], Array]:
    """CLs at mu as pyhf has it: observed, then expected at -2 to 2 standard deviations, (6,)."""
    pyhf = pyhf_module()
    with quiet():
        space = pyhf.Workspace(dict(workspace))
        model = space.model()
        data = space.data(model)

    def cls(mu: float) -> Array:
        try:
            with quiet():
                seen, expected = pyhf.infer.hypotest(mu, data, model, return_expected_set=True)
        except pyhf.exceptions.FailedMinimization as error:
            raise InputError(
                f"a likelihood fit at mu = {mu:.3g} that does not converge ({error})",
                "Limit the signal in one window instead of the whole spectrum, or use toys.",
            ) from error
        return np.array([float(seen), *(float(value) for value in expected)])

    return cls


def crossings(curve: Callable[[float], Array], at: float, start: float) -> tuple[float, ...]:
    """Where each of six falling curves crosses ``at``; every evaluation serves all of them.

    Raises:
        InputError: when a curve does not come down to ``at``.
    """
    known = {0.0: np.ones(6)}

    def value(mu: float, which: int) -> float:
        if mu not in known:
            known[mu] = curve(mu)
        return float(np.log(max(known[mu][which], _LOWEST) / at))

    return tuple(_crossing(value, which, start, known) for which in range(6))


def _crossing(
    value: Callable[[float, int], float], which: int, start: float, known: Mapping[float, Array]
) -> float:
    high = start
    for _ in range(_MOST_STEPS):
        if value(high, which) <= 0:
            break
        high *= 2
    else:
        raise InputError("a CLs that does not fall", "Check that the signal has events where there are data.")
    low = max(mu for mu in known if mu < high and value(mu, which) > 0)
    high = min(mu for mu in known if mu > low and value(mu, which) <= 0)
    for step in range(_MOST_STEPS):
        if high - low <= _PRECISION * high:
            break
        top, bottom = value(low, which), value(high, which)
        # every third step halves the bracket, so that a curve with steps cannot stall the interpolation
        share = 0.5 if step % 3 == 2 or low == 0.0 else top / (top - bottom)
        middle = low + min(max(share, 0.02), 0.98) * (high - low)
        if abs(value(middle, which)) < _PRECISION:
            return middle
        if value(middle, which) > 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _scale(rates: tuple[Array, Array]) -> float:
    """A first guess of the limit: twice the deviation of mu, or three events."""
    b, s = rates
    return float(max(2 / np.sqrt(np.sum(s**2 / np.maximum(b, 1.0))), 3 / s.sum()))


def _refuse_free(workspace: Mapping[str, Any]) -> None:
    kinds = [m for c in workspace["channels"] for s in c["samples"] for m in s["modifiers"]]
    if any(str(modifier["name"]).startswith(FREE) for modifier in kinds):
        raise InputError(
            "toys of a spectrum whose background is fitted with the signal",
            "Give a limit in the window (window_expectation), whose background comes from beside it.",
        )
