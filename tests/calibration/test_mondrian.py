"""Each bin has its own null: the same as a split-conformal one on the events of the bin."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.mondrian import Mondrian, MondrianNull
from strangeness.core import artefact
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError


def masses(n: int, name: str, seed: int) -> tuple[np.ndarray, Batch]:
    """Scores that follow the mass strongly, so that a common cut would sculpt it."""
    rng = np.random.default_rng(seed)
    context = rng.uniform(2700, 7000, n)
    return rng.normal(context / 500, 1.0), make_batch(np.zeros((n, 1)), context=context, name=name)


def test_bins_equal_separate_calibrations() -> None:
    score, batch = masses(600, "cal", 0)
    edges = (2600.0, 3500.0, 5000.0, 7100.0)
    null = Mondrian(edges=edges).fit_null(score, batch)
    tested, data = masses(400, "data", 1)
    p = null(tested, data, key=2)
    for low, high in pairwise(edges):
        here = (batch.context >= low) & (batch.context < high)
        rows = np.flatnonzero((data.context >= low) & (data.context < high))
        single = SplitConformal().fit_null(score[here], batch.take(here))
        assert np.array_equal(p[rows], single(tested[rows], data.take(rows), key=2))


def test_efficiency_is_flat_where_a_common_cut_sculpts() -> None:
    score, batch = masses(20_000, "cal", 2)
    tested, data = masses(20_000, "data", 3)
    null = Mondrian(bins=20, range=(2700, 7000)).fit_null(score, batch)
    high = data.context > 6000
    p = null(tested, data, key=0)
    # 4,600 events at 10 % and a shared calibration: standard deviation 0.006; within a bin
    # the score still follows the mass, which moves the efficiency by less than that
    assert (p[high] <= 0.1).mean() == pytest.approx(0.1, abs=0.025)
    common = SplitConformal().fit_null(score, batch)(tested, data, key=0)
    assert (common[high] <= 0.1).mean() > 0.3


def test_quantile_edges_hold_equally_many_events() -> None:
    score, batch = masses(1000, "cal", 4)
    null = Mondrian(bins=8).fit_null(score, batch)
    assert null.n_calibration.sum() == 1000
    assert np.ptp(null.n_calibration) <= 1
    assert null.edges[0] == batch.context.min() and null.edges[-1] == batch.context.max()
    assert Mondrian().fit_null(score, batch).edges.size == 11
    np.testing.assert_allclose(null.smallest_p, 1 / (null.n_calibration + 1))


def test_selection_law_is_met_by_fresh_calibrations() -> None:
    rng, found = np.random.default_rng(5), []
    for i in range(1500):
        batch = make_batch(np.zeros((80, 1)), context=np.repeat([1.0, 2.0], 40), name=f"{i}")
        null = Mondrian(edges=(0, 1.5, 3), randomised=False).fit_null(rng.random(80), batch)
        # scores are uniform: the efficiency of p_raw <= 0.1 is one minus the cut
        found.append([1 - part.ordered[-4] for part in null.nulls])
    law = null.selection_law(0.1)
    found = np.array(found)
    for i in range(2):
        assert stats.kstest(found[:, i], stats.beta(law.a[i], law.b[i]).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(found.T)[0, 1]) < 4 / np.sqrt(1500)


def test_context_outside_the_range_is_named() -> None:
    score, batch = masses(500, "cal", 6)
    null = Mondrian(bins=4, range=(2700, 7000)).fit_null(score, batch)
    outside = make_batch(np.zeros((2, 1)), context=[3000.0, 7200.5])
    with pytest.raises(InputError, match=r"7200\.5 outside the calibrated range 2700 to 7000"):
        null(np.zeros(2), outside, key=0)
    at_the_edge = make_batch(np.zeros((2, 1)), context=[2700.0, 7000.0])
    assert null(np.zeros(2), at_the_edge, key=0).shape == (2,)
    with pytest.raises(InputError, match="NaN"):
        null(np.zeros(1), make_batch(np.zeros((1, 1)), context=[np.nan]), key=0)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (Mondrian(edges=(2600.0, 2650.0, 7100.0)), "0 calibration events in the bin 2600 to 2650"),
        (Mondrian(bins=0), "0 Mondrian bins"),
        (Mondrian(bins=300), "500 calibration events"),
        (Mondrian(bins=3, edges=(1.0, 2.0)), "together"),
        (Mondrian(edges=(7000.0, 2000.0)), "edges"),
        (Mondrian(edges=(3000.0, 7100.0)), "outside the calibrated range"),
    ],
)
def test_bad_options_are_named(config: Mondrian, words: str) -> None:
    score, batch = masses(500, "cal", 7)
    with pytest.raises(InputError, match=words):
        config.fit_null(score, batch)


def test_raw_form_is_super_uniform_in_each_bin() -> None:
    score, batch = masses(300, "cal", 8)
    null = Mondrian(bins=3, range=(2000, 8000)).fit_null(score, batch)
    tested, data = masses(200, "data", 9)
    assert np.all(null.raw(tested, data.context) >= null(tested, data, key=1))


def test_a_null_survives_its_artefact(tmp_path) -> None:
    score, batch = masses(300, "cal", 10)
    null = Mondrian(bins=3).fit_null(score, batch)
    from strangeness.calibration.conformal import ConformalNull

    artefact.save(tmp_path / "null.art", null)
    back, _ = artefact.load(
        tmp_path / "null.art", {"MondrianNull": MondrianNull, "ConformalNull": ConformalNull}
    )
    assert np.array_equal(back(score, batch, key=1), null(score, batch, key=1))
