"""Localised calibration: by definition at its nodes, flat inside wide bins, and an honest law."""

import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.localised import Localised, LocalisedNull
from strangeness.calibration.mondrian import Mondrian
from strangeness.core import artefact
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError

EDGES = tuple(np.linspace(0.0, 1.0, 11).tolist())


def batch_of(context: np.ndarray, weight: np.ndarray | None = None, name: str = "b") -> Batch:
    return make_batch(np.zeros((context.size, 1)), context=context, weight=weight, name=name)


def events(rng: np.random.Generator, n: int, slope: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Scores that follow a falling context."""
    context = stats.truncexpon(2.5, scale=0.4).rvs(n, random_state=rng)
    return rng.normal(slope * context), context


def test_p_is_weighted_by_the_kernel_of_the_node() -> None:
    rng = np.random.default_rng(0)
    score, context = events(rng, 200)
    null = Localised(0.1, EDGES, randomised=False).fit_null(np.round(score, 1), batch_of(context))
    tested, where = np.round(events(rng, 50), 1)[0], events(rng, 50)[1]
    for s, c, p in zip(tested, where, null.raw(tested, where), strict=True):
        weight = np.exp(-0.5 * ((context - null.nodes[int(c * 10)]) / 0.1) ** 2)
        at_least = weight[np.round(score, 1) >= s].sum()
        assert p == pytest.approx((at_least + 1) / (weight.sum() + 1), rel=1e-12)


def test_nodes_balance_the_context_of_their_bins() -> None:
    score, context = events(np.random.default_rng(1), 20_000)
    null = Localised(0.05, EDGES).fit_null(score, batch_of(context))
    for i in range(10):
        inside = (context >= EDGES[i]) & (context < EDGES[i + 1])
        weight = np.exp(-0.5 * ((context - null.nodes[i]) / 0.05) ** 2)
        # cells of a sixteenth of the width replace the events
        assert np.average(context, weights=weight) == pytest.approx(context[inside].mean(), abs=1e-3)


def efficiencies(null: LocalisedNull, alpha: float, slope: float) -> np.ndarray:
    """Efficiency of p_raw <= alpha in each bin, by the normal law of the score."""
    found = []
    for i in range(10):
        weight = np.exp(-0.5 * ((null.context - null.nodes[i]) / null.width) ** 2)[::-1]
        cut = null.ordered[::-1][np.searchsorted(np.cumsum(weight), alpha * weight.sum())]
        c = np.linspace(EDGES[i], EDGES[i + 1], 41)
        found.append(np.average(stats.norm.sf(cut - slope * c), weights=np.exp(-c / 0.4)))
    return np.array(found)


def test_efficiency_is_flat_and_its_law_is_no_narrower_than_the_truth() -> None:
    rng, found, laws = np.random.default_rng(2), [], []
    for _ in range(120):
        score, context = events(rng, 3000)
        null = Localised(0.1, EDGES, randomised=False).fit_null(score, batch_of(context))
        found.append(efficiencies(null, 0.1, 3.0))
        law = null.selection_law(0.1)
        laws.append(law.mean * (1 - law.mean) / (law.a + law.b + 1))
    found, variance = np.array(found), np.mean(laws, axis=0)
    # the score moves by 0.3 of its spread over a width: a bias of a tenth of alpha at most
    np.testing.assert_allclose(found.mean(axis=0), 0.1, atol=0.012)
    falling = np.exp(-np.arange(10) / 4)
    for load in (np.ones(10), falling, np.eye(10)[4], np.repeat([0.0, 1.0, 0.0], [3, 4, 3])):
        true = np.var(found @ load)
        # the variance of 120 draws is known to 13 %
        assert true < 1.3 * (load**2 @ variance)
    assert np.var(found.sum(axis=1)) > 0.6 * variance.sum()


def test_wide_mondrian_bins_sculpt_where_localised_does_not() -> None:
    rng = np.random.default_rng(3)
    score, context = events(rng, 40_000, slope=6.0)
    tested, where = events(rng, 40_000, slope=6.0)
    data, end = batch_of(where, name="d"), (where > 0.4) & (where < 0.5)
    wide = Mondrian(edges=(0.0, 0.5, 1.0)).fit_null(score, batch_of(context))(tested, data, key=1)
    local = Localised(0.04, EDGES).fit_null(score, batch_of(context))(tested, data, key=1)
    assert np.mean(wide[end] <= 0.1) > 0.3
    # about 3,800 events and 3,000 effective ones: standard deviation 0.007
    assert np.mean(local[end] <= 0.1) == pytest.approx(0.1, abs=0.03)


def test_a_wide_kernel_is_split_conformal() -> None:
    rng = np.random.default_rng(4)
    score, context = rng.normal(size=300), rng.uniform(0, 1, 300)
    null = Localised(1e4, (0.0, 1.0), randomised=False).fit_null(score, batch_of(context))
    tested = rng.normal(size=20)
    plain = (np.sum(score[:, None] >= tested, axis=0) + 1) / 301
    np.testing.assert_allclose(null.raw(tested, np.full(20, 0.3)), plain, rtol=1e-6)
    assert null.n_eff == pytest.approx([300]) and null.smallest_p == pytest.approx([1 / 301])
    law = null.selection_law(0.1)
    assert law.mean == pytest.approx([0.1]) and law.n_calibration == pytest.approx([300], rel=0.02)


def test_order_and_chunks_do_not_matter_and_weights_do() -> None:
    rng = np.random.default_rng(5)
    score, context = events(rng, 500)
    weight = rng.uniform(0.5, 2, 500)
    null = Localised(0.2, EDGES).fit_null(score, batch_of(context, weight))
    plain = Localised(0.2, EDGES).fit_null(score, batch_of(context))
    tested, where = events(rng, 80)
    data, order = batch_of(where, name="d"), rng.permutation(80)
    p = null(tested, data, key=1)
    assert np.array_equal(null(tested[order], data.take(order), key=1), p[order])
    assert not np.array_equal(p, plain(tested, data, key=1))
    assert np.all(null.n_eff < plain.n_eff) and p.min() > 0 and p.max() <= 1
    assert null.guarantee == "asymptotic" and "linear" in null.guarantee_text


def test_an_empty_bin_borrows_from_its_neighbours() -> None:
    rng = np.random.default_rng(6)
    context = np.concatenate([rng.uniform(0, 0.4, 200), rng.uniform(0.6, 1, 200)])
    null = Localised(0.2, (0.0, 0.4, 0.6, 1.0)).fit_null(rng.normal(size=400), batch_of(context))
    assert null.n_eff.min() > 50 and null.nodes[1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("calibrator", "words"),
    [
        (Localised(0.0, EDGES), "width of 0"),
        (Localised(np.nan, EDGES), "width of nan"),
        (Localised(0.1, (1.0, 0.0)), "edges of the search bins"),
        (Localised(0.1, (0.0, 0.5)), "outside the calibrated range"),
        (Localised(0.001, (0.0, 0.9, 0.92, 1.0)), "effective calibration events around the bin 0.9"),
    ],
)
def test_bad_options_are_named(calibrator: Localised, words: str) -> None:
    context = np.linspace(0, 0.89, 100)
    with pytest.raises(InputError, match=words):
        calibrator.fit_null(np.arange(100.0), batch_of(context))


def test_a_null_survives_its_artefact_and_refuses_forged_ones(tmp_path) -> None:
    rng = np.random.default_rng(7)
    score, context = events(rng, 100)
    null = Localised(0.3, EDGES).fit_null(score, batch_of(context))
    artefact.save(tmp_path / "a", null)
    back, _ = artefact.load(tmp_path / "a", {"LocalisedNull": LocalisedNull})
    assert np.array_equal(back(score, batch_of(context), key=1), null(score, batch_of(context), key=1))
    names = ("ordered", "context", "weight", "edges", "nodes", "width")
    good = {name: getattr(null, name) for name in names}
    for name, wrong in {
        "ordered": null.ordered[::-1],
        "context": null.context * np.nan,
        "weight": -null.weight,
        "nodes": null.nodes[1:],
        "width": -1.0,
    }.items():
        with pytest.raises(InputError):
            LocalisedNull(**{**good, name: wrong})
    with pytest.raises(InputError, match="alpha"):
        null.selection_law(1e-4)
