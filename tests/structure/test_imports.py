"""Imports point one way, and the light entry points stay light."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter import cli as import_linter

HEAVY = {"jax", "sklearn", "scipy", "awkward", "matplotlib", "pyarrow", "h5py", "equinox", "optax", "mplhep"}

_LOADED = """
import json, sys
arguments = json.loads(sys.argv[1])
import strangeness
if arguments:
    from strangeness.cli import main
    sys.argv = ["strangeness", *arguments]
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code
    assert not code, code
print()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def _loaded(arguments: list[str]) -> set[str]:
    command = [sys.executable, "-c", _LOADED, json.dumps(arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["import strangeness", "strangeness --help"])
def test_light_entry_points_load_nothing_heavy(arguments: list[str]) -> None:
    loaded = _loaded(arguments)
    assert "strangeness" in loaded
    assert loaded & HEAVY == set()


def test_import_contracts_hold(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = import_linter.lint_imports(str(repository / "pyproject.toml"), no_cache=True, no_logo=True)
    assert not failed, capsys.readouterr().out
