"""Patent symbols are parsed; rules take what the scheme puts under them and nothing that only looks alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendcore.taxonomy.symbols import Answer, parse_rule, parse_symbol


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("G06N3/02", "G06N3/02"),
        ("G06N   3/02", "G06N3/02"),
        ("G06N0003020000", "G06N3/02"),
        ("G06N0099000000", "G06N99/00"),
        ("H01L0021306500", "H01L21/3065"),
        ("G06N 3/02 (2006.01)", "G06N3/02"),
        ("g06n 3/02", "G06N3/02"),
        (" H01L ", "H01L"),
        ("H01L21", "H01L21"),
        ("H01", "H01"),
        ("Y02E 10/50", "Y02E10/50"),
        ("A61K 2300/00", "A61K2300/00"),
        ("G06T 2207/20081", "G06T2207/20081"),
    ],
)
def test_spellings(text: str, written: str) -> None:
    assert str(parse_symbol(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "H",
        "3/02",
        "G06N3/",
        "G06N3/0",
        "G06N3/02/1",
        "G06N0/02",
        "Z06N3/02",
        "I06N3/02",
        "G06N٣/02",
        "G06N00030200",
        "G06N3/02; H01L",
        "n/a",
        "G06N" + " " * 1000 + "3/02",
        "G06N12345/02",
        "G06N3/0212345",
    ],
)
def test_what_is_no_symbol(text: str) -> None:
    assert parse_symbol(text) is None


@given(st.text(max_size=60))
def test_never_raises_and_writes_stably(text: str) -> None:
    symbol = parse_symbol(text)
    if symbol is not None:
        assert parse_symbol(str(symbol)) == symbol


NO, UNKNOWN, YES = Answer.NO, Answer.UNKNOWN, Answer.YES


@pytest.mark.parametrize(
    ("rule", "symbol", "expected"),
    [
        ("H04L 5", "H04L51/02", NO),  # a string prefix would take it
        ("H04L 5", "H04L5/14", YES),
        ("H04L 5/00", "H04L5/0048", YES),
        ("H04L 5/00", "H04L5/14", NO),
        ("G06N 3", "G06N3/00", YES),
        ("G06N 3", "G06N30/00", NO),
        ("G06N 3", "G06N10/40", NO),
        ("G06N 3", "G06N3", YES),
        ("G06N 3", "G06N", UNKNOWN),
        ("G06N 3", "G06", UNKNOWN),
        ("G06N 3", "H01", NO),
        ("G06N 3", "G06F", NO),
        ("H10B", "H10B", YES),
        ("H10B", "H10B63/00", YES),
        ("H10B", "H10", UNKNOWN),
        ("G11C 11-17", "G11C11/44", YES),
        ("G11C 11-17", "G11C17", YES),
        ("G11C 11-17", "G11C18/00", NO),
        ("G11C 11-17", "G11C", UNKNOWN),
        ("H04L 9/0852", "H04L9/0852", YES),
        ("H04L 9/0852", "H04L9/08", NO),  # a whole symbol is not a cut one
        ("H04L 9/0852", "H04L9", UNKNOWN),
        ("H04L 9/0852", "H04L12", NO),
        ("G10L 25/27-25/30", "G10L25/27", YES),
        ("G10L 25/27-25/30", "G10L25/30", YES),
        ("G10L 25/27-25/30", "G10L25/48", NO),
        ("G10L 25/27-25/30", "G10L25/03", NO),
        ("H04B 7/02-7/10", "H04B7/0413", YES),
        ("H04B 7/02-7/10", "H04B7/185", NO),
        ("H01L 31/04-31/078", "H01L31/0392", NO),  # decimal order: 0392 lies before 04
        ("H01L 31/04-31/078", "H01L31/0445", YES),
        ("H01L 31/04-31/078", "H01L31/0264", NO),
        ("H01L 31/04-31/078", "H01L31/08", NO),
    ],
)
def test_rules(rule: str, symbol: str, expected: Answer) -> None:
    parsed = parse_symbol(symbol)
    assert parsed is not None
    assert parse_rule(rule).answer(parsed) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H01",
        "H01L21",
        "H01L  21",
        "h01l 21",
        "G06N 3-",
        "G06N 9-3",
        "G06N 0",
        "H04L 9/08-10/02",
        "G10L 25/30-25/27",
    ],
)
def test_malformed_rules(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|run|range"):
        parse_rule(text)
