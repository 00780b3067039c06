"""What a reader is asked for and what it hands back, whatever the format of the file."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError, InputError, StrangenessError, nearest
from strangeness.core.identity import as_words
from strangeness.events.events import Constituents
from strangeness.events.hits import Hits

CONSTITUENTS, HITS = "constituents", "hits"
ABSURD_RATIO, ABSURD_BYTES = 250, 2**28  # no measured numbers compress so well; small files are let through


@dataclass(frozen=True)
class Request:
    """Which columns of which file, and in what steps.

    Attributes:
        path: the file.
        chunk: most events at a time.
        columns: features to read, ``constituents`` and ``hits`` among them if wanted; None for all.
        label: the column that holds truth, or None to leave truth in the file.
        tree: the tree of a ROOT file, or None to find it.
    """

    path: Path
    chunk: int = 65_536
    columns: tuple[str, ...] | None = None
    label: str | None = "label"
    tree: str | None = None

    @property
    def constituents(self) -> bool:
        """Whether particles are wanted if there are any."""
        return self.columns is None or CONSTITUENTS in self.columns

    @property
    def hits(self) -> bool:
        """Whether hits are wanted if there are any."""
        return self.columns is None or HITS in self.columns

    def features(self, available: Iterable[str], more: Iterable[str] = ()) -> list[str]:
        """The features to read: all of those ``available``, or the named ones, which may be in ``more`` too.

        Raises:
            InputError: for a column that is missing (with the nearest names) or that holds truth.
        """
        known = [name for name in available if name not in {"id", "weight", "label", self.label}]
        if self.columns is None:
            return known
        names = {*known, *more}
        wanted = [name for name in dict.fromkeys(self.columns) if name != CONSTITUENTS]
        for name in wanted:
            if name in {"label", self.label}:
                raise InputError(
                    f"the column '{name}' of '{self.path}' is truth", "Leave it out of 'columns'."
                )
            if name not in names and name == HITS:
                raise InputError(f"'{self.path}' has no hits", "Leave 'hits' out of 'columns'.")
            if name not in names:
                raise InputError(f"'{self.path}' has no column '{name}'", nearest(name, names))
        return wanted

    def truth(self, available: Iterable[str], usual: str = "label") -> str | None:
        """The name of the label column, or None when there is none or it is not wanted.

        ``usual`` is the name in this layout, which stands for the default 'label'.

        Raises:
            InputError: when another label than the default was asked for and is missing.
        """
        names = set(available)
        if self.label is None or self.label in names:
            return self.label
        if self.label != "label":
            raise InputError(f"'{self.path}' has no label column '{self.label}'", nearest(self.label, names))
        return usual if usual in names else None

    def no_constituents(self) -> InputError:
        """The error for a file without particles, where ``columns`` names them."""
        return InputError(f"'{self.path}' has no constituents", "Leave 'constituents' out of 'columns'.")


@dataclass(frozen=True)
class Part:
    """Consecutive events as a format holds them; what is None takes its neutral value.

    ``entry`` are places in the file that identities are made of, where events are left out.
    """

    rows: int
    features: Mapping[str, NDArray[Any]]
    constituents: Constituents | None = None
    id: NDArray[Any] | None = None
    entry: NDArray[np.uint64] | None = None
    weight: NDArray[Any] | None = None
    label: NDArray[Any] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    hits: Hits | None = None


BROKEN: tuple[type[Exception], ...] = (
    *(OSError, ValueError, RuntimeError, KeyError, EOFError, NotImplementedError, MemoryError),
)
"""What libraries raise on a broken file."""


@contextmanager
def readable(
    path: Path, kind: str, raised: tuple[type[Exception], ...] = BROKEN
) -> Generator[None, None, None]:
    """Turn whatever a library raises on a broken file into one line."""
    try:
        yield
    except StrangenessError:
        raise
    except raised as error:
        reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
        raise FileError(
            f"'{path}' is a truncated or damaged {kind} file ({reason})", "Copy or download it again."
        ) from error


def refuse_absurd(path: Path, claimed: int) -> None:
    """Refuse a file that claims to unpack to much more than its size allows.

    Raises:
        FileError: when it claims more than 256 MiB and 250 times its size.
    """
    if claimed > max(ABSURD_BYTES, ABSURD_RATIO * path.stat().st_size):
        raise FileError(
            f"'{path}' has {path.stat().st_size} bytes and claims to unpack to {claimed}",
            "Do not use it unless you trust it; write it again without compression.",
        )


def as_float(values: NDArray[Any]) -> NDArray[Any]:
    """Single and double precision as they are, half precision as single, all else as double."""
    kept = {np.dtype(np.float32): np.float32, np.dtype(np.float16): np.float32}
    return np.ascontiguousarray(values, kept.get(values.dtype, np.float64))


def checked(values: NDArray[Any], name: str, path: Path, start: int) -> NDArray[Any]:
    """``values`` (n,), all of them finite; ``start`` is the row of the first.

    Raises:
        FileError: for NaN, infinite or missing values, naming the first.
    """
    wrong = ~np.isfinite(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise FileError(
            f"column '{name}' of '{path}' holds {values[row]} in event {start + row}",
            "Remove or repair NaN, infinite and missing values first.",
        )
    return values


def as_words_of(values: NDArray[Any], path: Path) -> NDArray[np.uint32]:
    """Stored identities, integers (n,) or words (n, 2), as words (n, 2).

    Raises:
        FileError: when they are not integers.
    """
    if values.dtype.kind not in "iu" or values.shape[1:] not in ((), (2,)):
        raise FileError(
            f"column 'id' of '{path}' is {values.dtype} of shape {values.shape}",
            "Store uint64, one an event.",
        )
    if values.ndim == 2:
        return values.astype(np.uint32)
    return as_words(values.astype(np.int64).view(np.uint64) if values.dtype.kind == "i" else values)


def as_labels(values: NDArray[Any], name: str, path: Path, start: int) -> NDArray[np.int64]:
    """Truth as integers (n,).

    Raises:
        FileError: when a label is not an integer.
    """
    numbers = checked(np.asarray(values, np.float64), name, path, start)
    labels = numbers.astype(np.int64)
    if np.any(labels != numbers):
        row = int(np.argmax(labels != numbers))
        raise FileError(
            f"the label '{name}' of '{path}' is {numbers[row]:g} in event {start + row}",
            "Labels are integers, 0 for background.",
        )
    return labels
