"""Recipes: all of them load and run in their quick form; a verdict is what its numbers say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from strangeness.cli.recipe_files import Expected, load, recipes_folder
from strangeness.cli.recipes import Verdict, verdicts
from strangeness.core.errors import ConfigError
from strangeness.report.schema import read_report

SHARED = Path(os.environ.get("STRANGENESS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
SLUGS = sorted(path.parent.name for path in recipes_folder().glob("*/analysis.toml"))


def _expected(**changes: Any) -> Expected:
    values: dict[str, Any] = {
        "what": "x is found", "quantity": "auc", "entry": "x", "trained_on": "a", "finds": "b",
        "paper": 0.8, "low": 0.7, "high": 0.9, "source": "there",
    }  # fmt: skip
    return Expected(**{**values, **changes})


@pytest.mark.parametrize("slug", SLUGS)
def test_every_recipe_runs_in_its_quick_form(strangeness, slug: str, tmp_path: Path) -> None:
    recipe, expected = load(slug)
    options: tuple[object, ...] = ("--tiny", "--workers", 0, "--quiet", "--out", tmp_path / "out")
    if recipe.study.files:
        if not all((SHARED / name).exists() for name in recipe.study.files.values()):
            pytest.skip("the files of this recipe are not here")
        options = (*options, "--data", SHARED)
    said = strangeness("recipe", "run", slug, *options).out
    labels = set(recipe.tiny.entries or [table.label for table in recipe.entries])
    assert all(one.what in said for one in expected if one.entry in labels) and "A quick form" in said
    report = read_report(tmp_path / "out" / "result.json")
    assert {row.detector for row in report.comparisons[0].rows} == labels


def test_a_quick_form_names_entries_of_its_recipe(strangeness, tmp_path: Path, monkeypatch) -> None:
    source = recipes_folder() / "mera-autoencoder"
    (tmp_path / "mine").mkdir()
    study = (source / "analysis.toml").read_text().replace('"MERA", "mass', '"MARE", "mass')
    (tmp_path / "mine" / "analysis.toml").write_text(study)
    (tmp_path / "mine" / "expected.json").write_text((source / "expected.json").read_text())
    monkeypatch.setenv("STRANGENESS_RECIPES", str(tmp_path))
    said = strangeness("recipe", "run", "mine", "--tiny", "--out", tmp_path / "out", "--quiet").error()
    assert "'MARE'" in said and "Did you mean MERA" in said and not (tmp_path / "out").exists()


def test_the_list_names_every_recipe(strangeness) -> None:
    assert [one["slug"] for one in json.loads(strangeness("recipe", "list", "--json").out)] == SLUGS
    assert "arXiv:2104.09051" in strangeness("recipe", "list").out


def test_a_claim_is_reproduced_when_its_whole_band_is_within_the_bounds() -> None:
    inside, across = Verdict(_expected(), 0.8, 0.75, 0.85), Verdict(_expected(), 0.85, 0.8, 0.91)
    assert inside.reproduced and inside.line().endswith("wanted 0.7 to 0.9: reproduced")
    assert not across.reproduced and "NOT reproduced" in across.line()
    assert "paper no number" in Verdict(_expected(paper=None), 0.8, 0.75, 0.85).line()


def test_what_cannot_run_is_refused(strangeness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = ("--out", tmp_path / "out", "--quiet")
    assert "Did you mean finke-2021" in strangeness("recipe", "run", "finke-2020", *out).error()
    slug = "ngairangbam-2022-controls"
    assert "with --data" in strangeness("recipe", "run", slug, *out).error()
    assert "no file" in strangeness("recipe", "run", slug, "--data", tmp_path, *out).error()
    with pytest.raises(ConfigError, match="Name an entry and direction"):
        verdicts([_expected()], [])
    monkeypatch.setenv("STRANGENESS_RECIPES", str(tmp_path))
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "analysis.toml").write_text('title = "t"\nseeds = 3\n')
    (bad / "expected.json").write_text("[]")
    assert "lacks 'citation'" in strangeness("recipe", "run", "bad", *out).error()
    (bad / "expected.json").write_text('[{"what": 1}]')
    assert "expected.json'" in strangeness("recipe", "run", "bad", *out).error()
    assert not (tmp_path / "out").exists()
