"""The detector printed in CONTRIBUTING.md is short and conforms as it stands, as a plug-in from outside."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from strangeness.catalogue import all_detectors, storable
from strangeness.conformance import CHECKS, check_detector


@pytest.fixture
def skeleton(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    text = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## Add a detector in one file")[1].split("\n## ")[0]
    file = tmp_path / "largest_deviation.py"
    file.write_text(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0], encoding="utf-8")
    about = tmp_path / "plugin-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    entry = "[strangeness.detectors]\nlargest-deviation = largest_deviation:LargestDeviation\n"
    (about / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(tmp_path)
    return file


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("largest_deviation", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["largest_deviation"] = module
    spec.loader.exec_module(module)
    return module


def test_the_skeleton_is_short_and_in_the_house_style(skeleton: Path, repository: Path) -> None:
    assert len(skeleton.read_text().splitlines()) < 80
    style = ["check", "--no-cache", "--config", str(repository / "pyproject.toml"), str(skeleton)]
    run = subprocess.run([sys.executable, "-m", "ruff", *style], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_skeleton_passes_conformance_unmodified(skeleton: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "largest_deviation", raising=False)
    detector = _module(skeleton).LargestDeviation
    found = check_detector(detector)
    assert [outcome.name for outcome in found] == [check.__name__ for check in CHECKS]
    assert all(outcome.passed and not outcome.why for outcome in found)


def test_the_skeleton_is_found_as_a_plug_in(skeleton: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "largest_deviation", raising=False)
    assert all_detectors()["largest-deviation"].__name__ == "LargestDeviation"
    assert "LargestDeviationScorer" in storable()
    monkeypatch.delitem(sys.modules, "largest_deviation", raising=False)
