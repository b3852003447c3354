"""Strings of members, numbered by their views: short, long, few, many, null, empty, in any script."""

from __future__ import annotations

from itertools import accumulate

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendcore.arrays import column, dictionary, encode_lists
from trendcore.arrays.texts import number

STRINGS = st.one_of(
    st.sampled_from(["", "US", "JP", "twelve bytes", "thirteen byte", "日本", "a\0", "a"]),
    st.text(max_size=15),
)


@given(lists=st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), STRINGS), max_size=4)), max_size=30))
def test_lists_of_strings_come_back(lists: list[list[str | None] | None]) -> None:
    series = pl.Series("c", lists, dtype=pl.List(pl.String))
    taken = column(series)
    members = dictionary([taken], lambda names: names)
    own = encode_lists(taken, members.codes[0])
    assert list(members.names) == sorted({name for one in lists for name in one or [] if name is not None})
    shown = [None if code >= len(members.names) else members.names[code] for code in own.codes.tolist()]
    assert shown == [name for one in lists for name in one or []]
    assert own.offsets.tolist() == list(accumulate((len(one or []) for one in lists), initial=0))


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 40_000])
@pytest.mark.parametrize("tail", ["", " of a long name"])
def test_many_strings(n: int, tail: str) -> None:
    texts = [f"{i * 7919 % max(n, 1)}{tail}" for i in range(n)] * 2
    numbers, names = number(pa.array(texts, pa.string_view()))
    assert list(names) == sorted(set(texts))
    assert [names[i] for i in numbers.tolist()] == texts
    assert (numbers.dtype.itemsize == 1) or n > 255 or tail


def test_threads_that_see_other_strings() -> None:
    """More strings than a thread's share, so that each range has numbers of its own at first."""
    texts = pl.Series([str(i % 180) for i in range(1 << 20)] + [str(90 + i % 180) for i in range(1 << 20)])
    numbers, names = number(texts.to_arrow(compat_level=pl.CompatLevel.newest()))
    assert list(names) == sorted(str(i) for i in range(270))
    assert pl.Series(numbers).equals(texts.cast(pl.Enum(names)).to_physical().cast(pl.Series(numbers).dtype))


def test_slices_and_what_lies_below_nulls() -> None:
    views = pa.array(["XX", "US", None, "JP", "YY"], pa.string_view())[1:4]
    numbers, names = number(views)
    assert {names[numbers[0]], names[numbers[2]]} == {"US", "JP"}
    taken = column(pl.Series("c", ["XX", "US", None, "JP", "YY"])[1:4])
    assert dictionary([taken], lambda found: found).names == ("JP", "US")
