"""Results: round trip, validation, sentences, blocking."""

import copy
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.result import SCHEMA, SearchResult, mass_unit
from tests.search.spectra import EDGES, falling


@pytest.fixture(scope="module")
def result() -> SearchResult:
    counts = np.round(falling(500))
    counts[5] += 12
    return BumpHunt(edges=tuple(EDGES), n_pseudo=200).run_counts(counts, rng=np.random.default_rng(0))


def test_sentence_names_window_counts_and_both_p(result: SearchResult) -> None:
    text = result.statement()
    assert text.startswith("The largest excess is ") and text.endswith(".")
    assert f"{result.window[0] / 1000:.2f} and {result.window[1] / 1000:.2f} TeV" in text
    assert "sigma" in text and "200 pseudo-experiments" in text


def test_failed_check_withholds_the_significance(result: SearchResult) -> None:
    good = Check("one", 0.5, 1.0, True, "fine")
    bad = Check("mass sculpting", 1e-5, 99.0, False, "the efficiency is not flat")
    assert result.with_checks([good]).checks == (good,)
    assert result.with_checks([good]).global_z == result.global_z
    blocked = result.with_checks([good, bad])
    assert blocked.blocked and blocked.local_z is None and blocked.global_z is None
    assert "the efficiency is not flat" in blocked.reason
    assert "sigma" not in blocked.statement() and "not flat" in blocked.statement()
    assert SearchResult.from_dict(blocked.to_dict()) == blocked


def test_written_form_is_versioned(result: SearchResult) -> None:
    values = result.to_dict()
    assert values["schema"] == SCHEMA == "strangeness.result/2"
    assert SearchResult.from_dict(values) == result


def broken(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    *outer, last = path.split(".")
    target: Any = values
    for key in outer:
        target = target[key]
    if value is KeyError:
        del target[last]
    else:
        target[last] = value
    return values


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "strangeness.result/9"),
        ("schema", KeyError),
        ("kind", KeyError),
        ("extra", 1),
        ("kind", 3),
        ("global_p", 1.5),
        ("global_p", "0.1"),
        ("local_p", None),
        ("n_pseudo", 1.5),
        ("n_pseudo", True),
        ("blocked", "no"),
        ("blocked", True),
        ("window", [2.0, 1.0]),
        ("window", [1.0]),
        ("window", 3.0),
        ("spectrum", [1]),
        ("spectrum.counts", [1.0]),
        ("spectrum.counts", ["a"]),
        ("spectrum.more", []),
        ("checks", [3]),
        ("checks", 3),
        ("checks", [{"name": "x"}]),
        ("assumptions", [1]),
    ],
)
def test_damaged_results_are_refused(result: SearchResult, path: str, value: Any) -> None:
    with pytest.raises(InputError):
        SearchResult.from_dict(broken(result.to_dict(), path, value))


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((3300.0, 3754.0), "3.30 and 3.75 TeV"),
        ((95.2, 115.0), "95 and 115 GeV"),
        ((4.25, 8.0), "4.2 and 8.0 GeV"),
    ],
)
def test_a_window_is_told_in_a_unit_that_fits(window: tuple[float, float], said: str) -> None:
    scale, unit, decimals = mass_unit(window[1])
    low, high = (f"{edge / scale:.{decimals}f}" for edge in window)
    assert f"{low} and {high} {unit}" == said
