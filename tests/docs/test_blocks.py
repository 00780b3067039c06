"""Every Python block and every command of the documentation runs as it stands, and the README's Python."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from strangeness.cli.app import app
from strangeness.cli.building import analysis_of, completed
from strangeness.cli.config import from_toml
from tests.docs.blocks import TESTED_ELSEWHERE, Block, blocks, commands, run
from tests.docs.tables import DOCS, REPOSITORY

README = REPOSITORY / "README.md"
PAGES = [
    page for page in sorted(DOCS.rglob("*.md")) if any(b.language in ("python", "bash") for b in blocks(page))
]
ALL = [README, *sorted(DOCS.rglob("*.md"))]


def _name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(blocks(page))


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = [block for block in blocks(README) if block.language == "python"]
    assert found
    run(found)


@pytest.mark.parametrize("page", ALL, ids=_name)
def test_commands_have_the_options_that_they_show(page: Path) -> None:
    group = typer.main.get_command(app)
    for arguments in commands(page):
        _parsed(group, list(arguments))


def _parsed(command: Any, arguments: list[str]) -> None:
    """Parse without running; ``strangeness list`` without more is the name of a command."""
    if not hasattr(command, "commands"):
        command.make_context("strangeness", arguments)
    elif arguments and not arguments[0].startswith("-"):
        inner = command.commands[arguments[0]]
        if arguments[1:]:
            _parsed(inner, arguments[1:])


def test_configurations_are_valid(tmp_path: Path) -> None:
    shown = [b for page in ALL for b in blocks(page) if b.language == "toml" and b.title]
    for number, block in enumerate(shown):
        file = tmp_path / f"{number}.toml"
        file.write_text(block.text)
        analysis_of(completed(from_toml(file)), [3000.0])
    assert len(shown) >= 4


def test_blocks_are_found_in_their_order(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = "```python\na = 1\n```\n`strangeness\nlist` and\n"
    text += '```toml title="b.toml"\nc = 2\n```\n```bash\nstrangeness x y  # z\n```\n'
    page.write_text(text)
    assert blocks(page)[:2] == [Block("python", "", "a = 1\n"), Block("toml", "b.toml", "c = 2\n")]
    assert commands(page) == [["list"], ["x", "y"]]


def test_what_is_not_run_here_is_run_elsewhere() -> None:
    assert TESTED_ELSEWHERE == ("sample make",)
    text = (REPOSITORY / "tests" / "events" / "test_generation_make.py").read_text()
    assert re.search(r"make_sample\(", text)
