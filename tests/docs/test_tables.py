"""The tables of the pages are those that the code makes, and every page can be reached."""

import difflib
from pathlib import Path

import pytest

from strangeness.cli.config import Config
from tests.docs import configuration
from tests.docs.markdown import attributes, kind, toml
from tests.docs.tables import DOCS, REPOSITORY, all_tables, named, pages, renewed


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_tables_are_what_the_code_makes(page: Path) -> None:
    now = page.read_text(encoding="utf-8").splitlines()
    changes = list(difflib.unified_diff(now, renewed(page).splitlines(), "page", "code", n=0, lineterm=""))
    assert not changes, "\n".join([*changes, "If intended, run: python tests/docs/tables.py"])


def test_every_table_stands_in_one_page() -> None:
    used = [name for page in pages() for name in named(page)]
    assert sorted(used) == sorted(all_tables())


def test_every_key_is_explained_and_no_other() -> None:
    assert set(configuration.keys()) == set(configuration.MEANING)
    assert "detector.name" in configuration.keys(Config)


def test_every_page_stands_in_the_navigation() -> None:
    navigation = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    missing = [page for page in DOCS.rglob("*.md") if f" {page.relative_to(DOCS)}\n" not in navigation + "\n"]
    assert missing == []


def test_types_and_defaults_in_words() -> None:
    assert kind(list[float] | None) == "list: number or null"
    assert [toml(value) for value in (None, True, "a", 13000.0, ("a", 1))] == [
        "",
        "`true`",
        '`"a"`',
        "`13000`",
        '`["a", 1]`',
    ]


def test_attributes_of_a_docstring() -> None:
    class Cls:
        """First line.

        Attributes:
            a, b: two of them, said
                in two lines.
            c: one: with a colon.
        """

    assert attributes(Cls) == [(["a", "b"], "two of them, said in two lines"), (["c"], "one: with a colon")]
