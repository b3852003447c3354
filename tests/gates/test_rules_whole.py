"""Rules of a workspace look at whole tables, also where an update made a part of them anew."""

from __future__ import annotations

from pathlib import Path

from support.workspaces import qis, write_works

import trendcore as tc

RULE = """
[[gates.rules]]
name = "small_pairs"
table = "pairs"
fails = "joint < 2"
at_most = 0.2
why = "small pairs mislead"
"""


def works(folder: Path, name: str, *records: tuple[int, int, str]) -> None:
    made = [
        qis(key, "JP", code, publication_year=year, publication_date=f"{year}-05-01")
        for key, year, code in records
    ]
    write_works(folder / "works" / f"updated_date=2024-01-{name}" / "part_000.gz", *made)


def test_one_small_pair_of_a_new_year_is_weighed_among_all(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "trendcore.toml").write_text('intervals = ["salton"]\n' + RULE)
    works(tmp_path, "01", *((key, 2010 + key % 8, "US") for key in range(80)))
    ws.ingest("openalex", tmp_path / "works")
    ws.update()
    works(tmp_path, "02", (500, 2019, "KR"))
    result = ws.update()
    assert result.anew == "openalex (1 year)"
    [rule] = [gate for gate in result.gates if gate["gate"] == "small_pairs"]
    assert (rule["ok"], rule["checked"], rule["failed"]) == (True, 9, 1)
