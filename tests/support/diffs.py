"""Two releases whose works differ, and what moved between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.workspaces import qis

import trendcore as tc
from trendcore.taxonomy.files import data_file
from trendcore.update.comparing import REASONS

QIS, ALGORITHMS, AI, CHEMISTRY = 10020, 10682, 12205, 11177
LATER = {"updated_date": "2025-01-02T00:00:00"}
#: fewer tables, so that an update is quick
SMALL: dict[str, Any] = {"blocs": (), "intervals": ("salton",)}
KEY = ["source", "role", "field", "year", "a", "b"]


def about(number: int, *countries: str, topic: int = QIS, **changes: Any) -> dict[str, Any]:
    """A work on a topic by one author a country."""
    named = {"id": f"https://openalex.org/T{topic}", "score": 0.98}
    return qis(number, *countries, topics=[named], primary_topic=named, **changes)


def moves(ws: tc.Workspace, r1: int = 1, r2: int = 2, **chosen: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Of each count that moved the parts that are not 0, with what moved in all."""
    found = {}
    for row in ws.diff(r1, r2, **chosen).iter_rows(named=True):
        assert row["moved"] == row["after"] - row["before"] != 0
        parts = {name: row[name] for name in REASONS if row[name]}
        if row["unexplained"] is None:
            assert sum(parts.values()) == row["moved"], row
        else:
            assert all(row[name] is None for name in REASONS)
        found[tuple(row[name] for name in KEY)] = {"moved": row["moved"], **parts}
    return found


def update(ws: tc.Workspace) -> None:
    assert ws.update(accept_change="a test").changed


def edited(path: Path, *removed: int) -> Path:
    """The packaged taxonomy less some topics."""
    lines = data_file("taxonomy").decode().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(tuple(map(str, removed)))))
    return path
