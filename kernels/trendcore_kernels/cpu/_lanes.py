"""Steps of draws side by side, inside compiled loops: a row has a number of each of `LANES` draws.

What is done to all draws alike is written in the vectors of LLVM: loops over lanes are left to no compiler's
guess of what may overlap in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from trendcore_kernels.spec import Codes, Words

#: draws side by side: a row of bytes is a line of the cache
LANES: Final = 64
Word = np.uint64
#: lanes of the vectors of 64 bits in which words are made
_AT_ONCE: Final = 16

_I8, _I32, _I64 = (ir.IntType(bits) for bits in (8, 32, 64))
_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_MASK: Final = 0xFFFFFFFF


def _splat(builder: Any, value: Any, lanes: int) -> Any:
    """Make a vector of one number."""
    kind = ir.VectorType(value.type, lanes)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(_I32, 0))
    places = ir.Constant(ir.VectorType(_I32, lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), places)


def _constant(number: int) -> Any:
    return ir.Constant(ir.VectorType(_I64, _AT_ONCE), [number] * _AT_ONCE)


def _row(builder: Any, data: Any, place: Any, kind: Any) -> Any:
    """Pointer to a vector that begins at an entry of an array."""
    return builder.bitcast(builder.gep(data, [place]), kind.as_pointer())


def _data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.make_array(kind)(context, builder, value).data


@intrinsic
def _fill_words(typing_context: Any, block: Any, number: Any, draws: Any, k0: Any, k1: Any, out: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Four words of each draw (counter: block, round, draw, 0), a row of lanes for each of the four."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        draws_at = _data(context, builder, signature.args[2], arguments[2])
        out_at = _data(context, builder, signature.args[5], arguments[5])
        wide, narrow = ir.VectorType(_I64, _AT_ONCE), ir.VectorType(_I32, _AT_ONCE)
        mask, half = _constant(_MASK), _constant(32)

        def body(start: Any) -> None:
            c0, c1 = (_splat(builder, arguments[i], _AT_ONCE) for i in (0, 1))
            y0, y1 = (_splat(builder, arguments[i], _AT_ONCE) for i in (3, 4))
            c2 = builder.load(_row(builder, draws_at, start, wide), align=1)
            c0, c1, c2, c3 = (builder.and_(c, mask) for c in (c0, c1, c2, _constant(0)))
            for _ in range(10):
                first, second = builder.mul(_constant(_M0), c0), builder.mul(_constant(_M1), c2)
                c0 = builder.xor(builder.xor(builder.lshr(second, half), c1), y0)
                c2 = builder.xor(builder.xor(builder.lshr(first, half), c3), y1)
                c1, c3 = builder.and_(second, mask), builder.and_(first, mask)
                y0 = builder.and_(builder.add(y0, _constant(_W0)), mask)
                y1 = builder.and_(builder.add(y1, _constant(_W1)), mask)
            for number, word in enumerate((c0, c1, c2, c3)):
                place = builder.add(start, ir.Constant(_I64, number * LANES))
                builder.store(builder.trunc(word, narrow), _row(builder, out_at, place, narrow), align=1)

        with cgutils.for_range_slice(
            builder, ir.Constant(_I64, 0), ir.Constant(_I64, LANES), ir.Constant(_I64, _AT_ONCE), _I64
        ) as (start, _):
            body(start)
        return context.get_dummy_value()

    return types.void(types.uint64, types.uint64, draws, types.uint64, types.uint64, out), generate


@intrinsic
def _offer(
    typing_context: Any,  # noqa: ARG001 (Numba's signature)
    state: Any,
    few: Any,  # noqa: ARG001
    n_few: Any,  # noqa: ARG001
    offered: Any,  # noqa: ARG001
    many: Any,  # noqa: ARG001
    n_many: Any,  # noqa: ARG001
    words: Any,
    word: Any,  # noqa: ARG001
) -> Any:
    """Offer a member of the smaller work of two for one of the other; places are rows, times lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _data(context, builder, signature.args[0], arguments[0])
        words_at = _data(context, builder, signature.args[6], arguments[6])
        _, few_at, n_few_at, offered_at, many_at, n_many_at, _, word_at = arguments
        code = context.get_data_type(signature.args[0].dtype)
        row = ir.VectorType(code, LANES)

        def at(start: Any, number: Any) -> Any:
            place = builder.add(start, builder.mul(number, ir.Constant(_I64, LANES)))
            return _row(builder, data, place, row)

        def narrowed(value: Any) -> Any:
            return _splat(builder, builder.trunc(value, code), LANES)

        drawn = builder.load(_row(builder, words_at, word_at, ir.VectorType(_I32, LANES)), align=1)
        wide = ir.VectorType(_I64, LANES)
        n_ways = _splat(builder, builder.add(n_many_at, ir.Constant(_I64, 1)), LANES)
        product = builder.mul(builder.zext(drawn, wide), n_ways)
        choice = builder.trunc(builder.lshr(product, ir.Constant(wide, [32] * LANES)), row)
        leave, own_at = narrowed(n_many_at), at(few_at, offered_at)
        own = builder.load(own_at, align=1)
        variable: Any = cgutils.alloca_once_value
        chosen, got = variable(builder, choice), variable(builder, own)

        def leave_where(condition: Any) -> None:
            builder.store(builder.select(condition, leave, builder.load(chosen)), chosen)

        with cgutils.for_range(builder, n_many_at, intp=_I64) as loop:
            theirs = builder.load(at(many_at, loop.index), align=1)
            wanted = builder.icmp_unsigned("==", builder.load(chosen), narrowed(loop.index))
            builder.store(builder.select(wanted, theirs, builder.load(got)), got)
            leave_where(builder.icmp_unsigned("==", theirs, own))
        with cgutils.for_range(builder, n_few_at, intp=_I64) as loop:
            held = builder.load(at(few_at, loop.index), align=1)
            leave_where(builder.icmp_unsigned("==", held, builder.load(got)))
        with cgutils.for_range(builder, n_many_at, intp=_I64) as loop:
            place = at(many_at, loop.index)
            wanted = builder.icmp_unsigned("==", builder.load(chosen), narrowed(loop.index))
            builder.store(builder.select(wanted, own, builder.load(place, align=1)), place, align=1)
        left = builder.icmp_unsigned("==", builder.load(chosen), leave)
        builder.store(builder.select(left, own, builder.load(got)), own_at, align=1)
        return context.get_dummy_value()

    whole = types.int64
    return types.void(state, whole, whole, whole, whole, whole, words, whole), generate


#: see the functions; to a type checker they are as they are called
fill_words: Final = cast(Callable[[Word, Word, Words, Word, Word, Codes], None], _fill_words)
offer: Final = cast(Callable[[Codes, int, int, int, int, int, Codes, int], None], _offer)
