"""Columns of whole numbers: of every width, and near the ends of their types."""

from __future__ import annotations

import polars as pl
import pytest

from trendcore.arrays import column, dictionary, encode
from trendcore.errors import SchemaError

WIDTHS = (8, 16, 32, 64)
SIGNED = [
    (pl.Series([0], dtype=getattr(pl, f"Int{n}")).dtype, -(1 << n - 1), (1 << n - 1) - 1) for n in WIDTHS
]
UNSIGNED = [(pl.Series([0], dtype=getattr(pl, f"UInt{n}")).dtype, 0, (1 << n) - 1) for n in WIDTHS]


@pytest.mark.parametrize(("dtype", "least", "most"), [*SIGNED, *UNSIGNED])
@pytest.mark.parametrize("nulls", [False, True])
def test_numbers_near_the_ends_of_their_type(dtype: pl.DataType, least: int, most: int, nulls: bool) -> None:
    for held in (
        [most, most - 5, most - 1],
        [least + 1, least],
        [least, most, 7],
        [most],
        [most // 2 + 1, most // 2],
    ):
        values = [*held, *([None] if nulls else []), held[0]]
        taken = column(pl.Series("c", values, dtype=dtype))
        members = dictionary([taken], lambda numbers: numbers.cast(pl.String))
        shown = [*members.names, None]
        codes = encode(taken, members.codes[0]).tolist()
        assert [shown[min(code, len(members.names))] for code in codes] == [
            None if value is None else str(value) for value in values
        ]


@pytest.mark.parametrize("dtype", [pl.Int128, pl.UInt128, pl.List(pl.Int128)])
def test_numbers_of_128_bits_are_no_members(dtype: pl.DataType) -> None:
    values = [[1], [2]] if isinstance(dtype, pl.List) else [1, 2]
    with pytest.raises(SchemaError, match=r"column 'c' holds .*128.*at most 64 bits"):
        column(pl.Series("c", values, dtype=dtype))


def test_empty_lists_are_all_that_is_left_of_slices() -> None:
    """Polars then hands on an empty buffer, and entries that begin behind its end."""
    schema = {"field": pl.List(pl.String), "codes": pl.List(pl.Int32)}
    rows = [([], [9]), ([], [1, 2]), (["ai"], [])]
    works = pl.DataFrame(rows, schema=schema, orient="row")
    left = pl.concat([works[:1], works[1:]]).explode("field", empty_as_null=False)
    taken = column(left["codes"])
    assert taken.offsets is not None
    assert (taken.offsets.tolist(), taken.entries.tolist()) == ([0, 0], [])
