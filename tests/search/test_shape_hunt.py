"""A shape scan as a search: the numbers are those of the scan itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.result import SearchResult
from strangeness.search.shape_hunt import ShapeHunt
from strangeness.search.systematics import Systematic
from strangeness.search.template import FixedExpectation

HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.06, alpha=0.1, n_pseudo=40, background=DijetFunction(3))


def _masses() -> np.ndarray:
    rng = np.random.default_rng(5)
    mass = 3000 - 700 * np.log1p(-rng.random(2000) * -np.expm1(-3000 / 700))
    return np.concatenate([mass, rng.normal(4200, 120, 90)])


def test_the_result_is_that_of_the_scan() -> None:
    search, mass = ShapeHunt(HUNT), _masses()
    result = search.run(mass, rng=np.random.default_rng(1))
    counts = np.histogram(mass, HUNT.bin_edges())[0]
    found = search.scan().run_counts(counts, rng=np.random.default_rng(1))
    assert result.global_p == found.outcome.p and result.local_p == pytest.approx(found.local_p, rel=1e-9)
    assert result.local_z == pytest.approx(float(found.fit.root.max()))
    assert result.window[0] < 4200 < result.window[1] and result.local_z > 3
    assert result.observed > result.expected > 0 and result.kind == "shape scan"
    assert result.assumptions[0].startswith("the largest signal has")
    assert SearchResult.from_dict(result.to_dict()) == result and "largest excess" in result.statement()


def test_equal_weights_change_the_notes_alone() -> None:
    search, mass = ShapeHunt(HUNT), _masses()
    plain, weighted = (
        search.run(mass, weight=weight, rng=np.random.default_rng(1))
        for weight in (None, np.full(mass.size, 2.0))
    )
    assert weighted.global_p == plain.global_p and "effective numbers" in weighted.assumptions[-1]


def test_other_backgrounds_and_systematics_are_refused() -> None:
    with pytest.raises(InputError, match="over a background that is not fitted"):
        ShapeHunt(replace(HUNT, background=FixedExpectation((1.0,)))).scan()
    item = Systematic("a", (0.1,), (-0.1,))
    with pytest.raises(InputError, match="a shape scan with systematics"):
        ShapeHunt(replace(HUNT, systematics=(item,))).run(_masses(), rng=np.random.default_rng(1))
