"""Memory of the compiled engine: one block of 64-bit words, read and written by place.

Everything the kernel knows (tables, people, ledger) lies in one array of words, and functions pass
its address and places in it, all plain int64: calls stay cheap, and no array header is passed along.
A word holds an int64 or the bits of a float64. Places are not checked: whoever computes one answers
for it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD, _FLOAT = ir.IntType(64), ir.DoubleType()


def _place(builder: Any, address: Any, index: Any, kind: Any) -> Any:
    return builder.gep(builder.inttoptr(address, kind.as_pointer()), [index])


@intrinsic
def _ld(typing: Any, mem: Any, i: Any) -> Any:
    """Return the whole number at a place."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(builder, args[0], args[1], _WORD))

    return types.int64(types.int64, types.int64), generate


@intrinsic
def _ldf(typing: Any, mem: Any, i: Any) -> Any:
    """Return the float at a place."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_place(builder, args[0], args[1], _FLOAT))

    return types.float64(types.int64, types.int64), generate


@intrinsic
def _st(typing: Any, mem: Any, i: Any, value: Any) -> Any:
    """Store a whole number at a place."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _place(builder, args[0], args[1], _WORD))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def _stf(typing: Any, mem: Any, i: Any, value: Any) -> Any:
    """Store a float at a place."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _place(builder, args[0], args[1], _FLOAT))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), generate


@intrinsic
def _add(typing: Any, mem: Any, i: Any, value: Any) -> Any:
    """Add to the whole number at a place."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(builder, args[0], args[1], _WORD)
        builder.store(builder.add(builder.load(place), args[2]), place)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def _copy(typing: Any, mem: Any, to: Any, source: Any, n: Any) -> Any:
    """Copy words that do not overlap."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = builder.mul(args[3], _WORD(8))
        raw_memcpy: Any = cgutils.raw_memcpy
        raw_memcpy(
            builder, _place(builder, args[0], args[1], _WORD), _place(builder, args[0], args[2], _WORD), size, 1, 8
        )
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


# Callers give memory and the other arguments; the first one above is numba's own.
ld: Any = _ld
ldf: Any = _ldf
st: Any = _st
stf: Any = _stf
add: Any = _add
copy: Any = _copy
