"""Weights that put data and reference on even terms."""

import numpy as np
import pytest

from strangeness.core.batch import make_batch
from strangeness.core.errors import InputError
from strangeness.core.weights import balanced


def test_both_samples_weigh_the_same_and_the_mean_is_one(rng: np.random.Generator) -> None:
    sample = (np.arange(30) < 4).astype(np.uint8)
    weight = rng.uniform(0.5, 2.0, 30)
    even = balanced(make_batch(np.zeros((30, 1)), sample=sample, weight=weight), "toy")
    assert even[sample == 0].sum() == pytest.approx(15, rel=1e-12)
    assert even[sample == 1].sum() == pytest.approx(15, rel=1e-12)
    assert np.allclose(even[:4] / weight[:4], even[0] / weight[0], rtol=1e-12)


@pytest.mark.parametrize(("sample", "missing"), [(0, "data"), (1, "reference")])
def test_both_must_be_there(sample: int, missing: str) -> None:
    with pytest.raises(InputError, match=f"toy was given .*{missing}"):
        balanced(make_batch(np.zeros((3, 1)), sample=sample), "toy")
