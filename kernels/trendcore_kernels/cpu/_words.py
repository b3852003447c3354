"""Lists of up to eight one-byte codes as one number of 64 bits, inside compiled loops.

What is asked of all codes at once is answered by the top bit of each of the eight bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.spec import Codes

Word = np.uint64
#: entries in a word
WORD: Final = 8
#: whether the first entry of a list is the lowest byte
LITTLE_ENDIAN: Final = sys.byteorder == "little"

_TOPS: Final = np.uint64(0x8080808080808080)
_BELOW_TOPS: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_NONE: Final = np.uint64(0)
_ONES: Final = np.uint64(0x0101010101010101)
_BYTE: Final = np.uint64(0xFF)
_SEVEN: Final = np.uint64(7)

#: top bits of the first n bytes
FIRST: Final = np.array([0x8080808080808080 & ((1 << 8 * n) - 1) for n in range(WORD + 1)], dtype=np.uint64)


@intrinsic
def _word_at(typing_context: Any, codes: Any, entry: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Eight bytes from an entry on, wherever it lies."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.uint64(codes, types.int64), generate


@intrinsic
def _bits_below(typing_context: Any, word: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """How many bits lie below the lowest that is set; 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


#: see the functions; to a type checker they are as they are called
word_at: Final = cast(Callable[[Codes, int], Word], _word_at)
_zeros_below: Final = cast(Callable[[Word], Word], _bits_below)


@jit
def others(word: Word, code: Word) -> Word:
    """Top bits of the bytes that are not this code."""
    apart = word ^ (code * _ONES)
    return (((apart & _BELOW_TOPS) + _BELOW_TOPS) | apart) & _TOPS


@jit
def below(n_members: int) -> tuple[Word, Word]:
    """Return what `known` takes to find the codes below ``n_members``, which is at most 256."""
    small = n_members <= 128
    return np.uint64(128 - n_members if small else 256 - n_members) * _ONES, _TOPS if small else _NONE


@jit
def known(word: Word, margin: Word, small: Word) -> Word:
    """Top bits of the bytes that are known members: what is less than a number, see `below`."""
    reached = (word & _BELOW_TOPS) + margin
    return ~((reached & word) | ((reached | word) & small)) & _TOPS


@jit
def first_of(word: Word, tops: Word) -> Word:
    """Code of the first byte whose top bit is set; one of them must be."""
    return (word >> (_zeros_below(tops) - _SEVEN)) & _BYTE


@jit
def only(word: Word, tops: Word, code: Word) -> Word:
    """Put a code in the place of the bytes whose top bits are not set."""
    kept = (tops >> _SEVEN) * _BYTE
    return (word & kept) | (code * _ONES & ~kept)


@jit
def distinct_in(word: Word, out: Codes) -> int:
    """Write the distinct codes of a word, ascending, to ``out``; count them."""
    n = 0
    tops = _TOPS
    while tops:
        code = first_of(word, tops)
        tops &= others(word, code)
        place = n
        while place > 0 and out[place - 1] > code:
            out[place] = out[place - 1]
            place -= 1
        out[place] = code
        n += 1
    return n
