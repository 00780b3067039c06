"""Checks of the scorer as a pure function of (event, key)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from strangeness.conformance.subject import Nonconforming, Subject, close, demand
from strangeness.core import artefact
from strangeness.core.batch import Batch, concatenate
from strangeness.core.errors import FileError
from strangeness.core.estimators import Scorer, bucket, event_keys
from strangeness.nn import STORABLE


def _events(subject: Subject) -> Batch:
    return concatenate([subject.background(90, "scored"), subject.planted(11, "scored strange")])


def scores_are_finite(subject: Subject) -> None:
    """One finite float64 an event, also far away from all that was fitted."""
    events = _events(subject)
    far = events.with_x(np.asarray(events.x) * 100.0)
    for batch in (events, far, events.take(np.arange(1))):
        score = subject.score(batch)
        demand(score.shape == (len(batch),), f"{len(batch)} events got scores of shape {score.shape}")
        demand(score.dtype == np.float64, f"the scores are {score.dtype}, not float64")
        demand(np.all(np.isfinite(score)), f"a score is {score[~np.isfinite(score)][:1]}")


def company_does_not_matter(subject: Subject) -> None:
    """The same score per (event, key) in permuted, split and padded batches, to 32-bit precision."""
    events = _events(subject)
    whole = subject.score(events)
    order = np.random.default_rng(3).permutation(len(events))
    demand(
        close(whole[order], subject.score(events.take(order))), "the score depends on the order of the events"
    )
    parts = np.split(np.arange(len(events)), [1, 4, 37])
    split = np.concatenate([subject.score(events.take(part)) for part in parts])
    demand(close(whole, split), "the score depends on how the events are split")
    longer = concatenate([events, subject.background(200, "padding")])
    demand(close(whole, subject.score(longer)[: len(events)]), "the score depends on the events behind it")


def chunks_do_not_matter(subject: Subject) -> None:
    """A source that yields chunks is fitted like one that yields all events at once."""
    chunked = subject.fit(subject.training(), chunk=97)
    events = _events(subject)
    demand(
        close(subject.score(events), subject.score(events, chunked)), "the fit depends on the source's chunks"
    )


def same_key_gives_the_same_bytes(subject: Subject) -> None:
    """Fitted and scored again with the same keys, the scores are equal byte for byte."""
    events = _events(subject)
    again = subject.fit(subject.training())
    same = subject.score(events).tobytes() == subject.score(events, again).tobytes()
    demand(same, "a second fit with the same key gives other scores")


def one_trace_a_bucket(subject: Subject) -> None:
    """A traceable scorer is traced at most once for each power of two of events, whoever fitted it."""
    if not subject.scorer.traceable:
        return
    traces: list[int] = []
    counted = _counting(type(subject.scorer), traces)
    sizes = (9, 12, 16, 17, 32)
    for scorer in (subject.scorer, subject.fit(subject.training(), seed=1)):
        for size in sizes:
            subject.score(_events(subject).take(np.arange(size)), _as(counted, scorer))
    buckets = {bucket(size) for size in sizes}
    demand(
        len(traces) <= len(buckets), f"{len(traces)} traces for {len(buckets)} powers of two: rows {traces}"
    )


def gradient_is_finite(subject: Subject) -> None:
    """A traceable scorer can be differentiated by its features, and the gradient is finite."""
    scorer = subject.scorer
    if not scorer.traceable:
        return
    events = _events(subject)
    keys = event_keys(jax.random.key(0), jnp.asarray(events.id)) if scorer.stochastic else None
    slope = jax.grad(lambda x: jnp.sum(scorer.rows(x, events.id, keys)))(jnp.asarray(events.x, float))
    demand(np.all(np.isfinite(slope)), "the gradient of the score is not finite")


def artefact_gives_the_same_bytes(subject: Subject) -> None:
    """Saved, then loaded by the classes in ``stores`` and ``nn`` alone, it scores the same bytes."""
    classes = {cls.__name__: cls for cls in (*STORABLE, *subject.detector.stores)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scorer.strange"
        try:
            artefact.save(path, subject.scorer)
            loaded, _ = artefact.load(path, classes)
        except (TypeError, FileError) as error:
            raise Nonconforming(
                f"the artefact cannot hold the scorer ('stores' complete?): {error}"
            ) from error
    events = _events(subject)
    same = subject.score(events).tobytes() == subject.score(events, loaded).tobytes()
    demand(same, "the loaded scorer gives other scores")


def _counting(cls: type[Scorer], traces: list[int]) -> type[Scorer]:
    """The class with ``rows`` that notes how many rows each call, under ``jit`` each trace, has."""

    def rows(self: Any, x: Any, id: Any, keys: Any) -> Any:
        traces.append(len(x))
        return cls.rows(self, x, id, keys)

    return type(f"Counting{cls.__name__}", (cls,), {"rows": rows, "__module__": cls.__module__})


def _as(cls: type[Scorer], scorer: eqx.Module) -> Scorer:
    twin = object.__new__(cls)
    for name, value in vars(scorer).items():
        object.__setattr__(twin, name, value)
    return twin
