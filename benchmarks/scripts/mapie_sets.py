"""Prediction sets with MAPIE (LAC and randomised APS), of a classifier that hands its input through."""

from importlib.metadata import version

import numpy as np
from exchange import inputs, reply
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin


class HandsThrough(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose input is its output."""

    def fit(self, x, y):
        """Nothing but what a fitted classifier must have."""
        self.classes_, self.n_features_in_ = np.arange(x.shape[1]), x.shape[1]
        return self

    def predict_proba(self, x):
        """Probabilities (n, K)."""
        return x

    def predict(self, x):
        """The label of the largest probability."""
        return np.argmax(x, axis=1)


arguments, arrays = inputs()
learner = HandsThrough().fit(arrays["calibration"], arrays["labels"])
found = {}
for method in ("lac", "aps"):
    conformal = SplitConformalClassifier(
        learner,
        confidence_level=1 - arguments["alpha"],
        conformity_score=method,
        prefit=True,
        random_state=arguments["seed"],
    ).conformalize(arrays["calibration"], arrays["labels"])
    options = {"include_last_label": "randomized"} if method == "aps" else {}
    found[method] = conformal.predict_set(arrays["tested"], conformity_score_params=options)[1][:, :, 0]
reply({"version": version("mapie")}, **found)
