"""Model-independent anomaly searches in fundamental physics: from events to a calibrated statement."""

__version__ = "0.1.0"
