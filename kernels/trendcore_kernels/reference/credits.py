"""Credit of each member of each work."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

import numpy as np

from trendcore_kernels.reference._apportion import apportion, equal
from trendcore_kernels.spec import ONE, Codes, Credit, Ints


def credits(  # noqa: A001
    set_offsets: Ints,
    set_codes: Codes,
    unit_offsets: Ints,
    unit_codes: Codes,
    unit_shares: Ints,
    first: Codes,
    credit: Credit,
    keep_unknown: bool,
) -> Ints:
    """Divide the credit for each work over its members.

    Parameters
    ----------
    set_offsets, set_codes
        (W+1,) and (S,) member sets.
    unit_offsets, unit_codes
        (W+1,) and (U,) members of the units (authors by country); both of length 0 where not used.
    unit_shares
        (U,) shares of the units in units of 2^-32, at most ``ONE`` a work; length 0: none are given.
    first
        (W,) member of the first author; length 0 where not used.
    credit
        The scheme, see `Credit`.
    keep_unknown
        Whether what is due to unknown units stays with them; else the known ones share it.

    Returns
    -------
    Ints
        (S,) credits in units of 2^-32.

    Examples
    --------
    >>> none, codes = np.array([], dtype=np.int64), np.array([0, 1, 2], dtype=np.uint8)
    >>> credits(np.array([0, 3]), codes, none, codes[:0], none, codes[:0], Credit.COUNTRY, False)
    array([1431655766, 1431655765, 1431655765])
    """
    given = len(unit_offsets) > 0
    has_shares = given and len(unit_shares) == len(unit_codes)
    out = np.zeros(len(set_codes), dtype=np.int64)
    for w in range(len(set_offsets) - 1):
        own = slice(set_offsets[w], set_offsets[w + 1])
        units = slice(unit_offsets[w], unit_offsets[w + 1]) if given else slice(0)
        out[own] = _of_work(
            set_codes[own].tolist(),
            unit_codes[units].tolist(),
            unit_shares[units].tolist() if has_shares else None,
            int(first[w]) if len(first) else None,
            credit,
            keep_unknown=keep_unknown,
        )
    return out


def _of_work(
    members: Sequence[int],
    units: Sequence[int],
    shares: Sequence[int] | None,
    first: int | None,
    credit: Credit,
    *,
    keep_unknown: bool,
) -> list[int]:
    counts = [units.count(member) for member in members]
    match credit:
        case Credit.COUNTRY:
            return equal(len(members))
        case Credit.COMPLETE:
            return [count * ONE for count in counts]
        case Credit.COMPLETE_NORMALISED:
            return _ratios(counts, len(units) if keep_unknown else None)
        case Credit.AUTHOR:
            return _author(members, units, shares, keep_unknown=keep_unknown)
        case Credit.STRAIGHT:
            return [ONE if member == first else 0 for member in members]
        case Credit.MODIFIED:
            shared = _author(members, units, shares, keep_unknown=keep_unknown)
            return [isqrt(share * ONE) for share in shared]


def _author(
    members: Sequence[int], units: Sequence[int], shares: Sequence[int] | None, *, keep_unknown: bool
) -> list[int]:
    if shares is None:
        return equal(len(members))
    parts = [
        sum(share for unit, share in zip(units, shares, strict=True) if unit == member) for member in members
    ]
    return _ratios(parts, ONE if keep_unknown else None)


def _ratios(parts: Sequence[int], whole: int | None) -> list[int]:
    """Parts over the whole; None: over their sum."""
    if not any(parts):
        return equal(len(parts)) if whole is None else [0] * len(parts)
    return apportion([part * ONE for part in parts], sum(parts) if whole is None else whole)
