"""What the repository says about itself agrees with itself."""

import re
import tomllib
from pathlib import Path

import strangeness


def _readme_commands(repository: Path) -> list[str]:
    blocks = re.findall(
        r"```(?:bash|sh|console)\n(.*?)```", (repository / "README.md").read_text(), re.DOTALL
    )
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def test_ci_runs_the_test_command_of_the_readme(repository: Path) -> None:
    second = _readme_commands(repository)[1]
    assert "pip install" in second and "pytest" in second
    assert second in (repository / ".ci" / "run").read_text()


def test_versions_agree(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    citation = re.search(r"^version: (\S+)$", (repository / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation is not None
    assert strangeness.__version__ == project["version"] == citation.group(1)


def test_changelog_knows_this_version_or_what_comes_next(repository: Path) -> None:
    headings = re.findall(r"^## \[(.+?)\]", (repository / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased" or headings[0] == strangeness.__version__


def test_generator_is_optional_and_marked_for_platforms_with_wheels(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert not any(need.startswith(("pythia8mc", "fastjet")) for need in project["dependencies"])
    pythia = next(need for need in project["optional-dependencies"]["generate"] if "pythia8mc" in need)
    assert re.match(r"pythia8mc==[\d.]+; .*sys_platform", pythia)
