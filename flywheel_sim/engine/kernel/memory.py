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


def _reader(kind: Any, numba_type: Any) -> Any:
    """Return a function (memory, place) that returns what stands at a place."""

    @intrinsic
    def read(typing: Any, mem: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(_place(builder, args[0], args[1], kind))

        return numba_type(types.int64, types.int64), generate

    return read


def _writer(kind: Any, numba_type: Any) -> Any:
    """Return a function (memory, place, value) that stores a value at a place."""

    @intrinsic
    def write(typing: Any, mem: Any, i: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            builder.store(args[2], _place(builder, args[0], args[1], kind))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, numba_type), generate

    return write


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


@intrinsic
def _prefetch(typing: Any, mem: Any, i: Any) -> Any:
    """Begin to fetch the words at a place from memory, so that they are at hand when they are asked for."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        declared: Any = cgutils.get_or_insert_function
        function = declared(builder.module, kind, "llvm.prefetch.p0i8")
        place = builder.bitcast(_place(builder, args[0], args[1], _WORD), byte)
        builder.call(function, [place, flag(1), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


#: Read and write whole numbers, and floats; numba gives the first argument above itself.
ld, ldf = _reader(_WORD, types.int64), _reader(_FLOAT, types.float64)
st, stf = _writer(_WORD, types.int64), _writer(_FLOAT, types.float64)
add: Any = _add
copy: Any = _copy
prefetch: Any = _prefetch
