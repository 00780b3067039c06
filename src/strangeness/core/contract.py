"""The scikit-learn contract of every detector for tabular input; scikit-learn is loaded only when it is used.

scikit-learn's sign (lower = abnormal) is made here and nowhere else.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from jaxtyping import PRNGKeyArray

    from strangeness.core.batch import Batch, Source


class TabularContract:
    """``fit``, ``score_samples``, ``decision_function``, ``predict``, ``clone``, ``Pipeline`` of a dataclass.

    There is no default ``score``: a search over settings needs a named criterion, since the mean score of a
    detector rewards the setting that finds nothing strange.
    """

    _OUTLIER_SHARE: ClassVar[float] = 0.1

    if TYPE_CHECKING:
        card: ClassVar[Any]

        def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> Any: ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The hyperparameters by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def set_params(self, **params: Any) -> Any:
        """Set hyperparameters by name; returns itself."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. "
                    f"Valid parameters are: {sorted(known)}."
                )
            setattr(self, name, value)
        return self

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, *, seed: int = 0) -> Any:
        """Fit to the rows of ``X`` (n, d).

        ``y`` is ignored by detectors that need a reference alone; for those that compare data with one
        it is the sample of each row (0 reference, 1 data). ``offset_`` is set midway between two training
        scores, so that a tenth of the rows lies below it.
        """
        import jax
        from sklearn.utils.validation import validate_data

        from strangeness.core.batch import ArraySource, make_batch

        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)  # type: ignore[arg-type]
        sample = 0 if y is None or not self._needs_data() else self._sample(y, len(rows))
        batch = make_batch(rows, sample=sample, name="fit")
        self.scorer_ = self.fit_scorer(ArraySource(batch), key=jax.random.key(seed))
        ordered = np.sort(self._normality(batch))
        cut = min(max(int(self._OUTLIER_SHARE * len(ordered)), 1), len(ordered) - 1)
        self.offset_ = float(0.5 * (ordered[cut - 1] + ordered[cut]))
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Normality of each row, LOWER = STRANGER as everywhere in scikit-learn."""
        from sklearn.utils.validation import check_is_fitted, validate_data

        from strangeness.core.batch import make_batch

        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)  # type: ignore[arg-type]
        return self._normality(make_batch(rows, name="score"))

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """``score_samples`` less ``offset_``: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """-1 for outliers, 1 for inliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def fit_predict(self, X: ArrayLike, y: ArrayLike | None = None) -> NDArray[np.int64]:
        """``predict`` of the rows that were fitted."""
        return self.fit(X, y).predict(X)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="outlier_detector",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(two_d_array=True, sparse=False),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "scorer_")

    def _normality(self, batch: Batch) -> NDArray[np.float64]:
        import jax

        return -self.scorer_(batch, key=jax.random.key(0))

    def _needs_data(self) -> bool:
        return "data" in type(self).card.needs

    @staticmethod
    def _sample(y: ArrayLike, n: int) -> NDArray[np.uint8]:
        from strangeness.core.errors import InputError

        sample = np.asarray(y)
        if sample.shape != (n,) or not np.isin(sample, (0, 1)).all():
            raise InputError(
                f"y has shape {sample.shape} and values {np.unique(sample)[:5]}",
                "Give 0 for reference and 1 for data, one a row.",
            )
        return sample.astype(np.uint8)
