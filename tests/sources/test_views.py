from __future__ import annotations

import csv
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendcore.sources.trade_rows import padded, scaled
from trendcore.sources.views import (
    column,
    cut,
    floats,
    line_index,
    numbered_names,
    scaled_numbers,
    views_of,
    whole,
    whole_numbers,
)

NUMBERS = st.from_regex(r" {0,2}[0-9]{0,8}(\.[0-9]{0,7})? ?", fullmatch=True)
TEXTS = st.lists(NUMBERS | st.text(st.sampled_from("0123456789. -eNA"), max_size=14), max_size=30)


def read(loop: Any, texts: list[str], kind: type[Any], *how: Any) -> tuple[list[Any], list[bool]]:
    values, good = np.zeros(len(texts), dtype=kind), np.zeros(len(texts), dtype=np.bool_)
    loop(views_of(pl.Series(texts, dtype=pl.String)), *how, values, good)
    return values.tolist(), good.tolist()


@given(TEXTS)
def test_whole_numbers(texts: list[str]) -> None:
    values, good = read(whole_numbers, texts, np.int64, 6)
    for text, value, fine in zip(texts, values, good, strict=True):
        bare = text.strip(" ")
        assert fine == (bare.isdigit() and len(bare) <= 6 and len(text) <= 12)
        assert not fine or value == int(text)


@given(TEXTS, st.sampled_from([0, 3, 6]))
def test_scaled_numbers_are_exact(texts: list[str], shift: int) -> None:
    values, good = read(scaled_numbers, texts, np.int64, shift)
    for text, value, fine in zip(texts, values, good, strict=True):
        if fine:
            right = Decimal(text.strip()).scaleb(shift).quantize(Decimal(1), rounding=ROUND_HALF_UP)
            assert value == right


def test_large_amounts_do_not_overflow() -> None:
    texts = ["999999999999", "99999999999", "999999999999.5", "0.0000005", "1e12"]
    assert scaled(pl.Series(texts), 6).to_list() == [
        999_999_999_999_000_000, 99_999_999_999_000_000, 999_999_999_999_500_000, 1, 10**18,
    ]  # fmt: skip


@given(TEXTS)
def test_floats_are_the_nearest(texts: list[str]) -> None:
    values, good = read(floats, texts, np.float64)
    for text, value, fine in zip(texts, values, good, strict=True):
        assert not fine or value == float(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [("7", 7), ("D0345393", 4 * 10**12 + 345393), ("RE28", (18 + 27 * 5) * 10**12 + 28), ("re28", None),
     ("ABC1", None), ("D", None), ("", None), ("1D", None), (" 12 ", 12), ("1234567890123", None)],
)  # fmt: skip
def test_names_with_a_number(name: str, key: int | None) -> None:
    values, good = read(numbered_names, [name], np.int64, 10**12)
    assert (values[0] if good[0] else None) == key


CELLS = st.lists(
    st.lists(st.text(st.sampled_from('ab",;é '), max_size=20), min_size=3, max_size=5), max_size=6
)


@given(CELLS, st.booleans())
def test_rows_are_cut_where_that_is_the_whole_story(rows: list[list[str]], quoted: bool) -> None:
    lines = [",".join(f'"{cell}"' if quoted else cell for cell in row) for row in rows]
    text = "\n".join(lines).encode()
    starts, ends, numbers, after = line_index(text, 5)
    assert after == 5 + text.count(b"\n") + 1
    views = np.zeros((2, len(starts), 2), dtype=np.int64)
    raw, good = np.zeros((len(starts), 2), dtype=np.int64), np.zeros(len(starts), dtype=np.bool_)
    array = np.frombuffer(text, dtype=np.uint8)
    cut(array, starts, ends, ord(","), np.array([0, -1, 1]), views, good)
    whole(array, starts, ends, raw)
    kept = {number: line for number, line in enumerate(lines, 5) if line.strip()}
    assert numbers.tolist() == list(kept)
    assert column(raw, text).to_list() == list(kept.values())
    first, last = (column(one, text).to_list() for one in views)
    for at, line in enumerate(kept.values()):
        (fields,) = csv.reader([line])
        plain = all('"' not in cell for cell in fields)
        if good[at]:
            spare = len(fields) == 4 and line.endswith(",") and fields[3] == ""
            assert len(fields) == 3 or spare
            assert (first[at], last[at]) == (fields[0], fields[2])
        else:
            assert not plain or len(fields) != 3 or '"' in line


def test_products_are_padded() -> None:
    assert padded(np.array([0, 7, 999999])).to_pylist() == ["000000", "000007", "999999"]
