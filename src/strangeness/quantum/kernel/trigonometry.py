"""Sine and cosine of a vector."""

from __future__ import annotations

from math import factorial
from typing import Any

from strangeness.quantum.kernel.jit import OPTIONS, function, overload
from strangeness.quantum.kernel.vectors import nearest_integer

# Taylor coefficients, highest first, of (sin r - r) / r^3 and (cos r - 1) / r^2 in r^2; |r| <= pi / 2.
_SINE = tuple((-1.0) ** i / factorial(2 * i + 1) for i in range(11, 0, -1))
_COSINE = tuple((-1.0) ** i / factorial(2 * i) for i in range(11, 0, -1))


def sine_cosine(x: Any) -> tuple[Any, Any]:
    """(sin x, cos x) of a vector, to about one unit in the last place for |x| < 10^4."""
    raise NotImplementedError


@overload(sine_cosine, jit_options=OPTIONS)
def _sine_cosine(x):
    return _single if x.real.bitwidth == 32 else _double


def _single(x):
    half_turns, sign = _reduced(x)
    r = x - half_turns * 3.140625
    r = r - half_turns * 9.67653589793e-4
    z = r * r
    # Least-squares polynomials: three terms fewer than Taylor's for the same error in single precision.
    s = z * -2.3889859e-08 + 2.7525562e-06
    s = (s * z + -1.9840874e-04) * z + 8.3333310e-03
    s = r + r * z * (s * z + -1.6666667e-01)
    c = z * -2.6051615e-07 + 2.4760495e-05
    c = (c * z + -1.3888378e-03) * z + 4.1666638e-02
    c = z * (c * z + -0.5) + 1.0
    return sign * s, sign * c


def _double(x):
    half_turns, sign = _reduced(x)
    r = x - half_turns * 3.141592502593994
    r = r - half_turns * 1.5099578831723193e-07
    r = r - half_turns * 1.0780605716316238e-14
    z = r * r
    s, c = z * 0.0, z * 0.0
    for i in range(11):
        s = s * z + _SINE[i]
        c = c * z + _COSINE[i]
    return sign * (r + r * z * s), sign * (z * c + 1.0)


@function
def _reduced(x):
    """x in half turns, rounded, and 1 where that is even, -1 where it is odd."""
    half_turns = nearest_integer(x * 0.3183098861837907)
    odd = half_turns - nearest_integer(half_turns * 0.5) * 2.0
    return half_turns, 1.0 - odd * odd * 2.0
