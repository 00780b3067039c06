"""Small networks as Modules of arrays and strings, so that an artefact can hold them."""

from strangeness.nn.convolution import Convolution, DenseLast, PReLU
from strangeness.nn.image_autoencoder import ImageAutoencoder, image_autoencoder
from strangeness.nn.layers import Dense, Network, Standardiser, dense_network, parameter_count

STORABLE = (Convolution, Dense, DenseLast, ImageAutoencoder, Network, PReLU, Standardiser)

__all__ = [
    "STORABLE",
    "Convolution",
    "Dense",
    "DenseLast",
    "ImageAutoencoder",
    "Network",
    "PReLU",
    "Standardiser",
    "dense_network",
    "image_autoencoder",
    "parameter_count",
]
