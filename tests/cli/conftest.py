"""The command line in this process: exit code, standard output and error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from strangeness.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    def error(self) -> str:
        """The one line of an error a user can act on."""
        assert self.code == 2, self
        assert self.out == "", self.out
        lines = self.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("strangeness: error: "), self.err
        return lines[0].removeprefix("strangeness: error: ")


@pytest.fixture
def strangeness(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs a command."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run
