"""The pair weights of one work: the definition that dense and sparse sums share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from trendcore_kernels.reference._apportion import apportion
from trendcore_kernels.reference._works import lists
from trendcore_kernels.spec import ONE, Cells, Codes, Ints, Weighting


def pair_weights(n: int, own: Sequence[int], weighting: Weighting) -> list[int]:
    """Weights of the pairs of n members in lexicographic order, in units of 2^-32.

    ``own`` are the credits of the members; ``NEWMAN`` and ``PAIR`` do not look at them.

    Examples
    --------
    >>> [weight / ONE for weight in pair_weights(4, [], Weighting.NEWMAN)][-1]
    0.3333333332557231
    """
    n_pairs = n * (n - 1) // 2
    if n_pairs == 0:
        return []
    match weighting:
        case Weighting.NEWMAN:
            return apportion([ONE] * n_pairs, n - 1)
        case Weighting.PAIR:
            return apportion([ONE] * n_pairs, n_pairs)
        case Weighting.SHARE:
            return apportion([2 * x * y for x, y in combinations(own, 2)], ONE)
        case Weighting.NATURE:
            return [x + y for x, y in combinations(own, 2)]
        case Weighting.HARMONIC:
            return [_harmonic(x, y) for x, y in combinations(own, 2)]


def _harmonic(x: int, y: int) -> int:
    return (4 * x * y + x + y) // (2 * (x + y)) if x + y else 0


def weighed_pairs(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    weighting: Weighting,
) -> Iterator[tuple[int, int, int, int]]:
    """Yield cell, a, b and weight of each pair of each work."""
    for w, members in enumerate(lists(set_offsets, set_codes)):
        own = credits[set_offsets[w] : set_offsets[w + 1]].tolist()
        pairs = combinations(members, 2)
        for (a, b), weight in zip(pairs, pair_weights(len(members), own, weighting), strict=True):
            yield int(cell[w]), a, b, weight
