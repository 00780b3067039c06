"""Isometries: matrices with orthonormal columns, kept so while a network is trained."""

from __future__ import annotations

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype

Model = TypeVar("Model")


class Stack(eqx.Module):
    """Matrices of one shape; ``project`` brings them back to isometries, unless they are free.

    Attributes:
        matrix: (blocks, rows, columns); isometric ones have orthonormal columns, W^T W = 1.
        isometric: whether ``project`` acts on them.
    """

    matrix: Float[Any, "blocks rows columns"]
    isometric: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        shape = np.shape(self.matrix)
        if self.isometric and len(shape) == 3:
            refuse_wide(shape[1], shape[2])

    @property
    def along(self) -> Array:
        """The matrices; gradients that pass through are those along the isometries, see ``tangent``."""
        return _along(self.matrix) if self.isometric else jnp.asarray(self.matrix)


def refuse_wide(rows: int, columns: int) -> None:
    """Refuse a shape that no isometry has.

    Raises:
        InputError: for more columns than rows, or none.
    """
    if not 1 <= columns <= rows:
        raise InputError(
            f"an isometry of shape {rows} x {columns}", "Give at least one column and no more than rows."
        )


def random_stack(blocks: int, rows: int, columns: int, *, key: PRNGKeyArray, isometric: bool = True) -> Stack:
    """Independent isometries of Haar's measure, or free matrices with as large columns (on average).

    They are drawn on the host, since XLA would compile a generator for every shape.

    Raises:
        InputError: for isometries with more columns than rows.
    """
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    normal = rng.normal(size=(blocks, rows, columns))
    if not isometric:
        return Stack(jnp.asarray(normal / np.sqrt(rows), float_dtype()), False)
    refuse_wide(rows, columns)
    basis, upper = np.linalg.qr(normal)
    sign = np.where(np.diagonal(upper, axis1=1, axis2=2) < 0, -1.0, 1.0)
    return Stack(jnp.asarray(basis * sign[:, None, :], float_dtype()), True)


def identity_stack(blocks: int, size: int) -> Stack:
    """Identities, as isometries."""
    return Stack(jnp.asarray(np.broadcast_to(np.eye(size), (blocks, size, size)), float_dtype()), True)


def qr_retraction(matrix: Float[Array, "*blocks rows columns"]) -> Float[Array, "*blocks rows columns"]:
    """The Q of matrix = Q R with a positive diagonal of R: a retraction to the isometries."""
    basis, upper = jnp.linalg.qr(matrix)
    sign = jnp.where(jnp.diagonal(upper, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
    return basis * sign[..., None, :]


def polar_retraction(matrix: Float[Array, "*blocks rows columns"]) -> Float[Array, "*blocks rows columns"]:
    """The nearest isometry in the Frobenius norm, U V^T of the singular value decomposition U S V^T.

    A Newton step, W (3 - W^T W) / 2, takes away what the decomposition leaves in 32 bits.
    """
    left, _, right = jnp.linalg.svd(matrix, full_matrices=False)
    near = left @ right
    return 1.5 * near - 0.5 * near @ (jnp.swapaxes(near, -1, -2) @ near)


def tangent(
    matrix: Float[Array, "*blocks rows columns"], gradient: Float[Array, "*blocks rows columns"]
) -> Float[Array, "*blocks rows columns"]:
    """The gradient's part along the isometries at W, G - W sym(W^T G) (arXiv:physics/9806030, eq. 2.4).

    W + e T with the tangent T is isometric to second order in e.
    """
    inner = jnp.swapaxes(matrix, -1, -2) @ gradient
    return gradient - 0.5 * matrix @ (inner + jnp.swapaxes(inner, -1, -2))


@jax.custom_vjp
def _along(matrix: Array) -> Array:
    return jnp.asarray(matrix)


_along.defvjp(lambda matrix: (matrix, matrix), lambda matrix, gradient: (tangent(matrix, gradient),))


def project(model: Model) -> Model:
    """The model with the nearest isometries in each isometric ``Stack``: the ``project`` of ``train``."""
    return jax.tree.map(_projected, model, is_leaf=_is_stack)


def defect(model: Any) -> float:
    """The largest entry of \\|W^T W - 1\\| of the isometric stacks in a model; 0 without any."""
    stacks = [node for node in jax.tree.leaves(model, is_leaf=_is_stack) if _is_stack(node)]
    return max((_defect(node) for node in stacks if node.isometric), default=0.0)


def _defect(stack: Stack) -> float:
    w = np.asarray(stack.matrix, np.float64)
    return float(np.max(np.abs(np.swapaxes(w, -1, -2) @ w - np.eye(w.shape[-1])), initial=0.0))


def _projected(node: Any) -> Any:
    if not _is_stack(node) or not node.isometric:
        return node
    return Stack(polar_retraction(node.matrix), True)


def _is_stack(node: Any) -> bool:
    return isinstance(node, Stack)
