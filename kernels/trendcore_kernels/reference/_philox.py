"""Philox4x32-10: four random words of 32 bits from a counter and a key, in any order and anywhere alike.

The generator of Salmon, Moraes, Dror & Shaw 2011, Parallel random numbers: as easy as 1, 2, 3, SC'11,
doi:10.1145/2063384.2063405, with its ten rounds: no state is kept, so a draw depends on what it is of alone.
"""

from __future__ import annotations

_MASK = 0xFFFFFFFF
#: multipliers of the first and third word, and what is added to the key after each round
_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Give the four words of a counter and a key.

    Parameters
    ----------
    c0, c1, c2, c3
        Words of the counter, below 2^32.
    k0, k1
        Words of the key, below 2^32.

    Returns
    -------
    tuple of int
        Four words below 2^32.

    Examples
    --------
    >>> [f"{word:08x}" for word in philox(0, 0, 0, 0, 0, 0)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    for _ in range(10):
        first, second = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (second >> 32) ^ c1 ^ k0, second & _MASK, (first >> 32) ^ c3 ^ k1, first & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3
