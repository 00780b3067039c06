"""Events to arrays that a detector can score."""

from strangeness.representations.image_statistics import Sparsity, average_image, sparsity
from strangeness.representations.jet_images import JetImageMap, JetImages
from strangeness.representations.kinematics import KinematicFeatures, KinematicMap
from strangeness.representations.point_clouds import PointCloudMap, PointClouds

__all__ = [
    "JetImageMap",
    "JetImages",
    "KinematicFeatures",
    "KinematicMap",
    "PointCloudMap",
    "PointClouds",
    "Sparsity",
    "average_image",
    "sparsity",
]
