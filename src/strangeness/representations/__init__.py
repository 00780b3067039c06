"""Events to arrays that a detector can score."""

from strangeness.representations.kinematics import KinematicFeatures, KinematicMap

__all__ = ["KinematicFeatures", "KinematicMap"]
