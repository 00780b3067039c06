"""Entropic transport costs of pairs of padded jets with OTT-JAX, worked out from its couplings."""

import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")

import jax  # noqa: E402 - warnings of its dependencies come with the import

jax.config.update("jax_enable_x64", True)

import numpy as np  # noqa: E402
from exchange import inputs, reply  # noqa: E402
from ott.geometry import geometry  # noqa: E402
from ott.problems.linear import linear_problem  # noqa: E402
from ott.solvers.linear import sinkhorn  # noqa: E402


def cost(x, y, radius, epsilon):
    """sum_ij f_ij dR_ij / radius + epsilon KL(f | a b) of two jets without padding."""
    a, b = x[:, 0] / x[:, 0].sum(), y[:, 0] / y[:, 0].sum()
    d_phi = np.mod(x[:, None, 2] - y[None, :, 2] + np.pi, 2 * np.pi) - np.pi
    far = np.hypot(x[:, None, 1] - y[None, :, 1], d_phi) / radius
    problem = linear_problem.LinearProblem(geometry.Geometry(far, epsilon=epsilon, scale_cost=1.0), a, b)
    found = sinkhorn.Sinkhorn(threshold=1e-6, max_iterations=200_000)(problem)
    flow = np.asarray(found.matrix)
    known = np.where(flow > 0, flow, 1.0)
    return float((flow * far).sum() + epsilon * (flow * np.log(known / np.outer(a, b))).sum())


arguments, arrays = inputs()
first, second = ([jet[jet[:, 0] > 0].astype(float) for jet in arrays[name]] for name in ("first", "second"))
options = arguments["radius"], arguments["epsilon"]
apart = [cost(x, y, *options) for x, y in zip(first, second, strict=True)]
own = [[cost(x, x, *options) for x in jets] for jets in (first, second)]
reply({"version": version("ott-jax")}, apart=np.array(apart), own=np.array(own))
