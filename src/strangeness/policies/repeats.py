"""The whole chain on many null data sets, whose statistics are kept, so that a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.core.files import write_text
from strangeness.core.run import current_run, progress
from strangeness.search.significance import GlobalP, global_p, sequential_global_p

CHUNK = 10


def repeated_p(
    observed: float,
    statistic: Callable[[int], float],
    rng: np.random.Generator,
    *,
    toys: int,
    stop_after: int | None,
    settings: str,
) -> tuple[GlobalP, NDArray[np.float64]]:
    """The global p-value of a search among repetitions of all of it on null data sets, and their statistics.

    Args:
        observed: the statistic of the data, larger = more extreme.
        statistic: that of null data set 0, 1, ...
        rng: breaks ties in the randomised p-value.
        toys: most null data sets.
        stop_after: stop when so many are at least as extreme; None makes all.
        settings: what the null data sets depend on, as a hash; kept ones of other settings are not used.
    """
    made: list[float] = []
    stream = _statistics(statistic, toys, settings)

    def draw(size: int) -> NDArray[np.float64]:
        made.extend(islice(stream, size))
        return np.array(made[-size:])

    with progress("null data sets, trained anew", toys) as show:
        if stop_after is None:
            found = global_p(observed, _one_by_one(draw, toys, show), rng)
        else:
            found = sequential_global_p(
                observed,
                draw,
                rng,
                stop_after=min(stop_after, toys),
                n_max=toys,
                chunk=1,
                progress=lambda done, _: show(done, ""),
            )
    return found, np.array(made)


def _one_by_one(
    draw: Callable[[int], NDArray[np.float64]], toys: int, show: Callable[[int, str], None]
) -> NDArray[np.float64]:
    values = np.empty(toys)
    for index in range(toys):
        values[index] = draw(1)[0]
        show(index + 1, "")
    return values


def _statistics(statistic: Callable[[int], float], toys: int, settings: str) -> Iterator[float]:
    """One after the other; where the run keeps checkpoints, chunks of them are kept there."""
    folder = current_run().checkpoints
    for begin in range(0, toys, CHUNK):
        path = None if folder is None else folder / f"null-{settings}-{begin:06d}.json"
        if path is not None and path.exists():
            yield from _read(path)
            continue
        values: list[float] = []
        for index in range(begin, min(begin + CHUNK, toys)):
            values.append(statistic(index))
            yield values[-1]
        if path is not None:
            write_text(path, json.dumps(values))


def _read(path: Path) -> list[float]:
    try:
        return [float(value) for value in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, OSError) as error:
        raise FileError(f"the kept null data sets '{path}' are damaged", "Remove the file.") from error
