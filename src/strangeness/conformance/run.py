"""The list of checks, and the two ways to run it: outcome by outcome, or all with one readable error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from strangeness.conformance import contract, inputs, scoring, statistics, weights
from strangeness.conformance.subject import Nonconforming, Subject
from strangeness.core.estimators import Detector

Check = Callable[[Subject], None]

CHECKS: tuple[Check, ...] = (
    contract.card_is_complete,
    contract.truth_comes_as_labels,
    contract.constructor_only_stores,
    contract.fitting_leaves_the_configuration_alone,
    contract.scikit_learn_accepts_it,
    contract.sign_is_that_of_scikit_learn,
    contract.works_in_a_pipeline,
    contract.sample_labels_are_demanded_or_ignored,
    scoring.scores_are_finite,
    scoring.company_does_not_matter,
    scoring.chunks_do_not_matter,
    scoring.same_key_gives_the_same_bytes,
    scoring.one_trace_a_bucket,
    scoring.gradient_is_finite,
    scoring.artefact_gives_the_same_bytes,
    statistics.better_than_chance,
    statistics.null_p_values_are_super_uniform,
    inputs.bad_events_are_refused_in_the_fit,
    inputs.bad_events_are_refused_in_scoring,
    inputs.one_event_reference_is_refused,
    weights.weights_act_as_the_card_says,
)
"""Every check: a function of a ``Subject`` that raises ``Nonconforming``; its docstring states the demand."""


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        name: the check.
        passed: whether the detector conforms.
        why: empty, or what was wrong in one line.
    """

    name: str
    passed: bool
    why: str = ""


def outcomes(detector: Detector | type[Detector]) -> Iterator[Outcome]:
    """Run every check on a detector (an instance, or a class with defaults) and yield what each found.

    An unexpected exception of the detector counts as a failure of the check that met it.
    """
    subject = Subject.of(detector)
    for check in CHECKS:
        try:
            check(subject)
        except Exception as error:
            yield Outcome(check.__name__, False, str(error) or type(error).__name__)
        else:
            yield Outcome(check.__name__, True)


def check_detector(detector: Detector | type[Detector]) -> tuple[Outcome, ...]:
    """Run every check on a detector (an instance, or a class with defaults).

    Returns:
        the outcomes, all of them passed.

    Raises:
        Nonconforming: one line for each check that failed.
    """
    found = tuple(outcomes(detector))
    failed = [f"  {outcome.name}: {outcome.why}" for outcome in found if not outcome.passed]
    if failed:
        name = (detector if isinstance(detector, type) else type(detector)).__name__
        raise Nonconforming("\n".join([f"{name} fails {len(failed)} of {len(found)} checks:", *failed]))
    return found
