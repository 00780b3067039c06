"""Errors name the thing and the remedy, in one line, and survive a copy."""

import copy

import pytest

from strangeness.core.errors import (
    ConfigError,
    FileError,
    InputError,
    Interrupted,
    MissingDependency,
    StrangenessError,
    nearest,
)


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(InputError, ValueError), (FileError, OSError), (ConfigError, ValueError), (Interrupted, Exception)],
)
def test_what_and_remedy_make_one_sentence_each(
    kind: type[StrangenessError], builtin: type[Exception]
) -> None:
    error = kind("'chunk' is 0.", "Give 1 or more.")
    assert str(error) == "'chunk' is 0. Give 1 or more."
    assert isinstance(error, builtin) and isinstance(error, StrangenessError)
    assert (error.what, error.remedy) == ("'chunk' is 0.", "Give 1 or more.")


def test_a_missing_package_names_the_command() -> None:
    error = MissingDependency("fastjet", "generate")
    assert isinstance(error, ImportError)
    assert str(error).endswith("Install it with: pip install 'strangeness[generate]'")


@pytest.mark.parametrize(
    "error", [FileError("a", "b"), InputError("a", "b"), MissingDependency("fastjet", "generate")]
)
def test_errors_cross_to_another_process_whole(error: StrangenessError) -> None:
    twin = copy.copy(error)  # copies as multiprocessing does, by __reduce__
    assert type(twin) is type(error)
    assert (str(twin), twin.what, twin.remedy) == (str(error), error.what, error.remedy)


def test_nearest_offers_close_names_or_all() -> None:
    assert set(nearest("mj", ["mjj", "mj1", "tau21"])[:-1].split()) == {
        "Did",
        "you",
        "mean",
        "mjj",
        "or",
        "mj1",
    }
    assert nearest("pca", {"pca", "mahalanobis"}) == "Did you mean pca?"
    assert nearest("zzz", ["b", "a"]) == "Known names: a, b."
