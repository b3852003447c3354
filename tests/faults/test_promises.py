"""What docs/reliability.md says: every promise names its tests, and they are there."""

from __future__ import annotations

import ast
import re

from support.shared import ROOT

TEXT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [
    line.strip("| ").split(" | ")
    for line in TEXT.split("## Promises")[1].split("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| promise", "| ---"))
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_promise_has_tests() -> None:
    assert len(ROWS) >= 15
    for promise, _how, tests, *_ in ROWS:
        assert NAMED.search(tests), promise


def test_every_test_that_is_named_is_there() -> None:
    for file, name in NAMED.findall(TEXT):
        path = ROOT / file
        assert path.is_file(), file
        tree = ast.parse(path.read_text(encoding="utf-8"))
        there = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
        there |= {
            target.id
            for each in tree.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }
        assert not name or name in there, f"{file} has no {name}"
