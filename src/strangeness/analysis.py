"""The chain and its splits: events to representation to score to p-value to statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.calibration.conformal import ConformalNull, SplitConformal
from strangeness.calibration.mondrian import Mondrian, MondrianNull
from strangeness.core.batch import DATA, ArraySource, Batch, concatenate
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.estimators import Detector, Map, Representation, Scorer
from strangeness.core.run import progress
from strangeness.events.source import EventSource, chunks_of
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult
from strangeness.splits import Split, data_roles
from strangeness.stats.selection import SelectionLaw

Calibrator = SplitConformal | Mondrian
Search = BumpHunt | CountingExperiment


class FittedChain(eqx.Module):
    """Everything that was fitted: events to p-values. An artefact holds exactly this."""

    map: Map
    scorer: Scorer
    null: ConformalNull | MondrianNull

    def score(self, batch: Batch, *, seed: int = 0) -> NDArray[np.float64]:
        """Scores (n,), higher = stranger."""
        return self.scorer(self.map(batch), key=jax.random.key(seed))

    def p_values(self, score: NDArray[np.float64], batch: Batch, *, seed: int = 0) -> NDArray[np.float64]:
        """p-values (n,) of scores of these events."""
        return self.null(score, batch, key=jax.random.key(seed))


@dataclass(frozen=True)
class Scored:
    """Events of one role with what the chain made of them; arrays (n,). The batch keeps no ``x``."""

    batch: Batch
    score: NDArray[np.float64]
    p: NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What a run leaves behind.

    Attributes:
        result: the statement with its proof.
        chain: the fitted chain.
        tested: the data under test.
        checked: held-out reference that no fit has seen.
        counts: events by role.
    """

    result: SearchResult
    chain: FittedChain
    tested: Scored
    checked: Scored
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Analysis:
    """A search, from events to a statement.

    The chain hands out the roles: an event's role is a hash of its identity. Of the reference, a share each
    trains the detector, calibrates its score and checks the result. Data are split too when the detector
    trains on them; otherwise all of them are tested. Without a reference, data outside ``region`` serve.

    Attributes:
        representation: events to arrays.
        detector: arrays to scores.
        calibrator: scores to p-values.
        search: p-values to a statement.
        context: the column that the score must not sculpt, in GeV.
        region: window of the context; needed without a reference and by detectors that look inside it.
        shares: shares of the reference that train, calibrate and check.
        gate: the validity checks; None only where something else checks, as in studies of the chain itself.
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

    def run(self, data: EventSource, reference: EventSource | None = None, *, seed: int = 0) -> Outcome:
        """Fit, calibrate, check and search.

        Of a source that is read in chunks only the training events are held, and of the others their scores.

        Args:
            data: events under test.
            reference: events of the known physics; None where sidebands serve.
            seed: seeds training, ties and pseudo-experiments.

        Raises:
            ConfigError: when the detector needs what the chain cannot hand out.
            InputError: for an empty selection, a missing column, NaN, weights, or too few events for a role.
        """
        self._refuse_mismatch(reference is not None)
        split = self.split(data, reference)
        train, counts = split.survey(("train", "train data"), weighted=self.gate is None)
        map_, scorer = self.learn(train, seed=seed)
        scored = score_roles(split, map_, scorer, ("calibrate", "check", "test"), seed=seed)
        chain = FittedChain(map_, scorer, self.calibrator.fit_null(*scored["calibrate"]))
        checked, tested = (self._with_p(chain, *scored[name], seed) for name in ("check", "test"))
        result = self.search_in(chain, tested, checked, seed=seed)
        return Outcome(result, chain, tested, checked, counts)

    def reference_curve(
        self, data: EventSource, *, seed: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores of background and signal among half of the data, by a detector that is told the truth.

        It is trained on the other half, with truth in place of the sample label, and marks what could be
        found. No p-value and no statement comes of it.

        Raises:
            ConfigError: when the detector's card does not say that it uses truth.
            InputError: without truth, or without events of both classes in each half.
        """
        if not self.detector.card.uses_truth:
            raise ConfigError(f"'{self.detector.card.name}' does not use truth", "Run it as a search.")
        halves: dict[str, list[Batch]] = {"train data": [], "test": []}
        for batch in _by_truth(data, self.context, self._limits()):
            for name, part in data_roles(batch, trains=True).items():
                halves[name] += [part] if len(part) else []
        for parts in halves.values():
            if len({int(label) for part in parts for label in np.unique(part.sample)}) < 2:
                raise InputError("one half of the data lacks a class", "Give more events of it.")
        map_, scorer = self.learn({"train": halves["train data"]}, seed=seed)
        score = np.concatenate([scorer(map_(part), key=jax.random.key(seed)) for part in halves["test"]])
        signal = np.concatenate([part.sample for part in halves["test"]]) == DATA
        return score[~signal], score[signal]

    def split(self, data: EventSource, reference: EventSource | None) -> Split:
        """The roles of all events."""
        return Split(
            data,
            reference,
            context=self.context,
            limits=self._limits(),
            region=self.region,
            shares=self.shares,
            trains="data" in self.detector.card.needs,
        )

    def learn(self, train: Mapping[str, Sequence[Batch]], *, seed: int) -> tuple[Map, Scorer]:
        """The fitted representation and detector from the roles ``train`` and, if any, ``train data``.

        Batches are joined behind the representation, which gives all the same shape.
        """
        key_map, key_fit = jax.random.split(jax.random.key(seed), 3)[:2]
        map_ = self.representation.fit_map(train["train"], key=key_map)
        rows = [map_(batch) for name in ("train", "train data") for batch in train.get(name, ())]
        return map_, self.detector.fit_scorer(ArraySource(concatenate(rows)), key=key_fit)

    def search_in(self, chain: FittedChain, tested: Scored, checked: Scored, *, seed: int) -> SearchResult:
        """The statement about ``tested``; the checks read ``checked``, held-out reference, alone."""
        rng = np.random.default_rng([seed, len(tested.batch)])
        alpha = self._alpha()
        law = chain.null.selection_law(alpha)
        mass = tested.batch.context
        if isinstance(self.search, CountingExperiment):
            result = self.search.run(tested.p, mass, selection_law=law, rng=rng)
        else:
            kept = tested.p <= alpha
            with progress("pseudo-experiments", self.search.n_pseudo) as show:
                result = self.search.run(
                    mass[kept], selection_law=law, rng=rng, progress=lambda done, _: show(done, "")
                )
        if self.gate is None:
            return result
        return result.with_checks(self._checks(self.gate, law, tested, checked, rng))

    def _checks(
        self, gate: Gate, law: SelectionLaw, tested: Scored, checked: Scored, rng: np.random.Generator
    ) -> tuple[Check, ...]:
        hunt = self.search if isinstance(self.search, BumpHunt) else None
        with progress("validity checks", gate.n_toys) as show:
            return gate.run(
                checked.p,
                checked.batch.context,
                selection_law=law,
                hunt=hunt,
                scale=len(tested.batch) / len(checked.batch),
                rng=rng,
                progress=lambda done, _: show(done, ""),
            )

    def _alpha(self) -> float:
        if self.search.alpha is None:
            raise ConfigError("the search has no 'alpha'", "Set the largest p-value that it selects.")
        return self.search.alpha

    def _refuse_mismatch(self, has_reference: bool) -> None:
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
        if not has_reference and self.region is None:
            raise ConfigError(
                "there is neither a reference nor a region",
                "Give a reference, or a region whose sidebands serve.",
            )
        if not has_reference and self._has_a_bin_inside():
            raise ConfigError(
                "sidebands cannot calibrate the bins inside the region",
                "Give a reference, or calibrate with SplitConformal (kind = 'split').",
            )
        if "region" in card.needs and self.region is None:
            raise ConfigError(
                f"'{card.name}' needs a region", "Set 'region', the window of the context, in GeV."
            )

    def _has_a_bin_inside(self) -> bool:
        """Whether a bin of the calibration lies wholly inside the region, where sidebands have no event."""
        if not isinstance(self.calibrator, Mondrian) or not self.calibrator.edges or self.region is None:
            return False
        edges, (low, high) = np.asarray(self.calibrator.edges), self.region
        return bool(np.any((edges[:-1] >= low) & (edges[1:] <= high)))

    def _limits(self) -> tuple[float, float] | None:
        """The range of the context that is searched and calibrated, in GeV."""
        if isinstance(self.search, BumpHunt):
            edges = self.search.bin_edges()
            return float(edges[0]), float(edges[-1])
        if isinstance(self.calibrator, Mondrian):
            edges = self.calibrator.edges
            return self.calibrator.range if edges is None else (edges[0], edges[-1])
        return None

    def _with_p(self, chain: FittedChain, score: NDArray[np.float64], batch: Batch, seed: int) -> Scored:
        return Scored(batch, score, chain.p_values(score, batch, seed=seed))


def score_roles(
    split: Split, map_: Map, scorer: Scorer, names: Sequence[str], *, seed: int
) -> dict[str, tuple[NDArray[np.float64], Batch]]:
    """Scores (n,) and events, without ``x``, of some roles."""
    key = jax.random.key(seed)
    scores: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
    batches: dict[str, list[Batch]] = {name: [] for name in names}
    for parts in split:
        for name in names:
            if name in parts and len(parts[name]):
                scores[name].append(scorer(map_(parts[name]), key=key))
                batches[name].append(replace(parts[name], x=()))
    return {name: (np.concatenate(scores[name]), concatenate(batches[name])) for name in names}


def _by_truth(data: EventSource, context: str, limits: tuple[float, float] | None) -> Iterator[Batch]:
    """The events within the limits, labelled by their truth."""
    for events in chunks_of(data):
        if events.truth is None:
            raise InputError("the data hold no truth", "Give simulated events with a label.")
        column, truth = events.column(context), np.asarray(events.truth) > 0
        kept = np.ones(len(events), bool) if limits is None else (column >= limits[0]) & (column < limits[1])
        if kept.any():
            batch = events.without_truth().take(kept).batch(context=context)
            yield replace(batch, sample=truth[kept].astype(np.uint8))
