"""Whole numbers in the place of ratios, such that they add up."""

from __future__ import annotations

from collections.abc import Sequence

from trendcore_kernels.spec import ONE


def apportion(numerators: Sequence[int], denominator: int) -> list[int]:
    """Round ratios down, then give the largest remainders one more up to the floor of the exact sum.

    Ties go to the ratio that stands first.

    Examples
    --------
    >>> apportion([4, 4, 4], 3), apportion([5, 4, 1], 3)
    ([2, 1, 1], [2, 1, 0])
    """
    floors = [numerator // denominator for numerator in numerators]
    rest = sum(numerators) // denominator - sum(floors)
    by_remainder = sorted(range(len(numerators)), key=lambda i: (-(numerators[i] % denominator), i))
    for i in by_remainder[:rest]:
        floors[i] += 1
    return floors


def equal(n: int) -> list[int]:
    """Credits of the n members of a work by `Credit.COUNTRY`.

    Examples
    --------
    >>> equal(3)
    [1431655766, 1431655765, 1431655765]
    """
    return apportion([ONE] * n, max(n, 1))
