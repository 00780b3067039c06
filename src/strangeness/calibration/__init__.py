"""From scores to p-values: conformal calibration, and what may be done with p-values that share one."""

from strangeness.calibration.classes import (
    PredictionSets,
    aps_scores,
    class_p_values,
    lac_scores,
    prediction_sets,
)
from strangeness.calibration.combination import combined
from strangeness.calibration.conformal import ConformalNull, SignedNull, SplitConformal
from strangeness.calibration.covariate import CovariateShift, CovariateShiftNull, Overlap, context_ratio
from strangeness.calibration.cross import cross_conformal_bound, cross_conformal_p_values
from strangeness.calibration.discoveries import Discoveries, dependence_of
from strangeness.calibration.guarantee import GUARANTEES
from strangeness.calibration.kernel import conformal_p_values
from strangeness.calibration.localised import Localised, LocalisedNull
from strangeness.calibration.mondrian import Mondrian, MondrianNull
from strangeness.calibration.planning import efficiency_spread, events_needed

__all__ = [
    "GUARANTEES",
    "ConformalNull",
    "CovariateShift",
    "CovariateShiftNull",
    "Discoveries",
    "Localised",
    "LocalisedNull",
    "Mondrian",
    "MondrianNull",
    "Overlap",
    "PredictionSets",
    "SignedNull",
    "SplitConformal",
    "aps_scores",
    "class_p_values",
    "combined",
    "conformal_p_values",
    "context_ratio",
    "cross_conformal_bound",
    "cross_conformal_p_values",
    "dependence_of",
    "efficiency_spread",
    "events_needed",
    "lac_scores",
    "prediction_sets",
]
