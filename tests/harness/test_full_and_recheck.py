"""A full result is resumable, and a re-check catches code, tables or rivals that have changed since."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.full import make_full
from harness.recheck import recheck
from harness.results import Harness
from strangeness.core.errors import InputError

Toy = Callable[..., Harness]


def _rows(rows: list[dict]) -> dict[str, dict]:
    return {row["name"]: row for row in rows}


def _full(harness: Harness, tmp_path: Path, **options) -> dict[str, dict]:
    return _rows(make_full(harness, "toy", root=1, cache=tmp_path / "cache", **options))


def test_full_fills_every_target_and_says_why_one_is_missed(toy: Toy, tmp_path: Path) -> None:
    rows = _full(toy(), tmp_path)
    assert rows["share of heads"]["met"] is True
    assert rows["share of heads"]["why"] == "three shards"
    assert rows["never reached"]["met"] is False
    assert rows["never reached"]["why"] == "there are only 3000 tosses"
    assert rows["nobody measures this"]["why"].startswith("not run")
    assert list(rows["share of heads"]) == ["name", "value", "low", "high", "met", "why"]


def test_benchmark_rows_have_their_own_shape(toy: Toy, tmp_path: Path) -> None:
    rows = _full(toy(benchmark=True), tmp_path)
    assert list(rows["rival speed"]) == ["name", "ours", "rival", "ratio", "goal", "met", "why"]
    assert rows["rival speed"]["goal"] == ">= 1"


def test_committed_result_holds_what_a_repetition_needs(toy: Toy, tmp_path: Path) -> None:
    harness = toy()
    _full(harness, tmp_path)
    stored = json.loads(harness.result_file("toy").read_text())
    assert {"schema", "commits", "seed", "versions", "hardware", "made", "rows", "cases"} <= set(stored)
    shards = stored["cases"]["coin"]["shards"]
    assert [shard["index"] for shard in shards] == [0, 1, 2]
    assert len({shard["seed"] for shard in shards}) == 3
    assert all(set(shard["raw"]) == {"heads", "tosses"} for shard in shards)


def test_stopped_run_continues_with_the_same_result(toy: Toy, tmp_path: Path) -> None:
    whole = _full(toy(), tmp_path / "whole")
    harness = toy()
    (tmp_path / "stop").touch()
    with pytest.raises(KeyboardInterrupt):
        _full(harness, tmp_path)
    kept = sorted((tmp_path / "cache").rglob("*.json"))
    assert [file.stem for file in kept] == ["0", "1"]
    (tmp_path / "stop").unlink()
    before = [file.stat().st_mtime_ns for file in kept]
    assert _full(harness, tmp_path) == whole
    assert [file.stat().st_mtime_ns for file in kept] == before


def test_workers_give_the_same_shards(toy: Toy, tmp_path: Path) -> None:
    assert _full(toy(), tmp_path / "two", workers=2) == _full(toy(), tmp_path / "one")


def test_progress_counts_every_shard(toy: Toy, tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    _full(toy(), tmp_path, done=lambda case, shards: seen.append((case, shards)))
    assert seen == [("coin", 3)] * 3 + [("race", 1)]


def test_recheck_of_an_unchanged_result_agrees(toy: Toy, tmp_path: Path) -> None:
    harness = toy()
    made = _full(harness, tmp_path)
    rows, checks = recheck(harness, "toy", budget=60)
    assert {check.verdict for check in checks} == {"agrees"}
    assert {row["name"]: row["met"] for row in rows} == {name: row["met"] for name, row in made.items()}
    assert "repeated" in _rows(rows)["share of heads"]["why"]


def test_recheck_sees_that_the_code_gives_other_counts(toy: Toy, tmp_path: Path) -> None:
    _full(toy(), tmp_path)
    rows, checks = recheck(toy(extra=1), "toy", budget=60)
    assert {check.case: check.verdict for check in checks} == {"coin": "disagrees", "race": "agrees"}
    assert _rows(rows)["share of heads"]["met"] is False
    assert "raw.heads" in _rows(rows)["share of heads"]["why"]


def test_recheck_allows_the_stated_tolerance_and_no_more(toy: Toy, tmp_path: Path) -> None:
    _full(toy(), tmp_path)
    assert _rows(recheck(toy(rival=1.1), "toy", budget=60)[0])["rival speed"]["met"] is True
    assert _rows(recheck(toy(rival=0.9), "toy", budget=60)[0])["rival speed"]["met"] is False


def test_missing_rival_is_not_run_and_never_met(toy: Toy, tmp_path: Path) -> None:
    _full(toy(), tmp_path)
    row = _rows(recheck(toy(rival=None), "toy", budget=60)[0])["rival speed"]
    assert (row["met"], row["value"]) == (False, None)
    assert row["why"].startswith("not run: rival tortoise is missing (committed result")
    full = _full(toy(rival=None), tmp_path / "again")["rival speed"]
    assert (full["met"], full["why"]) == (False, "not run: rival tortoise is missing")


def test_recheck_sees_an_edited_table(toy: Toy, tmp_path: Path) -> None:
    harness = toy()
    _full(harness, tmp_path)
    stored = json.loads(harness.result_file("toy").read_text())
    stored["rows"][0]["value"] = 0.5
    harness.result_file("toy").write_text(json.dumps(stored))
    row = recheck(harness, "toy", budget=60)[0][0]
    assert row["met"] is False
    assert "the stored table says otherwise" in row["why"]


def test_recheck_refuses_shards_of_another_seed_or_number(toy: Toy, tmp_path: Path) -> None:
    harness = toy()
    _full(harness, tmp_path)
    stored = json.loads(harness.result_file("toy").read_text())
    stored["seed"] = 2
    harness.result_file("toy").write_text(json.dumps(stored))
    assert "do not have the seed" in recheck(harness, "toy", budget=60)[0][0]["why"]
    stored["cases"]["coin"]["shards"].pop()
    harness.result_file("toy").write_text(json.dumps(stored))
    assert "2 of 3 shards" in recheck(harness, "toy", budget=60)[0][0]["why"]


def test_recheck_without_a_result_is_not_run(toy: Toy) -> None:
    rows, checks = recheck(toy(), "toy", budget=60)
    assert checks == []
    assert all(row["met"] is False and row["why"].startswith("not run") for row in rows)


def test_recheck_keeps_to_its_budget(toy: Toy, tmp_path: Path) -> None:
    harness = toy()
    _full(harness, tmp_path)
    rows, checks = recheck(harness, "toy", budget=-1)
    assert {check.verdict for check in checks} == {"skipped"}
    assert "not repeated" in _rows(rows)["share of heads"]["why"]


def test_only_makes_one_case_anew_and_keeps_the_others(toy: Toy, tmp_path: Path) -> None:
    first = _full(toy(), tmp_path / "first")
    rows = _full(toy(extra=1, rival=3.0), tmp_path / "second", only=["race"])
    assert rows["share of heads"]["value"] == first["share of heads"]["value"]
    assert rows["rival speed"]["value"] == 3.0


def test_only_without_a_result_leaves_the_others_out(toy: Toy, tmp_path: Path) -> None:
    rows = _full(toy(), tmp_path, only=["race"])
    assert rows["rival speed"]["met"] is True
    assert rows["share of heads"]["why"] == "not run: left out of the full run with --only"


def test_only_names_the_known_cases(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Known names: coin, race"):
        _full(toy(), tmp_path, only=["rcae"])


def test_broken_case_does_not_lose_the_others(toy: Toy, tmp_path: Path) -> None:
    harness = toy(rival="fast")  # type: ignore[arg-type]
    rows = _full(harness, tmp_path)
    assert rows["rival speed"]["why"].startswith("failed: ValueError")
    assert rows["share of heads"]["met"] is True
