"""Machine code on disk: loaded without Numba, and made anew where it is damaged or cannot be kept."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strangeness.quantum.kernel import machine_code


def _twice() -> Any:
    """A small function of the same kind as the kernel."""
    from numba import cfunc, types

    from strangeness.quantum.kernel.parts import Parts

    options: dict[str, Any] = {"pipeline_class": Parts, "error_model": "numpy"}
    return cfunc(types.int64(types.int64), **options)(lambda number: 2 * number)


def _called(address: int, number: int) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(number)


def _never() -> Any:
    raise AssertionError("compiled again")


def test_a_function_is_compiled_once_and_then_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert _called(machine_code.address_of("twice", _twice), 21) == 42
    assert _called(machine_code.address_of("twice", _never), -4) == -8


@pytest.mark.parametrize("damage", [lambda code: code[:-9], lambda code: code[:-1] + b"!", lambda code: b""])
def test_a_damaged_file_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: Any) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    machine_code.address_of("twice", _twice)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert _called(machine_code.address_of("twice", _twice), 3) == 6
    assert _called(machine_code.address_of("twice", _never), 3) == 6


def test_where_nothing_can_be_written_it_works_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    assert _called(machine_code.address_of("twice", _twice), 5) == 10


def test_the_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "there")
    assert machine_code.folder() == Path("there")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "base")
    assert machine_code.folder() == Path("base", "strangeness", "quantum")


_LATER = """
import sys
from strangeness.quantum.kernel.compiled import best_lanes, compiled
compiled(best_lanes())
assert "numba" not in sys.modules
"""


def test_a_later_process_does_not_import_numba() -> None:
    from strangeness.quantum.kernel.compiled import best_lanes, compiled

    compiled(best_lanes())
    subprocess.run([sys.executable, "-c", _LATER], check=True, env=os.environ.copy())


def test_the_plain_pipeline_serves_where_numba_has_other_inner_workings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from numba import cfunc, types

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    made = machine_code.address_of(
        "twice_plain", lambda: cfunc(types.int64(types.int64))(lambda number: 2 * number)
    )
    assert _called(made, 21) == 42
    missing = "import sys; sys.modules['strangeness.quantum.kernel.parts'] = None; "
    chosen = missing + "from strangeness.quantum.kernel.jit import PIPELINE; assert PIPELINE == {}"
    subprocess.run([sys.executable, "-c", chosen], check=True)
