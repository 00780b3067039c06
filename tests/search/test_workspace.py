"""Workspaces of searches: what they hold, that pyhf takes them, and what is refused."""

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize

from strangeness.core.errors import InputError, MissingDependency
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.counting import CountingExperiment
from strangeness.search.expectation import (
    Expectation,
    sideband_fit,
    spectrum_expectation,
    window_expectation,
)
from strangeness.search.limits import nominal, under_signal, upper_limit
from strangeness.search.result import SearchResult
from strangeness.search.systematics import Systematic
from strangeness.search.template import FixedExpectation, TemplateBackground
from strangeness.search.workspace import Signal, pyhf_module, quiet, validate, workspace, write_workspace
from strangeness.stats.selection import SelectionLaw
from tests.search.spectra import EDGES, falling

BINS = EDGES.size - 1
MEAN = falling(20_000)
LAW = SelectionLaw(np.array([2700.0, 4000, 7000]), np.array([50.0, 20.0]), np.array([950.0, 380.0]), 0.05)
SCALE = Systematic(
    "jet energy scale", tuple(np.linspace(0.02, 0.1, BINS)), tuple(np.linspace(-0.02, -0.1, BINS))
)
COUNTS = MEAN.round()
BUMP = np.exp(-0.5 * ((np.sqrt(EDGES[1:] * EDGES[:-1]) - 4000) / 150) ** 2)


def searched(background: Any, counts: np.ndarray = COUNTS) -> SearchResult:
    hunt = BumpHunt(edges=tuple(EDGES), background=background, alpha=None, n_pseudo=20)
    return hunt.run_counts(counts, rng=np.random.default_rng(0))


def test_template_window_is_the_count_over_a_finite_reference() -> None:
    template = TemplateBackground(tuple(np.round(2 * MEAN).astype(int)), 2.0)
    result = searched(template)
    found = window_expectation(result, template, systematics=(SCALE,))
    inside = (EDGES[:-1] >= result.window[0]) & (EDGES[1:] <= result.window[1])
    events = np.round(2 * MEAN)[inside].sum()
    assert found.expected == (events / 2,) and found.statistical == pytest.approx((events**-0.5,))
    assert found.observed == (result.observed,) and found.edges == result.window
    # the systematic of the window lies between those of its bins
    ups = np.array(SCALE.up)[inside]
    assert ups.min() <= found.systematics[0].up[0] <= ups.max()


def test_sidebands_do_not_see_the_window() -> None:
    inside = np.zeros(BINS, bool)
    inside[8:11] = True
    clean, spread = sideband_fit(DijetFunction(), EDGES, MEAN, inside)
    assert clean == pytest.approx(MEAN[inside].sum(), rel=1e-3)
    assert sideband_fit(DijetFunction(), EDGES, MEAN + 500 * inside, inside)[0] == pytest.approx(clean)
    rng = np.random.default_rng(1)
    toys = [
        sideband_fit(DijetFunction(), EDGES, rng.poisson(MEAN).astype(float), inside)[0] for _ in range(150)
    ]
    # 150 toys: the deviation to 6 %, three standard errors
    assert np.std(toys) / clean == pytest.approx(spread, rel=0.18)


def test_fitted_window_has_the_fit_and_the_calibration_as_nuisances() -> None:
    result = searched(DijetFunction())
    found = window_expectation(result, DijetFunction(), selection_law=LAW)
    assert {item.name for item in found.systematics} == {"background fit", "finite calibration"}
    known = FixedExpectation(tuple(MEAN))
    assert window_expectation(searched(known), known).systematics == ()


def test_counting_experiment_has_the_spread_of_its_calibration() -> None:
    search = CountingExperiment(0.05, (2700, 4000))
    result = search.run(
        np.full(200, 0.5), np.full(200, 3000.0), selection_law=LAW, rng=np.random.default_rng(0)
    )
    found = window_expectation(result, selection_law=LAW)
    assert found.expected == pytest.approx((10.0,))
    assert found.statistical == pytest.approx((np.sqrt(950 / (50 * 1001)),))
    with pytest.raises(InputError, match="selection law"):
        window_expectation(result)
    with pytest.raises(InputError, match="no spectrum"):
        spectrum_expectation(result, DijetFunction())


def test_each_bin_of_the_calibration_moves_the_spectrum_by_its_own_spread() -> None:
    found = spectrum_expectation(searched(DijetFunction()), DijetFunction(), selection_law=LAW)
    assert [item.name for item in found.systematics] == ["finite calibration 1", "finite calibration 2"]
    # relative spread of Beta(50, 950) and of Beta(20, 380): sqrt(b / (a (a + b + 1)))
    spreads = [np.sqrt(950 / (50 * 1001)), np.sqrt(380 / (20 * 401))]
    below, above = (EDGES[1:] <= 4000), (EDGES[:-1] >= 4000)
    for item, spread, own, other in zip(
        found.systematics, spreads, (below, above), (above, below), strict=True
    ):
        up, down = np.array(item.up), np.array(item.down)
        np.testing.assert_allclose(up[own], np.expm1(spread))
        np.testing.assert_allclose(down[own], np.expm1(-spread))
        assert not up[other].any() and not down[other].any()


def test_spectrum_holds_every_modifier_and_pyhf_takes_it(tmp_path: Path) -> None:
    found = spectrum_expectation(
        searched(DijetFunction()), DijetFunction(), selection_law=LAW, systematics=(SCALE,)
    )
    signal = Signal(
        "bump", tuple(BUMP), "one event in the peak bin", (Systematic("luminosity", (0.02,), (-0.02,)),)
    )
    spec = workspace(found, signal, spurious=3.0)
    kinds = [m["type"] for s in spec["channels"][0]["samples"] for m in s["modifiers"]]
    assert sorted(set(kinds)) == ["histosys", "normfactor", "normsys"]
    assert sum("free fit direction" in m["name"] for m in spec["channels"][0]["samples"][1]["modifiers"]) == 4
    write_workspace(spec, tmp_path / "workspace.json")
    again = json.loads((tmp_path / "workspace.json").read_text())
    assert again == spec
    with quiet():
        b, s = nominal(pyhf_module().Workspace(again).model())
    assert b == pytest.approx(found.expected) and s == pytest.approx(signal.events)
    template = TemplateBackground(tuple(np.round(MEAN).astype(int) + 1))
    finite = workspace(spectrum_expectation(searched(template), template), signal)
    assert "shapesys" in [m["type"] for m in finite["channels"][0]["samples"][1]["modifiers"]]
    validate(finite)


def test_limit_of_a_fitted_spectrum_is_the_profile_likelihood_of_the_function() -> None:
    found = spectrum_expectation(searched(DijetFunction(3)), DijetFunction(3))
    space = workspace(found, Signal("bump", tuple(BUMP)))
    median = upper_limit(space).expected[2]
    design = DijetFunction(3).prepared(MEAN, EDGES)
    counts = np.asarray(found.expected)

    def profiled(mu: float) -> float:
        start = design.internal(DijetFunction(3).fit(MEAN, EDGES).params)

        def cost(theta: np.ndarray) -> float:
            mean = design.expected(theta[:, None])[:, 0] + mu * BUMP
            return float(np.sum(mean - counts * np.log(mean)))

        return float(
            optimize.minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-7}).fun
        )

    # on the Asimov data CLs = 2 (1 - Phi(sqrt q)) = 5 % at q = 1.96^2
    q = 2 * (profiled(median) - profiled(0.0))
    # linear directions at four standard deviations and their loose prior: 1/16 of the fit's information
    assert np.sqrt(q) == pytest.approx(1.96, rel=0.06)


def test_cross_section_signals_count_events() -> None:
    signal = Signal.of_cross_section("bump", [0.1, 0.2], 140.0)
    assert signal.events == pytest.approx((14.0, 28.0)) and signal.unit == "a cross-section of 1 fb"


def test_spurious_signal_and_systematics_weaken_the_limit() -> None:
    plain = Expectation((1.0, 2.0), (100.0,), (100.0,), (0.0,))
    base = under_signal(workspace(plain, Signal("bump", (1.0,))))[0]
    assert base == pytest.approx(100.0)
    options = {"calculator": "toys", "n_toys": 3000}
    wide = Expectation((1.0, 2.0), (100.0,), (100.0,), (0.0,), (Systematic("jes", (0.2,), (-0.2,)),))
    limits = [
        upper_limit(workspace(plain, Signal("bump", (1.0,))), **options).observed,  # type: ignore[arg-type]
        upper_limit(workspace(plain, Signal("bump", (1.0,)), spurious=15.0), **options).observed,  # type: ignore[arg-type]
        upper_limit(workspace(wide, Signal("bump", (1.0,))), **options).observed,  # type: ignore[arg-type]
    ]
    assert limits[0] < limits[1] < limits[2]


def test_no_limit_from_a_blocked_search() -> None:
    blocked = searched(DijetFunction()).with_checks([Check("mass sculpting", 1e-6, 9.0, False, "sculpted")])
    for make in (window_expectation, spectrum_expectation):
        with pytest.raises(InputError, match=r"validity check failed .mass sculpting: sculpted"):
            make(blocked, DijetFunction())


def test_no_limit_from_weighted_data() -> None:
    result = searched(DijetFunction(), MEAN)
    with pytest.raises(InputError, match="weighted data"):
        window_expectation(result, DijetFunction())


def test_free_fits_have_no_toys() -> None:
    found = spectrum_expectation(searched(DijetFunction()), DijetFunction())
    with pytest.raises(InputError, match="fitted with the signal"):
        upper_limit(workspace(found, Signal("bump", tuple(BUMP))), calculator="toys")


def test_missing_pyhf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyhf"):
            raise ImportError("no pyhf", name="pyhf")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependency, match=r"strangeness\[limits\]"):
        validate({})


ONE = Expectation((1.0, 2.0), (5.0,), (5.0,), (0.0,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: workspace(ONE, Signal("bump", (1.0, 2.0))), "2 bins for 1 bins"),
        (lambda: workspace(ONE, Signal("bump", (0.0,))), "has 0 events"),
        (lambda: workspace(ONE, Signal("background", (1.0,))), "called 'background'"),
        (lambda: workspace(ONE, Signal("bump", (1.0,)), spurious=-1.0), "spurious = -1"),
        (lambda: workspace(ONE, Signal("bump", (1.0,)), spurious=6.0), "6 events where 5"),
        (
            lambda: workspace(ONE, Signal("b", (1.0,), "x", (Systematic("mu", (0.1,), (0.1,)),))),
            "called 'mu'",
        ),
        (lambda: Signal.of_cross_section("b", [0.5], 0.0), "luminosity of 0"),
        (lambda: Signal.of_cross_section("b", [0.5, 0.6], 1.0), "add up to 1.1"),
        (lambda: validate({"channels": []}), "pyhf refuses"),
        (lambda: window_expectation(searched(DijetFunction())), "without its background"),
        (
            lambda: spectrum_expectation(
                searched(FixedExpectation(tuple(MEAN))), TemplateBackground((0,) + (5,) * (BINS - 1))
            ),
            "no reference event in bin 0",
        ),
    ],
)
def test_bad_input_is_named(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_starting_point_and_end_of_mu() -> None:
    found = Expectation(
        (1.0, 2.0, 3.0),
        (90.0, 3.0),
        (100.0, 0.5),
        (0.1, 0.0),
        (Systematic("a", (0.2, 0.1), (-0.3, -0.1)), Systematic("b", (-0.05,), (0.04,))),
    )
    events = (4.0, 2.0)
    # Poisson, a tenth of 100 from the reference, 30 and 5 from the systematics; a bin below one counts as one
    variance = 100 + 10**2 + 30**2 + 5**2, 1.0
    first = 1 / np.sqrt(16 / variance[0] + 4 / variance[1])
    (parameter,) = workspace(found, Signal("s", events))["measurements"][0]["config"]["parameters"]
    assert parameter["inits"] == pytest.approx([first])
    assert parameter["bounds"] == [[0.0, pytest.approx(30 * first + 3 * 93 / 6)]]


def test_numbers_of_every_modifier() -> None:
    found = Expectation(
        (1.0, 2.0, 3.0),
        (90.0, 3.0),
        (100.0, 5.0),
        (0.1, 0.0),
        (Systematic("one", (0.2,), (-0.3,)), Systematic("each", (0.2, 0.1), (-0.3, -0.1))),
        (Systematic("fit", (0.01, -0.02), (-0.01, 0.02)),),
    )
    spec = workspace(
        found, Signal("s", (4.0, 2.0), systematics=(Systematic("own", (0.5,), (-0.5,)),)), spurious=3.0
    )
    assert spec["version"] == "1.0.0" and spec["observations"][0]["data"] == [90, 3]
    signal, background = spec["channels"][0]["samples"]
    assert signal["modifiers"][0] == {"name": "mu", "type": "normfactor", "data": None}
    assert signal["modifiers"][1]["data"] == {"hi": 1.5, "lo": 0.5}
    by_name = {item["name"]: item["data"] for item in background["modifiers"]}
    assert by_name["finite reference"] == pytest.approx([10.0, 0.0]) and by_name["one"] == {
        "hi": 1.2,
        "lo": 0.7,
    }
    assert by_name["each"] == {"hi_data": pytest.approx([120, 5.5]), "lo_data": pytest.approx([70, 4.5])}
    # four standard deviations of the fit
    assert by_name["free fit"]["hi_data"] == pytest.approx([100 * 1.01**4, 5 * 0.98**4])
    assert by_name["free fit"]["lo_data"] == pytest.approx([100 * 0.99**4, 5 * 1.02**4])
    assert by_name["spurious signal"] == {
        "hi_data": pytest.approx([102, 6]),
        "lo_data": pytest.approx([98, 4]),
    }
    plain = workspace(Expectation((1.0, 2.0), (5.0,), (5.0,), (0.0,)), Signal("s", (1.0,)))
    assert plain["channels"][0]["samples"][1]["modifiers"] == []


def test_refusals_at_their_bounds() -> None:
    workspace(ONE, Signal("s", (1.0,)), spurious=4.99)
    assert Signal.of_cross_section("s", [0.0, 1.0], 0.5).events == (0.0, 0.5)
    two = Expectation((1.0, 2.0, 3.0), (5.0, 9.0), (5.0, 9.0), (0.0, 0.0))
    for make, words in (
        (lambda: workspace(ONE, Signal("s", (1.0,)), spurious=5.0), "5 events where 5"),
        (lambda: workspace(two, Signal("s", (1.0, 3.0)), spurious=13.0), "13 events where 9"),
        (lambda: workspace(ONE, Signal("s", (1.0,)), spurious=np.inf), "spurious = inf"),
        (lambda: workspace(ONE, Signal("s", (1.0,)), spurious=np.nan), "spurious = nan"),
        (lambda: workspace(two, Signal("s", (-1.0, 2.0))), "has 1 events"),
        (lambda: workspace(two, Signal("s", (np.nan, 2.0))), "has nan events"),
        (lambda: workspace(two, Signal("s", (0.0, 0.0))), "has 0 events"),
        (lambda: Signal.of_cross_section("s", [-0.1], 1.0), "add up to -0.1"),
        (lambda: Signal.of_cross_section("s", [1.1], 1.0), "add up to 1.1"),
        (lambda: Signal.of_cross_section("s", [0.5], -1.0), "luminosity of -1"),
        (lambda: Signal.of_cross_section("s", [0.5], np.inf), "luminosity of inf"),
    ):
        with pytest.raises(InputError, match=words):
            make()
    for name in ("mu", "finite reference", "spurious signal"):
        with pytest.raises(InputError, match=f"called '{name}'"):
            workspace(
                Expectation((1.0, 2.0), (5.0,), (5.0,), (0.0,), (Systematic(name, (0.1,), (0.1,)),)),
                Signal("s", (1.0,)),
            )
