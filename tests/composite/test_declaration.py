"""Declarations: TOML files and what is refused, with file and key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from support.composites import small

from trendcore import composite as co
from trendcore.errors import DeclarationError, UsageError
from trendcore.indices import registry

FILE = """
format = 1
name = "two"
version = "1"
by = ["year"]
[groups.all]
[indicators.close]
group = "all"
index = "salton"
absent = "zero"
[indicators.open]
group = "all"
direction = 1
index = "trade_intensity"
join = "max"
[normalise]
method = "rank"
scale = [1, 100]
[reference]
column = "year"
first = 2000
last = 2004
[vary]
weight_noise = 0.2
[vary.measure]
close = ["jaccard"]
"""


def load(tmp_path: Path, text: str) -> co.Composite:
    path = tmp_path / "composite.toml"
    path.write_text(text)
    return co.load(path)


def test_a_file_is_the_declaration_that_it_says(tmp_path: Path) -> None:
    wanted = co.Composite(
        name="two",
        version="1",
        by=("year",),
        groups=(co.Group(name="all"),),
        indicators=(
            co.Indicator(name="close", group="all", index="salton", absent="zero"),
            co.Indicator(name="open", group="all", index="trade_intensity", join="max"),
        ),
        normalise=co.Normalise(method="rank", scale=(1, 100)),
        reference=co.Reference(column="year", first=2000, last=2004),
        vary=co.Vary(weight_noise=0.2, measure={"close": ("jaccard",)}),
    )
    assert load(tmp_path, FILE) == wanted


WRONG = {
    "format = 1": ("format = 2", "format: this release reads format 1"),
    'name = "two"': ("", "required field `name`"),
    'version = "1"': ("version = 1", "version: Expected `str`, got `int`"),
    'by = ["year"]': ('by = ["year"]\nfloors = 0.5', "floors"),
    "[groups.all]": ("[groups.all]\nparent = 'none'", "groups.all.parent: no group is named 'none'"),
    'index = "salton"': ('index = "saltan"', "indicators.close.index: no index is named 'saltan'. Did you"),
    'group = "all"\nindex': ('group = "al"\nindex', "indicators.close.group: no group is named 'al'"),
    "direction = 1": ("direction = 2", "indicators.open.direction: "),
    'join = "max"': ('join = "middle"', "indicators.open.join: "),
    'method = "rank"': ('method = "ranks"', "normalise.method: "),
    "scale = [1, 100]": ("scale = [100, 1]", "normalise: scale goes from a lower to a higher"),
    "first = 2000": ("first = 2010", "reference: the window runs from 2010 to 2004"),
    "last = 2004": ("", "reference: give column, first and last"),
    'column = "year"': ('column = "month"', "reference: 'month' is no column of by"),
    'absent = "zero"': ('absent = "zero_of_subject"', "indicators.close.absent: salton has no subject"),
    "weight_noise = 0.2": ("weight_noise = 'much'", "vary.weight_noise: "),
    "[groups.all]\n": ("[groups.all", "not valid TOML"),
    "[indicators.open]": (
        "[indicators.open]\nname = 'open'",
        "indicators.open.name: is the name of the table",
    ),
    "[normalise]": ("[normalize]", "normalize"),
}


@pytest.mark.parametrize("right", WRONG)
def test_a_wrong_file_is_refused_with_file_and_key(tmp_path: Path, right: str) -> None:
    wrong, message = WRONG[right]
    assert right in FILE
    with pytest.raises(DeclarationError, match=re.escape(message)) as refused:
        load(tmp_path, FILE.replace(right, wrong, 1))
    assert str(refused.value).startswith(str(tmp_path / "composite.toml"))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="cannot be read"):
        co.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(DeclarationError, match="not UTF-8"):
        co.load(tmp_path / "latin.toml")


REFUSED: dict[str, Any] = {
    "no indicator": lambda: small(""),
    "two of a name": lambda: small("xx"),
    "two roots": lambda: small(groups=(co.Group(name="c"), co.Group(name="d"))),
    "no root": lambda: small(groups=(co.Group(name="c", parent="d"), co.Group(name="d", parent="c"))),
    "empty group": lambda: small(groups=(co.Group(name="c"), co.Group(name="d", parent="c"))),
    "name of a group": lambda: small("xc"),
    "unit of own columns": lambda: small(keys=()),
    "keys of pairs": lambda: small(unit="pair", keys=("who",)),
    "cell and unit": lambda: small(by=("who",)),
    "a key of an indicator's name": lambda: small(keys=("x",)),
    "a cell of a group's name": lambda: small(by=("c",)),
    "a denominator of a key's name": lambda: small(
        indicators=(co.Indicator(name="x", group="c", denominator="who"),)
    ),
    "a key of a name kept for scratch": lambda: small(keys=("_row",)),
    "an aggregate of no such name": lambda: small(aggregate="mean"),
    "a scheme of no such name": lambda: small(weights="euqal"),
    "a normaliser of no such name": lambda: co.Normalise(method="minmax"),
    "a step that is a name": lambda: small(normalise="rank"),
    "a treatment of no such name": lambda: co.Treat(method="wins"),
    "a direction of 2": lambda: co.Indicator(name="x", group="c", direction=2),
    "a weight that is a text": lambda: co.Group(name="c", weight="1"),
    "columns that are one text": lambda: small(by="year"),
    "goalposts that are one number": lambda: co.Indicator(name="x", group="c", goalposts=(0, 5e-324)),
    "a scale too large to compute with": lambda: co.Normalise(scale=(-1e308, 1e308)),
    "a weight too large to compute with": lambda: co.Group(name="c", weight=1e308),
    "an alternative of no such name": lambda: co.Vary(aggregate=("median",)),
    "geometric from 0": lambda: small(aggregate="geometric"),
    "geometric of z": lambda: small(aggregate="geometric", normalise=co.Normalise(method="z")),
    "goalposts without": lambda: small(normalise=co.Normalise(method="goalposts")),
    "floor": lambda: small(floor=1.5),
    "floor of a group": lambda: co.Group(name="c", floor=-0.1),
    "negative weight": lambda: co.Indicator(name="x", group="c", weight=-1),
    "weight that is no number": lambda: co.Group(name="c", weight=float("nan")),
    "goalposts upside down": lambda: co.Indicator(name="x", group="c", goalposts=(2, 1)),
    "sum of one way": lambda: co.Indicator(name="x", group="c", ways="any", join="sum"),
    "absent of a wide table": lambda: co.Indicator(name="x", group="c", absent="zero"),
    "groups without a method": lambda: co.Impute(method="mean", by="side"),
    "a method without groups": lambda: co.Impute(method="group_mean"),
    "a constant of nothing": lambda: co.Impute(method="constant"),
    "an infinite constant": lambda: co.Impute(method="constant", value=float("inf")),
    "share of points": lambda: co.Treat(method="winsorise", max_share=0.7),
    "limit of skewness": lambda: co.Treat(skew=0),
    "no spread": lambda: co.Normalise(method="z", sd=0),
    "half a window": lambda: co.Reference(column="year", first=2000),
    "scope of the window": lambda: co.Reference(column="year", first=1, last=2, scope=("year",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_contradictions_are_refused(case: str) -> None:
    with pytest.raises(DeclarationError):
        REFUSED[case]()


def test_a_wrong_type_is_refused_with_its_field() -> None:
    with pytest.raises(DeclarationError, match=r"^indicators\.x\.direction: Invalid enum value 2$"):
        co.Indicator(name="x", group="c", direction=2)
    with pytest.raises(DeclarationError, match=r"^by\[1\]: Expected `str`, got `int`$"):
        small(by=("year", 1))


def test_lists_and_numpy_scalars_are_taken_for_what_they_hold() -> None:
    plain = small(by=("year",), floor=0.5, reference=co.Reference(column="year", first=1, last=2))
    made = small(
        by=["year"],
        floor=np.float64(0.5),
        reference=co.Reference(column="year", first=np.int64(1), last=np.int16(2)),
    )
    assert made == plain
    assert type(made.reference.first) is int
    assert co.Normalise(scale=[1, np.float32(100)]) == co.Normalise(scale=(1, 100))


def test_a_declaration_error_is_a_usage_error() -> None:
    assert issubclass(DeclarationError, UsageError)
    assert DeclarationError.exit_code == 2


def test_the_packaged_composite_is_of_three_sources_and_argued() -> None:
    composite = co.load()
    assert {each.source for each in composite.indicators} == {"openalex", "patentsview", "baci"}
    assert {each.group for each in composite.indicators} == {"papers", "patents", "trade"}
    for each in composite.indicators:
        assert each.wanted().index.name in registry()
        assert len(each.note) > 20
    assert msgspec.json.decode(msgspec.json.encode(composite), type=co.Composite) == composite
