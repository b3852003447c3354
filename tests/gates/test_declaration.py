"""Limits and rules of a workspace: what is wrong is said with file and key, before any work is done."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trendcore import gates
from trendcore.config import settings
from trendcore.errors import UsageError

RULE = 'name = "small"\ntable = "cells"\nfails = "works < 10"\n'
CELLS = pl.DataFrame(
    {"source": "s", "year": [1, 2, 3, 4], "works": [5, 9, 10, None], "works_known": 1, "value": None}
)


def declared(tmp_path: Path, text: str) -> gates.Limits:
    (tmp_path / "trendcore.toml").write_text(text)
    return settings(tmp_path).gates


def test_a_workspace_overrides_key_by_key(tmp_path: Path) -> None:
    limits = declared(tmp_path, "[gates.change]\nat_most = 0.4\n[gates.jump]\non = false\n")
    assert limits.gates["change"] == {**gates.DEFAULTS.gates["change"], "at_most": 0.4}
    assert limits.gates["totals"] == gates.DEFAULTS.gates["totals"]
    assert limits.off == {"jump"}
    assert "jump" not in {each.gate for each in gates.check({}, limits=limits)}
    assert settings(None).gates == gates.DEFAULTS


def test_an_argument_is_above_the_file(tmp_path: Path) -> None:
    declared(tmp_path, "[gates.change]\nat_most = 0.4\n")
    given = settings(tmp_path, gates={"change": {"at_most": 0.6}})
    assert given.gates.gates["change"]["at_most"] == 0.6


def test_a_feed_may_quarantine_what_a_file_may_unless_it_is_said(tmp_path: Path) -> None:
    assert declared(tmp_path, "max_quarantined = 0.3\n").gates["quarantine"]["at_most"] == 0.3
    text = "max_quarantined = 0.3\n[gates.quarantine]\nat_most = 0.1\n"
    assert declared(tmp_path, text).gates["quarantine"]["at_most"] == 0.1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gates = 3", "gates: a table"),
        ("[gates.chnge]\nat_most = 1", "gates.chnge: no gate with limits has that name; there are"),
        ("[gates.keys]\non = false", "gates.keys: no gate with limits"),
        ("[gates]\njump = false", "gates.jump: a table of limits, such as { on = false }"),
        ("[gates.jump]\nat_least = 1", "gates.jump.at_least: no limit of that name; there are on, at_most"),
        ("[gates.jump]\non = 1", "gates.jump.on: true or false"),
        ('[gates.jump]\nat_most = "20"', "gates.jump.at_most: a number from 0 on, not '20'"),
        ("[gates.jump]\nat_most = true", "gates.jump.at_most: a number"),
        ("[gates.jump]\nat_most = nan", "gates.jump.at_most: a number"),
        ("[gates.jump]\nat_most = 0.5", "gates.jump.at_most: how many times"),
        ("[gates.change]\nat_most = -0.1", "gates.change.at_most: a number from 0 on, not -0.1"),
        ("[gates.countries]\nat_most = 1.1", "gates.countries.at_most: a share from 0 to 1"),
        ("[gates.countries]\nyears = 0", "gates.countries.years: at least 1 year"),
        ("[gates.countries]\nyears = 2.5", "gates.countries.years: a whole number"),
        ("[gates.contradictions]\nat_most = 0.5", "gates.contradictions.at_most: a whole number"),
        ("[gates]\nrules = 3", "gates.rules: a list of tables"),
        ("[gates]\nrules = [3]", "gates.rules (number 1): a table"),
        ('[[gates.rules]]\nname = "a"\ntable = "coverage"', "fails is text, and has to be given"),
        (f"[[gates.rules]]\n{RULE}limit = 1", "no key is called 'limit'; there are name, table"),
        (f"[[gates.rules]]\n{RULE}why = 1", "why is text"),
        (f"[[gates.rules]]\n{RULE}at_most = 1.5", "at_most is a whole number of rows, or a share"),
        (f"[[gates.rules]]\n{RULE}at_most = -1", "at_most: a number from 0 on"),
        (f"[[gates.rules]]\n{RULE}[[gates.rules]]\n{RULE}", "number 2): there is a gate called small"),
        (f"[[gates.rules]]\n{RULE.replace('small', 'bounds')}", "there is a gate called bounds already"),
        (f"[[gates.rules]]\n{RULE.replace('small', 'change')}", "there is a gate called change already"),
        (f"[[gates.rules]]\n{RULE.replace('small', 'Small one')}", "name is of small letters"),
        (f"[[gates.rules]]\n{RULE.replace('< 10', '<')}", "fails is no SQL expression: 'works <'"),
        (f"[[gates.rules]]\n{RULE.replace('works <', 'nofunction(works) <')}", "nofunction"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        declared(tmp_path, text)
    assert words in str(caught.value)
    assert str(tmp_path / "trendcore.toml") in str(caught.value)
    assert "\n" not in str(caught.value)


def ruled(text: str) -> gates.GateResult:
    limits = gates.limits(tomllib.loads(f"[[gates.rules]]\n{text}")["gates"])
    return gates.check({"cells": CELLS}, limits=limits)[-1]


@pytest.mark.parametrize(
    ("at_most", "ok", "figure"),
    [("0", False, 2), ("1", False, 2), ("2", True, 2), ("0.49", False, 0.5), ("0.5", True, 0.5)],
)
def test_a_rule_allows_rows_or_a_share(at_most: str, ok: bool, figure: float) -> None:
    result = ruled(f"{RULE}at_most = {at_most}\nwhy = 'small cells mislead'\n")
    assert (result.gate, result.ok, result.checked, result.failed) == ("small", ok, 4, 2)
    assert (result.figure, result.why) == (figure, "small cells mislead")
    assert [case.what for case in result.cases] == (
        [] if ok else ["cells: source s, year 1, works 5", "cells: source s, year 2, works 9"]
    )


def test_a_rule_is_not_accepted() -> None:
    limits = gates.limits(tomllib.loads(f"[[gates.rules]]\n{RULE}")["gates"])
    result = gates.check({"cells": CELLS}, limits=limits, accepted="because")[-1]
    assert (result.ok, result.accepted) == (False, False)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"cells"', '"sells"', "no table is called 'sells'; there are cells"),
        ("works <", "wrks <", "does not fit the table cells"),
        ("works < 10", "source > 10", "does not fit the table cells"),
        ("works < 10", "works", "is Int64, not true or false"),
    ],
)
def test_a_rule_that_fits_no_table(old: str, new: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        ruled(RULE.replace(old, new))
    assert words in str(caught.value)
    assert "small" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_may_sum_over_the_table() -> None:
    assert not ruled(RULE.replace("works < 10", "sum(works) < 100")).ok
    assert ruled(RULE.replace("works < 10", "sum(works) < 10")).ok


def test_every_limit_says_why() -> None:
    """Each table of the packaged file has a comment above it."""
    from importlib import resources

    text = resources.files("trendcore.gates").joinpath("gates.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if line.startswith("[")]
    assert len(heads) == len(gates.DEFAULTS.gates)
    assert all(lines[at - 1].startswith("#") for at in heads)


def test_limits_that_were_read_pass_as_they_are() -> None:
    read: Any = gates.limits({"jump": {"on": False}})
    assert gates.limits(read) is read
    assert settings(None, gates=read).gates == read
