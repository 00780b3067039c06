"""Label-conditional p-values with crepes, of a classifier that hands its input through."""

from importlib.metadata import version

import numpy as np
from crepes import WrapClassifier
from exchange import inputs, reply


class HandsThrough:
    """A fitted classifier whose input is its output."""

    def __init__(self, classes):
        self.classes_ = np.arange(classes)

    def predict_proba(self, x):
        """Probabilities (n, K)."""
        return x


_, arrays = inputs()
wrapped = WrapClassifier(HandsThrough(arrays["calibration"].shape[1]))
wrapped.calibrate(arrays["calibration"], arrays["labels"], class_cond=True)
reply(
    {"version": version("crepes")},
    p=np.asarray(wrapped.predict_p(arrays["tested"], smoothing=False), dtype=np.float64),
)
