"""Which procedure is taken, its rejections, and its error rate under a shared calibration."""

import numpy as np
import pytest

from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.discoveries import dependence_of, discoveries
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError


def batch_of(n: int, weight: np.ndarray | None = None) -> Batch:
    return make_batch(np.zeros((n, 1)), context=np.linspace(0, 1, n), weight=weight, name="b")


def test_the_procedure_follows_the_dependence_and_says_so() -> None:
    p = np.array([0.001, 0.012, 0.9])
    for kind, procedure, rejected in (
        ("independent", "Benjamini-Hochberg", [True, True, False]),
        ("shared-deterministic", "Benjamini-Hochberg", [True, True, False]),
        ("any", "Benjamini-Yekutieli", [True, False, False]),
    ):
        found = discoveries(p, 0.02, kind)  # type: ignore[arg-type]
        assert found.procedure == procedure and found.rejected.tolist() == rejected
        assert found.threshold == p[np.array(rejected)].max()
        assert found.label.startswith(f"{procedure} at 0.02: ")
    assert "theorem 2" in discoveries(p, 0.02, "shared-deterministic").label
    assert discoveries(p, 1e-6).threshold == 0.0


def test_only_deterministic_unweighted_nulls_are_known_to_be_positively_dependent() -> None:
    score, weight = np.arange(40.0), np.linspace(1, 2, 40)
    for calibrator, weights, kind in (
        (SplitConformal(randomised=False), None, "shared-deterministic"),
        (Mondrian(bins=2, randomised=False), None, "shared-deterministic"),
        (SplitConformal(), None, "any"),
        (SplitConformal(randomised=False), weight, "any"),
    ):
        null = calibrator.fit_null(score, batch_of(40, weights))
        assert dependence_of(null) == kind
    null = SplitConformal(randomised=False).fit_null(score, batch_of(40))
    assert discoveries([0.5], 0.1, null).procedure == "Benjamini-Hochberg"


def test_false_share_under_a_shared_calibration() -> None:
    rng, repeats, share = np.random.default_rng(0), 400, []
    truth = np.arange(50) < 10
    for _ in range(repeats):
        null = SplitConformal(randomised=False).fit_null(rng.normal(size=500), batch_of(500))
        found = discoveries(null.raw(rng.normal(4.0 * truth)), 0.2, null).rejected
        share.append((found & ~truth).sum() / max(found.sum(), 1))
    # at most 0.2 * 40 / 50; spread of one share about 0.15
    assert np.mean(share) < 0.16 + 4 * np.std(share) / np.sqrt(repeats)
    assert np.mean(share) > 0.1


def test_bad_input_is_named() -> None:
    for p, level, kind, words in (
        ([0.1, 1.2], 0.1, "any", "p-values"),
        ([0.1, np.nan], 0.1, "any", "p-values"),
        ([0.1], 0.0, "any", "level"),
        ([0.1], 0.1, "independant", "independent"),
    ):
        with pytest.raises(InputError, match=words):
            discoveries(p, level, kind)  # type: ignore[arg-type]
