"""Imports point one way, and the light entry points stay light."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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

_LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(sys.argv[1], no_cache=True, no_logo=True))
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


def test_import_contracts_hold(repository: Path) -> None:
    # In a process of its own: the linter's console keeps the stream of whoever loaded it first.
    command = [sys.executable, "-c", _LINT, str(repository / "pyproject.toml")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
