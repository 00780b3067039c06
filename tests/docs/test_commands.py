"""The page of the command line is complete, scripts are checked, and the shell can complete what it shows."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, commands
from tests.docs.commands import options
from tests.docs.tables import DOCS

PAGE = DOCS / "reference" / "cli.md"
RUN = "import sys; from strangeness.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("command", options())
def test_every_command_and_option_stands_in_the_page(command: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"### {command.partition(' ')[2]}\n")[2]
    section = section.partition("\n### ")[0]
    assert section and all(f"`{flag}" in section for flag in options()[command])


@pytest.mark.parametrize("command", options())
def test_every_command_shows_an_example_of_itself(command: str) -> None:
    shown = [" ".join(["strangeness", *arguments]) for arguments in commands(PAGE)]
    assert any(f"{line} ".startswith(f"{command} ") for line in shown)


def test_commands_in_scripts_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    script = '#SBATCH --mem=4G\nexport A="b c"\nstrangeness search a.toml --seed "$1" --json > a.json\n'
    page.write_text(f"```sh\n{script}```\n")
    assert [block.language for block in blocks(page)] == ["sh"]
    assert commands(page) == [["search", "a.toml", "--seed", "1", "--json"]]


@pytest.mark.parametrize(("typed", "offered"), [("sc", "score"), ("search --ref", "--reference")])
def test_the_shell_completes_commands_and_options(typed: str, offered: str) -> None:
    words = f"strangeness {typed}"
    asked = {
        "_STRANGENESS_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(typed.split())),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=asked, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.split() == [offered], done.stderr
