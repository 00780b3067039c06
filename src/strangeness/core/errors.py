"""Errors a user can act on: what was wrong, which value, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class StrangenessError(Exception):
    """Base of every error raised on purpose; the command line prints it in one line and exits with 2.

    ``what`` names the file or argument and the offending value, ``remedy`` says what to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what.rstrip('.')}. {remedy}")
        self.what = what
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross to another process with both parts, although a subclass may take other arguments."""
        return _remade, (type(self), self.what, self.remedy)


class InputError(StrangenessError, ValueError):
    """A value, array or option that cannot be used."""


class FileError(StrangenessError, OSError):
    """A file that is missing, truncated, of another format, or in the way."""

    def __str__(self) -> str:
        return f"{self.what.rstrip('.')}. {self.remedy}"


class ConfigError(StrangenessError, ValueError):
    """A configuration with a wrong key, type or combination."""


class MissingDependency(StrangenessError, ImportError):
    """An optional package that is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"the package '{package}' is not installed",
            f"Install it with: pip install 'strangeness[{extra}]'",
        )


class Interrupted(StrangenessError):
    """A run that was stopped by the user and can be resumed."""


def _remade(kind: type[StrangenessError], what: str, remedy: str) -> StrangenessError:
    error = kind.__new__(kind)
    StrangenessError.__init__(error, what, remedy)
    return error


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the names closest to ``name``, or all of them when none is close."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"Did you mean {' or '.join(close)}?" if close else f"Known names: {', '.join(known)}."
