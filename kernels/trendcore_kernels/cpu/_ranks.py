"""Numbers by their rank among many, without sorting these.

Numbers become whole ones in the same order, which vector instructions compare and count. A sample says
between which numbers the one asked for lies; counting how many are smaller narrows that to a few.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.cpu._sort import insert_few
from trendcore_kernels.spec import Ints

#: so many are sorted
FEW: Final = 48
#: so many of all are sorted to guess from
SAMPLE: Final = 32
#: places of the sample to either side of a guess
_NEAR: Final = 4
#: numbers to either side of a guess between two: so many, and a part of those between them
_LEAST_REACH: Final = 0.5
_REACH: Final = 0.05
#: of so many the ends are looked at
_LAST: Final = 4
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1


@intrinsic
def _as_float(typing_context: Any, bits: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Take 64 bits for a float."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _as_int(typing_context: Any, number: Any) -> Any:  # noqa: ARG001 (Numba's signature)
    """Take the bits of a float for a whole number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


#: see the functions; to a type checker they are as they are called
_float_of: Final = cast(Callable[[int], float], _as_float)
_bits_of: Final = cast(Callable[[float], int], _as_int)


@jit
def number_of(key: int) -> float:
    """Return the float that a key stands for."""
    return _float_of(key ^ ((key >> 63) & _MOST))


@jit
def _key_of(number: float) -> int:
    bits = _bits_of(number)
    return bits ^ ((bits >> 63) & _MOST)


@jit
def order(bits: Ints, n: int) -> None:
    """Replace the bits of n floats by their keys: whole numbers in the order of the floats."""
    for i in range(n):
        bits[i] ^= (bits[i] >> 63) & _MOST


@jit
def sample(keys: Ints, n: int, some: Ints) -> None:
    """Take some of n keys, sorted; where all are few, sort all."""
    if n <= FEW:
        insert_few(keys, n)
        return
    for i in range(SAMPLE):
        some[i] = keys[(2 * i + 1) * n // (2 * SAMPLE)]
    insert_few(some, SAMPLE)


@jit
def ranked(keys: Ints, n: int, rank: int, some: Ints) -> int:
    """Find the key of a rank among n.

    Parameters
    ----------
    keys, n, rank
        Keys, and the place that it would have if they were sorted.
    some
        What `sample` made of them.
    """
    if n <= FEW:
        return int(keys[rank])
    at = rank * SAMPLE // n
    left, right = some[max(at - _NEAR, 0)], some[min(at + _NEAR, SAMPLE - 1)]
    # the key is above `low`, and `high` at most; so many keys are not above these
    low, below, high, upto = _between(keys, n, rank, left, right, _LEAST, 0, _MOST, n)
    guess = True
    while upto - below > _LAST and high - 1 > low:
        before = upto - below
        left = right = (low >> 1) + (high >> 1) + (low & high & 1)
        if guess:
            start = number_of(low)
            step = (number_of(high) - start) / float(before)
            middle = start + step * (float(rank - below) + 0.5)
            reach = step * (_LEAST_REACH + float(before) * _REACH)
            left, right = max(_key_of(middle - reach), low), min(_key_of(middle + reach), high)
        low, below, high, upto = _between(keys, n, rank, left, right, low, below, high, upto)
        guess = not guess or 2 * (upto - below) <= before  # else by halving, which comes to an end
    while high - 1 > low:
        first, last = _ends(keys, n, low, high)
        if rank == below:
            return first
        if rank == upto - 1:
            return last
        low, below, high, upto = _between(keys, n, rank, first, last - 1, low, below, high, upto)
    return high


@jit
def _ends(keys: Ints, n: int, low: int, high: int) -> tuple[int, int]:
    """Find the smallest key above one, and the greatest one not above another."""
    first, last = _MOST, _LEAST
    for i in range(n):
        key = keys[i]
        first = min(first, key if key > low else _MOST)
        last = max(last, key if key <= high else _LEAST)
    return first, last


@jit
def _between(
    keys: Ints, n: int, rank: int, left: int, right: int, low: int, below: int, high: int, upto: int
) -> tuple[int, int, int, int]:
    """Narrow the bounds of the key of a rank by two keys between them."""
    n_left, n_right = 0, 0
    for i in range(n):
        n_left += keys[i] <= left
        n_right += keys[i] <= right
    if n_left > rank:
        if left < high:
            high, upto = left, n_left
    elif left > low:
        low, below = left, n_left
    if n_right > rank:
        if right < high:
            high, upto = right, n_right
    elif right > low:
        low, below = right, n_right
    return low, below, high, upto


@jit
def following(keys: Ints, n: int, rank: int, key: int) -> int:
    """Find the key of the rank after that of a key."""
    if n <= FEW:
        return int(keys[rank + 1])
    n_not_above, above = 0, _MOST
    for i in range(n):
        n_not_above += keys[i] <= key
        above = min(above, keys[i] if keys[i] > key else _MOST)
    return key if n_not_above > rank + 1 else above
