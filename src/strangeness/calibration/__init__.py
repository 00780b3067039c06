"""From scores to p-values: split-conformal calibration, overall and in bins of the context."""

from strangeness.calibration.conformal import ConformalNull, SplitConformal
from strangeness.calibration.kernel import conformal_p_values
from strangeness.calibration.mondrian import Mondrian, MondrianNull

__all__ = ["ConformalNull", "Mondrian", "MondrianNull", "SplitConformal", "conformal_p_values"]
