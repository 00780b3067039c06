"""The chain and its splits: events to representation to score to p-value to statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.calibration.covariate import CovariateShift
from strangeness.calibration.mondrian import Mondrian
from strangeness.chain import Fitted, FittedChain, Outcome, Proof, Scored, score_roles
from strangeness.core.batch import DATA, ArraySource, Batch, concatenate
from strangeness.core.checkpoint import fingerprint
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.estimators import Calibrator, Detector, Map, Null, Representation, Scorer
from strangeness.core.run import progress, running
from strangeness.events.events import Events
from strangeness.events.source import EventSource
from strangeness.policies import HalfSplit, LabelExchange, Policy, PseudoData
from strangeness.policies.folds import FoldedNull, FoldedScorer, fold_of
from strangeness.policies.repeats import repeated_p
from strangeness.policies.samples import held, only
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.check import Check
from strangeness.search.checks.reference import reference_events
from strangeness.search.counting import CountingExperiment
from strangeness.search.counting_windows import CountingWindows
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult
from strangeness.search.shape_hunt import ShapeHunt
from strangeness.search.systematics import Systematic
from strangeness.search.variations import Selected, carried, refuse_strangers
from strangeness.search.weights import effective_number
from strangeness.splits import Split

Search = BumpHunt | ShapeHunt | CountingExperiment | CountingWindows
Shifted = EventSource | tuple[EventSource, EventSource]
"""A copy of the reference shifted by one standard deviation up, or one up and one down."""


@dataclass(frozen=True)
class Analysis:
    """A search, from events to a statement.

    The chain hands out the roles: an event's role is a hash of its identity. Of the reference, a share each
    trains the detector, calibrates its score and checks the result. Data are split too when the detector
    trains on them; otherwise all of them are tested. Without a reference, data outside ``region`` serve.

    A detector that learns from data may instead be cross-fitted or learn from all of them (``policy``). The
    null of the global p-value then repeats the whole chain, training included (``null``).

    Attributes:
        representation: events to arrays.
        detector: arrays to scores.
        calibrator: scores to p-values.
        search: p-values to a statement.
        context: the column that the score must not sculpt, in GeV.
        region: window of the context; needed without a reference and by detectors that look inside it.
        shares: shares of the reference that train, calibrate and check.
        gate: the validity checks; None only where something else checks, as in studies of the chain itself.
        policy: which data train a detector that learns from data.
        null: null data sets on which the whole chain is repeated; None where the search's own
            pseudo-experiments, without training, are valid: under the split policy.
    """

    representation: Representation
    detector: Detector
    calibrator: Calibrator
    search: Search
    context: str = "mjj"
    region: tuple[float, float] | None = None
    shares: Mapping[str, float] = field(
        default_factory=lambda: {"train": 0.2, "calibrate": 0.6, "check": 0.2}
    )
    gate: Gate | None = field(default_factory=Gate)
    policy: Policy = field(default_factory=HalfSplit)
    null: LabelExchange | PseudoData | None = None

    def run(
        self,
        data: EventSource,
        reference: EventSource | None = None,
        *,
        variations: Mapping[str, Shifted] | None = None,
        seed: int = 0,
    ) -> Outcome:
        """Fit, calibrate, check and search.

        Of a source that is read in chunks only the training events are held, and of the others their scores.

        Args:
            data: events under test; weights >= 0 make counts effective numbers.
            reference: events of the known physics; None where sidebands serve.
            variations: name -> a shifted copy of the reference, whose events keep their identities, so that
                they keep their roles; what it does to the selected background is carried to the p-value.
            seed: seeds training, ties and pseudo-experiments.

        Raises:
            ConfigError: when the detector needs what the chain cannot hand out, or shifted copies do not fit.
            InputError: for an empty selection, a missing column, NaN, too few events for a role, or weights
                that the search, the checks or the null cannot take.
        """
        self.refuse_mismatch(reference is not None)
        self._refuse_variations(variations, reference is not None)
        fitted = self.fit(self.split(data, reference), ("check", "test"), seed=seed)
        tested, proof = fitted.role("test"), fitted.proof()
        systematics = self.systematics(fitted, proof, variations or {})
        result, statistics = self.search_in(fitted.chain, tested, proof, systematics, seed=seed), None
        plain = self._searched(fitted.chain, tested, seed) if systematics else None
        if self.null is not None and reference is not None:
            result, statistics = self._repeated(self.null, result, data, reference, seed)
        return Outcome(
            result,
            fitted.chain,
            tested,
            proof.checked,
            fitted.counts,
            statistics,
            systematics,
            plain,
            proof.calibrated,
        )

    def statistic(self, data: EventSource, reference: EventSource, *, seed: int = 0) -> float:
        """The test statistic of the whole chain, training included: -log of the local p-value.

        0 where nothing is selected, infinite where the background fit fails.
        """
        fitted = self.fit(self.split(data, reference), ("test",), seed=seed)
        chain, tested = fitted.chain, fitted.role("test")
        if not isinstance(self.search, BumpHunt):
            return -self._searched(chain, tested, seed).local_log_p
        selected = tested.batch.context[tested.p <= self.alpha]
        edges = self.search.bin_edges()
        if not np.any((selected >= edges[0]) & (selected <= edges[-1])):
            return 0.0
        return self.search.statistic(binned(selected, edges)[0], chain.null.selection_law(self.alpha))

    def fit(self, split: Split, names: tuple[str, ...], *, seed: int) -> Fitted:
        """The chain fitted on the roles of a split, with the scores of the roles ``names`` and of
        ``calibrate``, unless each fold has its own calibration."""
        train, counts = split.survey(("train", "train data"))
        map_, scorer = self.learn(train, seed=seed)
        alone = [name for name in train if not (name == "train data" and split.whole)]
        learnt = np.concatenate([batch.id for name in alone for batch in train[name]])
        folded = isinstance(scorer, FoldedScorer)
        scorers = {**dict.fromkeys(names, scorer), "calibrate": scorer.by_each if folded else scorer}
        scored = score_roles(split, map_, scorers, seed=seed)
        if folded:
            score, known = scored.pop("calibrate")
            null: Null = FoldedNull(tuple(self.calibrator.fit_null(one, known) for one in score.T))
        else:
            null = self.calibrator.fit_null(*scored["calibrate"])
        return Fitted(FittedChain(map_, scorer, null), scored, counts, learnt, seed)

    def systematics(
        self, fitted: Fitted, proof: Proof, variations: Mapping[str, Shifted]
    ) -> tuple[Systematic, ...]:
        """What shifted copies of the reference do to the background that a fitted chain selects.

        Events that trained the detector are left out.
        """
        if not variations:
            return ()
        nominal = self._selected([part for part in (proof.calibrated, proof.checked) if part is not None])
        found = []
        for name, given in variations.items():
            sides = [
                self._shifted(fitted, side) for side in (given if isinstance(given, tuple) else (given,))
            ]
            for side in sides:
                refuse_strangers(name, nominal, side)
            found.append(carried(self.search, name, nominal, *sides))
        return tuple(found)

    def _shifted(self, fitted: Fitted, source: EventSource) -> Selected:
        names = tuple(name for name in ("calibrate", "check") if name in fitted.scored)
        split = replace(self.split((), source), blind=True)
        scorers = dict.fromkeys(names, fitted.chain.scorer)
        scored = score_roles(split, fitted.chain.map, scorers, seed=fitted.seed)
        moved = replace(fitted, scored=scored)
        return self._selected([moved.role(name) for name in names])

    def _selected(self, parts: Sequence[Scored]) -> Selected:
        return Selected(
            np.concatenate([part.batch.id for part in parts]),
            np.concatenate([part.batch.context for part in parts]),
            np.concatenate([part.batch.weight for part in parts]),
            np.concatenate([part.p for part in parts]) <= self.alpha,
        )

    def _repeated(
        self,
        null: LabelExchange | PseudoData,
        result: SearchResult,
        data: EventSource,
        reference: EventSource,
        seed: int,
    ) -> tuple[SearchResult, NDArray[np.float64]]:
        """The result with its global p-value from repetitions of the whole chain on null data sets."""
        first, second = (self._held(source) for source in (data, reference))
        draw, again = null.fitted(first, second, self.context), replace(self, gate=None, null=None)

        def statistic(index: int) -> float:
            # what cannot be searched, such as a bin without calibration events, counts as more extreme
            with running(checkpoints=None, progress=False), suppress(InputError):
                return again.statistic(*draw(np.random.default_rng([seed, index, len(first)])), seed=seed)
            return np.inf

        found, statistics = repeated_p(
            -result.local_log_p,
            statistic,
            np.random.default_rng([seed, len(first)]),
            toys=null.toys,
            stop_after=null.stop_after,
            settings=fingerprint((repr(again), repr(null), seed, first.id, second.id)),
        )
        notes = [self._policy().note, null.assumption]
        if lost := int(np.sum(np.isinf(statistics))):
            notes.append(
                f"{lost} null data sets could not be searched and count as more extreme than the data"
            )
        return result.repeated(found, policy=self._policy().name, null=null.name, notes=notes), statistics

    def _held(self, source: EventSource) -> Events:
        """The events that are searched, with the columns that the chain reads."""
        events = held(source, self.context, self.limits())
        return only(events, {*self.representation.columns(tuple(events.features)), self.context})

    def _policy(self) -> Policy:
        """The policy in force: a detector that does not learn from data leaves all of them to the test."""
        return self.policy if "data" in self.detector.card.needs else HalfSplit()

    def split(self, data: EventSource, reference: EventSource | None, *, blind: bool = False) -> Split:
        """The roles of all events; a ``blind`` one keeps the tested events closed."""
        return Split(
            data,
            reference,
            context=self.context,
            limits=self.limits(),
            region=self.region,
            shares=self.shares,
            trains="data" in self.detector.card.needs,
            whole=self._policy().tests_all,
            blind=blind,
            weighted=self.null is None,
        )

    def learn(self, train: Mapping[str, Sequence[Batch]], *, seed: int) -> tuple[Map, Scorer]:
        """The fitted representation and detector from the roles ``train`` and, if any, ``train data``.

        Batches are joined behind the representation, which gives all the same shape.
        """
        key_map, key_fit = jax.random.split(jax.random.key(seed), 3)[:2]
        map_ = self.representation.fit_map(train["train"], key=key_map)
        rows = concatenate([map_(batch) for name in ("train", "train data") for batch in train.get(name, ())])
        folds = self._policy().folds
        if folds == 1:
            return map_, self.detector.fit_scorer(ArraySource(rows), key=key_fit)
        left_out = np.where(rows.sample == DATA, fold_of(rows.id, folds), -1)
        parts = [ArraySource(rows.take(left_out != fold)) for fold in range(folds)]
        return map_, FoldedScorer(tuple(self.detector.fit_scorer(part, key=key_fit) for part in parts))

    def search_in(
        self,
        chain: FittedChain,
        tested: Scored,
        proof: Proof,
        systematics: Sequence[Systematic] = (),
        *,
        seed: int,
    ) -> SearchResult:
        """The statement about ``tested``; the checks read ``proof``, reference alone."""
        rng = np.random.default_rng([seed, len(tested.batch)])
        result = self._searched(chain, tested, seed, rng, systematics)
        size = effective_number(tested.batch.weight)
        return result.with_checks(self.checks(chain, proof, size, rng, tested.batch.id))

    def _searched(
        self,
        chain: FittedChain,
        tested: Scored,
        seed: int,
        rng: np.random.Generator | None = None,
        systematics: Sequence[Systematic] = (),
    ) -> SearchResult:
        """The result without its checks."""
        rng = np.random.default_rng([seed, len(tested.batch)]) if rng is None else rng
        mass, weight = tested.batch.context, tested.weights
        law = chain.null.selection_law(self.alpha)
        if isinstance(self.search, CountingExperiment | CountingWindows):
            return self.search.run(
                tested.p, mass, selection_law=law, rng=rng, weight=weight, systematics=systematics
            )
        # where the chain is repeated, pseudo-experiments without training say nothing
        search, hunt = self.search, self.hunt
        if isinstance(search, BumpHunt):
            hunt = search if self.null is None else replace(search, n_pseudo=1, stop_after=None)
            search = hunt = _with(hunt, systematics)
        kept = tested.p <= self.alpha
        with progress("pseudo-experiments", 0 if hunt is None else hunt.n_pseudo) as show:
            return search.run(
                mass[kept],
                weight=None if weight is None else weight[kept],
                selection_law=law,
                rng=rng,
                progress=lambda done, _: show(done, ""),
            )

    def checks(
        self,
        chain: FittedChain,
        proof: Proof,
        size: float,
        rng: np.random.Generator,
        tested: NDArray[np.uint32] | None = None,
    ) -> tuple[Check, ...]:
        """The validity checks of a search of ``size`` (effective) events, none without a gate.

        Args:
            chain: fitted.
            proof: reference events, all that the checks look at.
            size: number of events under test, for the background toys.
            rng: NumPy generator.
            tested: identities (n, 2) of the events under test, for the rule that no event has two roles.

        Shifted copies play no part: the reference that is checked is not shifted, and nuisances that are
        drawn would only hide what a check should see.
        """
        if self.gate is None:
            return ()
        checked, known = proof.checked, proof.calibrated
        roles = {"train": proof.learnt, "check": checked.batch.id}
        roles |= {} if tested is None else {"test": tested}
        roles |= {} if known is None else {"calibrate": known.batch.id}
        with progress("validity checks", self.gate.n_toys) as show:
            return self.gate.run(
                checked.p,
                checked.batch.context,
                selection_law=chain.null.selection_law(self.alpha),
                hunt=self.hunt,
                scale=size / len(checked.batch),
                rng=rng,
                progress=lambda done, _: show(done, ""),
                weight=checked.batch.weight,
                calibration=None if known is None else reference_events(*known.as_reference()),
                roles=roles,
            )

    @property
    def hunt(self) -> BumpHunt | None:
        """The bump hunt, or the one whose bins a shape scan has; None where regions are counted."""
        if isinstance(self.search, ShapeHunt):
            return self.search.hunt
        return self.search if isinstance(self.search, BumpHunt) else None

    @property
    def alpha(self) -> float:
        """The cut on the per-event p-value.

        Raises:
            ConfigError: when the search has none.
        """
        if self.search.alpha is None:
            raise ConfigError("the search has no 'alpha'", "Set the largest p-value that it selects.")
        return self.search.alpha

    def refuse_mismatch(self, has_reference: bool) -> None:
        """Raise a ConfigError when the parts do not fit together."""
        card = self.detector.card
        if card.uses_truth:
            raise ConfigError(
                f"'{card.name}' uses truth", "A supervised reference carries no claim; compare with it."
            )
        if card.input_kind != self.representation.makes:
            raise ConfigError(
                f"'{card.name}' takes {card.input_kind} input and {type(self.representation).__name__} makes "
                f"{self.representation.makes}",
                "Choose a representation and a detector that fit.",
            )
        if isinstance(self.calibrator, CovariateShift) and self.hunt is not None:
            raise ConfigError(
                "a calibration by one ratio of the context says nothing about the efficiency at one mass",
                "Use it with a counting experiment, or calibrate in bins of the mass.",
            )
        if not has_reference and self.region is None:
            raise ConfigError(
                "there is neither a reference nor a region",
                "Give a reference, or a region whose sidebands serve.",
            )
        self._refuse_policy(has_reference)
        if not has_reference and self._has_a_bin_inside():
            raise ConfigError(
                "sidebands cannot calibrate the bins inside the region",
                "Give a reference, or calibrate with SplitConformal (kind = 'split').",
            )
        if "region" in card.needs and self.region is None:
            raise ConfigError(
                f"'{card.name}' needs a region", "Set 'region', the window of the context, in GeV."
            )

    def _refuse_variations(self, variations: Mapping[str, Shifted] | None, has_reference: bool) -> None:
        if not variations:
            return
        if not has_reference:
            raise ConfigError(
                "shifted copies without a reference", "Give the reference that they are copies of."
            )
        if self.null is not None:
            raise ConfigError(
                f"shifted copies ({', '.join(variations)}) with a null that repeats the chain",
                "Use the split policy with the search's pseudo-experiments: there they are carried.",
            )
        if not isinstance(self.search, BumpHunt | CountingExperiment):
            raise ConfigError(
                f"shifted copies in a search of type {type(self.search).__name__}",
                "Use a bump hunt, or a counting experiment in one region.",
            )
        if self._policy().folds > 1:
            raise ConfigError("shifted copies under cross-fitting", "Use the split policy.")

    def _refuse_policy(self, has_reference: bool) -> None:
        policy = self._policy()
        if self.null is not None and isinstance(self.search, ShapeHunt):
            raise ConfigError(
                "a shape scan whose chain is repeated", "Use a bump hunt, or pseudo-experiments."
            )
        if policy.tests_all and self.null is None:
            raise ConfigError(
                f"the policy '{policy.name}' without a null that repeats the chain",
                "Set 'null' (label exchange or pseudo-data), or use the split policy.",
            )
        if not has_reference and (policy.tests_all or self.null is not None):
            raise ConfigError(
                f"the policy '{policy.name}' and null data sets without a reference",
                "Give a reference, or use the split policy with the search's pseudo-experiments.",
            )

    def _has_a_bin_inside(self) -> bool:
        """Whether a bin of the calibration lies wholly inside the region, where sidebands have no event."""
        if not isinstance(self.calibrator, Mondrian) or not self.calibrator.edges or self.region is None:
            return False
        edges, (low, high) = np.asarray(self.calibrator.edges), self.region
        return bool(np.any((edges[:-1] >= low) & (edges[1:] <= high)))

    def limits(self) -> tuple[float, float] | None:
        """The range of the context that is searched and calibrated, in GeV."""
        if self.hunt is not None:
            edges = self.hunt.bin_edges()
            return float(edges[0]), float(edges[-1])
        edges = getattr(self.calibrator, "edges", None)
        return getattr(self.calibrator, "range", None) if edges is None else (edges[0], edges[-1])


def _with(hunt: BumpHunt, systematics: Sequence[Systematic]) -> BumpHunt:
    return replace(hunt, systematics=(*hunt.systematics, *systematics)) if systematics else hunt
