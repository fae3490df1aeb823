"""Logarithm and exponential of our own: quick, and the same to the last bit on every machine.

Those of the C library differ between versions and processors. Both follow the table-driven method of Tang
(1990, doi:10.1145/98267.98294; 1989, doi:10.1145/63522.214389): a table of exact values, rounded once from
50 digits, and a short polynomial in between. Only additions and multiplications are used.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from flywheel_sim.compile.cache import jit

#: Intervals of the tables.
_N = 128

#: The mantissa's range begins at 0.6875, so that 1 lies well inside an interval.
_OFFSET = 0x3FE6000000000000


def _tables() -> tuple[Any, Any, Any, float, float, float]:
    """Return reciprocals and logarithms of the centres, powers of two, ln 2, and ln 2 / N in two parts."""
    inverse, logs, powers = np.ones(_N), np.zeros(_N), np.empty(_N)
    with localcontext() as context:
        context.prec = 50
        for i in range(_N):
            low = np.int64(_OFFSET + (i << 45)).view(np.float64)
            high = np.int64(_OFFSET + ((i + 1) << 45)).view(np.float64)
            if low <= 1.0 <= high:
                continue  # beside 1 the table holds nothing, and small logarithms stay exact
            inverse[i] = 2.0 / (float(low) + float(high))
            logs[i] = float(-Decimal(float(inverse[i])).ln())
        two = Decimal(2).ln()
        for i in range(_N):
            powers[i] = float((two * i / _N).exp())
        step = two / _N
        high_part = np.float64(float(step)).view(np.int64) & ~0xFFFFFFF
        first = float(high_part.view(np.float64))
        return inverse, logs, powers, float(two), first, float(step - Decimal(first))


_INVERSE, _LOGS, _POWERS, _LN2, _STEP, _STEP_REST = _tables()
_PER_STEP = 1.0 / (_STEP + _STEP_REST)


@intrinsic
def _bits_of(typing: Any, x: Any) -> Any:
    """Return the bits of a float as a whole number."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _float_of(typing: Any, bits: Any) -> Any:
    """Return the float that has some bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


bits_of: Any = _bits_of
float_of: Any = _float_of


@jit("float64(float64)", forceinline=True)
def log(x):  # type: ignore[no-untyped-def]
    """Return the natural logarithm of a normal positive number, to 4e-16 of 1 or of itself."""
    bits = bits_of(x)
    offset = bits - _OFFSET
    i = (offset >> 45) & (_N - 1)
    power = offset >> 52
    r = float_of(bits - (power << 52)) * _INVERSE[i] - 1.0
    square = r * r
    tail = (1 / 3 - r * 0.25) + square * ((0.2 - r * (1 / 6)) + square * (1 / 7))
    return power * _LN2 + (_LOGS[i] + (r - square * (0.5 - r * tail)))


@jit("float64(float64)", forceinline=True)
def exp(x):  # type: ignore[no-untyped-def]
    """Return e to the power of a number, to 3e-16 of itself; 0 below -708, infinite above 709."""
    if x < -708.0:
        return 0.0
    if not x <= 709.0:
        return np.inf if x > 0.0 else x
    k = np.int64(np.floor(x * _PER_STEP + 0.5))
    r = (x - k * _STEP) - k * _STEP_REST
    rest = r + r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))))
    table = _POWERS[k & (_N - 1)]
    return float_of(bits_of(table + table * rest) + ((k >> 7) << 52))
