"""Results carry facts of the machine without its maker, and the documentation shows their tables."""

from collections.abc import Callable
from pathlib import Path

from harness import docs, facts
from harness.full import make_full
from harness.results import Harness


def test_instruction_class_comes_from_the_flags(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name : X\nflags : sse4_1 sse4_2 ssse3 popcnt avx avx2 bmi1 bmi2 fma movbe\n")
    assert facts._instructions(cpuinfo) == "x86-64-v3"


def test_hardware_names_no_maker() -> None:
    assert set(facts.hardware()) == {"system", "machine", "cores", "memory_gb", "instructions"}


def test_commit_is_unknown_outside_a_checkout(tmp_path: Path) -> None:
    assert facts.commit(tmp_path) == "unknown"


def test_versions_name_what_the_numbers_depend_on() -> None:
    assert {"python", "strangeness", "numpy"} <= set(facts.versions())


def test_page_shows_the_last_full_run(toy: Callable[..., Harness], tmp_path: Path) -> None:
    assert "No full run" in docs.tables(tmp_path / "nowhere")
    harness = toy()
    make_full(harness, "toy", root=1, cache=tmp_path / "cache")
    page = docs.tables(harness.folder / "results")
    assert "## toy" in page
    assert "| share of heads |" in page
    assert docs.on_page_markdown("text") == "text"
