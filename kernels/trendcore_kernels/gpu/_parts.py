"""The results of several chunks of works put together: on the host, which has the memory for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.spec import Codes, Ints, KernelSpec
from trendcore_kernels.spec.draws import Patterns

_Array = npt.NDArray[Any]
_Part = Mapping[str, _Array]
#: columns that say which cell and members the row of a sparse result is of
MEMBER_KEY: Final = ("member_cell", "member")
PAIR_KEY: Final = ("pair_cell", "a", "b")
#: the square root of 2^63
_MOST_ROWS: Final = 3_037_000_499


def combined(spec: KernelSpec, parts: Sequence[_Part], n_members: int) -> dict[str, _Array]:
    """Put the results of works together: rows by their key, entries one after the other, counts by adding.

    Parameters
    ----------
    spec
        Of the kernel.
    parts
        Arrays of the result of each chunk, by name, in the order of the works.
    n_members
        M, where the result has rows.
    """
    if spec.result is Patterns:
        return combined_patterns(parts)
    rows = combined_rows(spec, parts, n_members) if MEMBER_KEY[0] in spec.fields else {}
    found = {}
    for name, field in spec.fields.items():
        arrays = [part[name] for part in parts]
        if name in rows:
            found[name] = rows[name]
        elif field.shape[0] in ("W", "S", "E"):
            found[name] = np.concatenate(arrays)
        elif field.shape == ("W+1",):
            found[name] = _joined_offsets(arrays)
        else:
            found[name] = reduce(np.add, arrays)
    return found


def _joined_offsets(parts: Sequence[Ints]) -> Ints:
    sizes = [np.diff(offsets) for offsets in parts]
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(np.concatenate(sizes))])


def combined_rows(spec: KernelSpec, parts: Sequence[_Part], n_members: int) -> dict[str, Ints]:
    """Add the rows of equal key; three numbers being too wide for one, pairs are those of rows of members."""
    m = max(n_members, 1)
    members = [part["member_cell"] * m + part["member"] for part in parts]
    keys, by_member = added(members, [_counts(spec, part, "K", MEMBER_KEY) for part in parts])
    check_rows(len(keys))
    n = max(len(keys), 1)
    pairs = []
    for part in parts:
        a, b = (np.searchsorted(keys, part["pair_cell"] * m + part[end]) for end in ("a", "b"))
        pairs.append(a * n + b)
    pair_keys, by_pair = added(pairs, [_counts(spec, part, "Q", PAIR_KEY) for part in parts])
    first, second = keys[pair_keys // n], keys[pair_keys % n]
    return {
        "member_cell": keys // m,
        "member": keys % m,
        **by_member,
        "pair_cell": first // m,
        "a": first % m,
        "b": second % m,
        **by_pair,
    }


def check_rows(n_rows: int) -> None:
    """Refuse so many rows of members that the key of a pair of them would not fit 63 bits."""
    if n_rows > _MOST_ROWS:
        raise MemoryError(f"{n_rows:,} rows of members are too many to be counted by pair on a GPU")


def _counts(spec: KernelSpec, part: _Part, letter: str, key: Sequence[str]) -> dict[str, Ints]:
    return {
        name: part[name]
        for name, field in spec.fields.items()
        if field.shape == (letter,) and name not in key
    }


def added(keys: Sequence[Ints], counts: Sequence[Mapping[str, Ints]]) -> tuple[Ints, dict[str, Ints]]:
    """Return distinct keys, ascending, and the sums of the counts of each; in each part keys may repeat.

    Examples
    --------
    >>> found = added(
    ...     [np.array([2, 5]), np.array([1, 2])], [{"n": np.array([7, 8])}, {"n": np.array([9, 1])}]
    ... )
    >>> found[0].tolist(), found[1]["n"].tolist()
    ([1, 2, 5], [9, 8, 8])
    """
    distinct, place = np.unique(np.concatenate(keys), return_inverse=True)
    sums = {}
    for name in counts[0]:
        sums[name] = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(sums[name], place, np.concatenate([each[name] for each in counts]))
    return distinct, sums


def combined_patterns(parts: Sequence[_Part]) -> dict[str, _Array]:
    """Add up the works of equal patterns."""
    cell, codes, n = (
        np.concatenate([part[name] for part in parts]) for name in ("pattern_cell", "codes", "n")
    )
    offsets = _joined_offsets([part["offsets"] for part in parts])
    ranks, one, place = np.unique(_set_ranks(cell, offsets, codes), return_index=True, return_inverse=True)
    sums = np.zeros(len(ranks), dtype=np.int64)
    np.add.at(sums, place, n)
    sizes = np.diff(offsets)[one]
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    entries = np.arange(ends[-1]) + np.repeat(offsets[one] - ends[:-1], sizes)
    return {"pattern_cell": cell[one], "offsets": ends, "codes": codes[entries], "n": sums}


def _set_ranks(cell: Ints, offsets: Ints, codes: Codes) -> Ints:
    """Return how many sets stand before each one: by their next code where they are equal so far."""
    sizes = np.diff(offsets)
    ranks = np.searchsorted(np.sort(cell), cell)
    undecided, place = np.arange(len(cell)), 0
    while len(undecided):
        goes_on = sizes[undecided] > place
        key = np.full(len(undecided), -1)  # a set that ends stands before those that go on
        key[goes_on] = codes[offsets[undecided[goes_on]] + place]
        order = np.lexsort((key, ranks[undecided]))
        sets = undecided[order]
        of_rank, of_key = (np.diff(each, prepend=-2) != 0 for each in (ranks[sets], key[order]))
        ranks[sets] += _last(of_rank | of_key) - _last(of_rank)
        undecided, place = undecided[goes_on], place + 1
    return ranks


def _last(is_first: npt.NDArray[np.bool_]) -> Ints:
    """Place of the last one of these up to each place."""
    return np.maximum.accumulate(np.where(is_first, np.arange(len(is_first)), 0))
