"""Small networks as Modules of arrays and strings, so that an artefact can hold them."""

from strangeness.nn.layers import Dense, Network, Standardiser, dense_network, parameter_count

STORABLE = (Dense, Network, Standardiser)

__all__ = ["STORABLE", "Dense", "Network", "Standardiser", "dense_network", "parameter_count"]
