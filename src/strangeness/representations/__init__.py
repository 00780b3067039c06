"""Events to arrays that a detector can score."""

from strangeness.representations.calorimeter_images import CalorimeterImageMap, CalorimeterImages
from strangeness.representations.constituent_chains import ConstituentChainMap, ConstituentChains
from strangeness.representations.energy_flow import EnergyFlow, EnergyFlowMap
from strangeness.representations.image_statistics import Sparsity, average_image, sparsity
from strangeness.representations.jet_features import JetFeatureMap, JetFeatures, SafeJetFeatures
from strangeness.representations.jet_graphs import JetGraphMap, JetGraphs
from strangeness.representations.jet_images import JetImageMap, JetImages
from strangeness.representations.jet_tokens import JetTokenMap, JetTokens
from strangeness.representations.kinematics import KinematicFeatures, KinematicMap
from strangeness.representations.lund_images import LundImageMap, LundImages
from strangeness.representations.point_clouds import PointCloudMap, PointClouds

__all__ = [
    "CalorimeterImageMap",
    "CalorimeterImages",
    "ConstituentChainMap",
    "ConstituentChains",
    "EnergyFlow",
    "EnergyFlowMap",
    "JetFeatureMap",
    "JetFeatures",
    "JetGraphMap",
    "JetGraphs",
    "JetImageMap",
    "JetImages",
    "JetTokenMap",
    "JetTokens",
    "KinematicFeatures",
    "KinematicMap",
    "LundImageMap",
    "LundImages",
    "PointCloudMap",
    "PointClouds",
    "SafeJetFeatures",
    "Sparsity",
    "average_image",
    "sparsity",
]
