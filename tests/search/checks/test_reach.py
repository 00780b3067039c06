"""The reach of the check of sculpting, its parts against loops."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks import reach as module
from strangeness.search.checks.cells import windows_of
from strangeness.search.checks.reach import Reach, _missed_size, faked, ratios, reach_of, shapes
from strangeness.search.template import FixedExpectation
from tests.search.spectra import EDGES, falling

HUNT = BumpHunt(edges=tuple(EDGES), alpha=0.05, background=DijetFunction(3), widths=(2, 3, 4))
MIDDLE = 0.5 * (EDGES[1:] + EDGES[:-1])


def prepared(centre: np.ndarray, widths: tuple[int, ...] = (1, 2, 3)) -> Any:
    """What the reach reads of a prepared test: two bins of the law, a third of the cells in the first."""
    n = centre.size
    cells = SimpleNamespace(
        centre=centre,
        owner=(np.arange(n) >= n // 3).astype(int),
        held=np.arange(n) + 10,
        calibrated=2 * np.arange(n) + 5,
        windows=windows_of(n, widths),
    )
    law = SimpleNamespace(a=np.ones(2))
    return SimpleNamespace(cells=cells, law=law, cuts=np.array([0.05, 0.2]), seen=None)


def test_shapes_are_a_slope_and_bumps_as_wide_as_a_window() -> None:
    centre = np.array([1.0, 2, 4, 7, 11, 12, 20])
    (name, slope), *bumps = shapes(prepared(centre), HUNT)
    assert name == "a slope" and slope == pytest.approx((centre - 1) / 19)
    # five windows of three cells (the median width): at a third and two thirds of them
    assert [bump[0] for bump in bumps] == [f"a bump at {13 / 3:.0f} GeV", f"a bump at {22 / 3:.0f} GeV"]
    assert [np.flatnonzero(bump[1]).tolist() for bump in bumps] == [[1, 2, 3], [2, 3, 4]]
    # fewer cells than a window: one bump over all of them; one cell has no slope
    two = shapes(prepared(np.array([1.0, 4.0]), (1, 2)), HUNT)
    assert [name for name, _ in two] == ["a slope", "a bump at 2 GeV"] and two[1][1].tolist() == [1, 1]
    assert shapes(prepared(np.array([3.0]), (1,)), HUNT)[0][1].tolist() == [0.0]
    assert len(shapes(prepared(centre, (1, 2)), HUNT)) == 1


def test_ratios_are_those_of_a_shifted_normal_score() -> None:
    test = prepared(np.arange(6.0))
    shift = np.linspace(-0.4, 0.9, 6)
    found = ratios(test, shift)
    for k, cut in enumerate((0.05, 0.2)):
        passing = stats.norm.cdf(stats.norm.ppf(cut) + shift)
        for cells in ([0, 1], [2, 3, 4, 5]):
            total = [float(test.cells.held[i] + test.cells.calibrated[i]) for i in cells]
            mean = sum(passing[i] * n for i, n in zip(cells, total, strict=True)) / sum(total)
            assert found[k, cells] == pytest.approx(passing[cells] / mean)


def test_a_faked_excess_is_the_largest_window_of_the_expected_spectrum() -> None:
    test = prepared(MIDDLE[::2] + 1)
    shift = np.where(np.arange(test.cells.centre.size) == 4, 0.8, 0.0)
    spectrum = np.round(falling(20_000))
    found = faked(test, HUNT, spectrum, 3000.0, shift)
    smooth = DijetFunction(3).fit(spectrum, EDGES).expected
    nearest = [int(np.argmin([abs(c - m) for c in test.cells.centre])) for m in MIDDLE]
    counts = 3000 * smooth / sum(smooth) * ratios(test, shift)[0][nearest]
    expected = DijetFunction(3).fit(counts, EDGES).expected
    best = 0.0
    for width in HUNT.widths:
        for i in range(counts.size - width + 1):
            n, b = counts[i : i + width].sum(), expected[i : i + width].sum()
            if n > b:
                # P(N >= n) continued to real n by the incomplete Gamma function
                best = max(best, float(stats.norm.isf(stats.gamma.cdf(b, n))))
    assert best > 1 and found == pytest.approx(best, rel=1e-6)
    # no shift, no excess: the median of a count above its mean is no significance
    assert faked(test, HUNT, spectrum, 3000.0, 0 * shift) == pytest.approx(0.0, abs=1e-6)
    known = BumpHunt(edges=tuple(EDGES), background=FixedExpectation((1.0,) * (EDGES.size - 1)))
    assert faked(test, known, spectrum, 3000.0, shift) == 0.0


@pytest.mark.parametrize(("limit", "exact"), [(0.3, None), (9.0, 4.0), (0.001, None)])
def test_the_missed_size_is_found_by_halving(
    monkeypatch: pytest.MonkeyPatch, limit: float, exact: Any
) -> None:
    """A check that passes one toy of five below ``limit`` and one of ten (not more than 10 %) beyond."""
    sizes: list[float] = []

    def toys(cells: Any, seen: Any, law: Any, cuts: Any, n: int, rng: Any, ratio: np.ndarray) -> np.ndarray:
        assert n == 10
        sizes.append(float(ratio[0]))
        passing = 2 if sizes[-1] < limit else 1
        # a statistic at the critical value does not pass
        return np.where(np.arange(n) < passing, 0.9, 1.0)

    monkeypatch.setattr(module, "simulated", toys)
    monkeypatch.setattr(module, "ratios", lambda test, shift: shift)
    test = prepared(np.arange(4.0))
    test.statistics, test.test = lambda drawn: drawn, SimpleNamespace(largest=lambda drawn: drawn)
    found = _missed_size(test, np.ones(2), 1.0, 10, np.random.default_rng(0))
    assert sizes[0] == 4.0
    if exact is not None:
        assert found == exact and len(sizes) == 1
        return
    # six halvings of log(4 / 0.02): the first that is seen, by at most that much
    step = (4 / 0.02) ** (1 / 64)
    assert len(sizes) == 7 and sizes[1] == pytest.approx(np.sqrt(4 * 0.02))
    assert max(limit, 0.02) < found <= max(limit, 0.02) * step * (1 + 1e-9)


def test_the_worst_shape_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    test = prepared(np.arange(4.0))
    test.test = SimpleNamespace(null=np.arange(100.0))
    seen: list[Any] = []
    heights = {"flat": 0.0, "one": 0.5, "two": 3.0, "also": 3.0, "less": 0.7}
    forms = [(name, np.array([height])) for name, height in heights.items()]

    def sized(test: Any, shape: np.ndarray, critical: float, n: int, rng: Any) -> float:
        seen.append((critical, n))
        return 2.0

    monkeypatch.setattr(module, "shapes", lambda test, hunt: forms)
    monkeypatch.setattr(module, "_missed_size", sized)
    # a shift of 2.1 fakes most: 0.7 of three times two is beyond, 0.4 of it is nearest
    monkeypatch.setattr(
        module, "faked", lambda t, h, s, n, shift: float(n * shift[0] * np.exp(-shift[0] / 2.1))
    )
    found = reach_of(test, HUNT, np.ones(3), 10.0, 0.05, np.random.default_rng(0), 77)
    sizes = [part * 2.0 * 3.0 for part in (1.0, 0.7, 0.4)]
    assert found.shape == "two"
    assert found.sigma == pytest.approx(max(10 * x * np.exp(-x / 2.1) for x in sizes))
    # 95 of a hundred null values are at or below the critical one, from above
    assert seen == [(95.0, 77)] * 5
    assert reach_of(test, HUNT, np.ones(3), 10.0, 0.05, np.random.default_rng(0)).shape == "two"
    assert seen[-1] == (95.0, 200)
    monkeypatch.setattr(module, "faked", lambda *rest: 0.0)
    nothing = reach_of(test, HUNT, np.ones(3), 10.0, 0.05, np.random.default_rng(0))
    assert nothing == Reach(0.0, "none")


def test_sentences() -> None:
    assert "cannot fake" in Reach(0.0499, "a slope").sentence()
    said = Reach(0.05, "a slope").sentence()
    assert "sculpting (a slope)" in said and "up to 0.1 sigma" in said and "10 %" in said
    assert module.MISSED == 0.1
