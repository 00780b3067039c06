"""What every detector must pass, ours and those of other packages: ``check_detector(MyDetector())``."""

from strangeness.conformance.run import CHECKS, Outcome, check_detector, outcomes
from strangeness.conformance.subject import Nonconforming, Subject

__all__ = ["CHECKS", "Nonconforming", "Outcome", "Subject", "check_detector", "outcomes"]
