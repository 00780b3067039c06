"""The mathematics of layered circuits: states, gradients, noise; knows no detector and no file."""
