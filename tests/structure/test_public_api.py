"""The public API changes on purpose or not at all."""

import difflib
import importlib.util
from pathlib import Path
from types import ModuleType


def _reader() -> ModuleType:
    spec = importlib.util.spec_from_file_location("public_api", Path(__file__).with_name("public_api.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_public_api_equals_its_snapshot() -> None:
    reader = _reader()
    before = reader.SNAPSHOT.read_text(encoding="utf-8").splitlines()
    changes = list(difflib.unified_diff(before, reader.public_api().splitlines(), "snapshot", "source", n=0))
    assert not changes, "\n".join([*changes, "If intended, run: python tests/structure/public_api.py"])


def test_the_snapshot_sees_signatures_and_hides_private_names(tmp_path: Path) -> None:
    package = tmp_path / "toy"
    package.mkdir()
    (package / "__init__.py").write_text("A: int = 1\n_B = 2\n")
    (package / "_hidden.py").write_text("def f(): ...\n")
    (package / "room.py").write_text("class C(Base):\n    x: int\n    def m(self, a, *, b=1) -> int: ...\n")
    assert _reader().public_api(tmp_path).splitlines() == [
        "toy.A",
        "toy.room.C(Base)",
        "toy.room.C.x",
        "toy.room.C.m(self, a, *, b=1) -> int",
    ]
