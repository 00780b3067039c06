"""Step-up procedures against SciPy, and their thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import false_discovery_control

from strangeness.stats.multiple import benjamini_hochberg, benjamini_yekutieli, step_up

P = arrays(np.float64, st.integers(1, 30), elements=st.integers(0, 200).map(lambda k: (k + 0.5) / 2011))


@given(P, st.sampled_from([0.01, 0.0513, 0.2]))
def test_rejections_are_those_of_scipy(p: np.ndarray, level: float) -> None:
    for control, method in ((benjamini_hochberg, "bh"), (benjamini_yekutieli, "by")):
        rejected, threshold = control(p, level)
        assert rejected.tolist() == (false_discovery_control(p, method=method) <= level).tolist()
        assert threshold == (p[rejected].max() if rejected.any() else 0.0)


def test_steps_by_hand() -> None:
    # 0.03 <= 0.05 * 3 / 4 rescues 0.02, which is above 0.05 / 4
    assert benjamini_hochberg([0.03, 0.02, 0.9, 0.026], 0.05)[0].tolist() == [True, True, False, True]
    assert not benjamini_yekutieli([0.03, 0.02, 0.9, 0.026], 0.05)[0].any()
    assert step_up([0.3 / 3], 0.1) == (pytest.approx([True]), pytest.approx(0.1))
    assert benjamini_yekutieli([], 0.1)[0].shape == (0,) and benjamini_hochberg([], 0.1)[1] == 0.0
