"""The fenced blocks of a page, and how each kind is run."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangeness.cli import main

_FENCE = re.compile(r'^```(\w+)(?: title="([\w.]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`(strangeness\s[^`]+)`(?!`)")
TESTED_ELSEWHERE = ("sample make",)
"""Generating takes hours; ``tests/events/test_generation_make.py`` runs it on small samples."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its file name (``title``) if it has one, its text."""

    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks in their order."""
    return [Block(*found) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def commands(page: Path) -> list[list[str]]:
    """The arguments of every ``strangeness`` command in running text, in a bash block or in a script (sh)."""
    text = page.read_text(encoding="utf-8")
    shown = [" ".join(command.split()) for command in _INLINE.findall(text)]
    # Any value will do for a variable of the shell; a number is right for every option.
    scripts = [re.sub(r"\$\w+", "1", b.text) for b in blocks(page) if b.language in ("bash", "sh")]
    shown += [line for script in scripts for line in script.splitlines()]
    parts = [re.split(r"\s[#>]", part)[0].strip() for line in shown for part in line.split("&&")]
    return [shlex.split(part)[1:] for part in parts if part.startswith("strangeness")]


def run(found: Sequence[Block]) -> None:
    """Run the blocks of a page in their order in the working directory; Python blocks share their names."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in found:
        if block.language == "python":
            # Our own documentation, run as a reader would.
            exec(compile(block.text, "page", "exec", dont_inherit=True), names)  # noqa: S102
        elif block.language == "bash":
            _shell(block.text)
        elif block.title:
            Path(block.title).write_text(block.text, encoding="utf-8")


def _shell(text: str) -> None:
    for line in text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "strangeness", f"a page shows a command that no test runs: {line}"
        if not " ".join(arguments).startswith(TESTED_ELSEWHERE):
            # A stream of its own: click's wrapper around pytest's would close it for the tests that follow.
            with redirect_stdout(io.StringIO()):
                assert main(arguments) == 0, line
