"""The statistics underneath: tails, intervals, Poisson fits and the laws of dependent p-values."""
