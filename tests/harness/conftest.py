"""A small capability that counts heads, in a package of its own, with switches to break it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.results import Harness
from harness.rows import benchmark_row, validation_row

TARGETS = """
[[toy]]
name = "share of heads"
what = "heads over tosses"
low = 0.4
high = 0.6
source = "a fair coin"

[[toy]]
name = "never reached"
what = "heads"
low = 1e9
source = "a wish"
miss = "there are only 3000 tosses"

[[toy]]
name = "rival speed"
what = "a ratio"
at_least = 1
source = "a wish"

[[toy]]
name = "nobody measures this"
what = "nothing"
high = 1
source = "a wish"
"""

MODULE = """
from pathlib import Path
import numpy as np
from harness.cases import Case, Measured, NotRun
from {package} import switches

def toss(index, seed):
    if Path(switches.STOP).exists() and index == 2:
        raise KeyboardInterrupt
    heads = int(np.random.default_rng(seed).integers(0, 2, 1000).sum()) + switches.EXTRA
    return {{"heads": heads, "tosses": 1000}}

def total(raws):
    heads, tosses = (sum(raw[key] for raw in raws) for key in ("heads", "tosses"))
    return {{"share of heads": Measured(heads / tosses, note="three shards"), "never reached": heads}}

def race(index, seed):
    if switches.RIVAL is None:
        raise NotRun("rival tortoise is missing")
    return {{"ratio": switches.RIVAL}}

CASES = [
    Case("coin", ("share of heads", "never reached"), toss, 3, total),
    Case("race", ("rival speed",), race, 1, lambda raws: {{"rival speed": raws[0]["ratio"]}}, tolerance=0.5),
]
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Harness]]:
    """Make the toy harness; ``toy(extra=1)`` changes its shards, ``rival=None`` removes the rival."""
    package = f"toyharness_{abs(hash(tmp_path))}"
    folder = tmp_path / package
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "targets").mkdir()
    (folder / "targets" / "toy.toml").write_text(TARGETS)
    (folder / "toy.py").write_text(MODULE.format(package=package))
    (folder / "switches.py").write_text(f"EXTRA = 0\nRIVAL = 2.0\nSTOP = {str(tmp_path / 'stop')!r}\n")
    monkeypatch.syspath_prepend(tmp_path)

    def make(extra: int = 0, rival: float | None = 2.0, benchmark: bool = False) -> Harness:
        import importlib

        switches = importlib.import_module(f"{package}.switches")
        switches.EXTRA, switches.RIVAL = extra, rival
        return Harness(package, folder, benchmark_row if benchmark else validation_row, one_core=benchmark)

    yield make
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]
