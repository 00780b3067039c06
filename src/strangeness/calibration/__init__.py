"""From scores to p-values: split-conformal calibration, overall and in bins of the context."""
