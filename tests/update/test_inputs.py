"""What counts, when files come, change, vanish, repeat and are withdrawn."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.openalex import lines
from support.workspaces import SAMPLE, contents, joint, of_sample, qis, write_works

import trendcore as tc
from trendcore import sources
from trendcore.errors import ConflictError, GateError, InputError, QuarantineError, UsageError

CELL = ("openalex", "author", "qis", 2020)


def count(ws: tc.Workspace, a: str = "JP", b: str = "US", release: int | None = None) -> int:
    return joint(ws, release).get((*CELL, a, b), 0)


def test_a_path_written_another_way_is_the_same_path(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    path = write_works(tmp_path / "in" / "w.jsonl", qis(1, "JP", "US"))
    ws.ingest("openalex", path)
    again = ws.ingest("openalex", tmp_path / "in" / ".." / "in" / "w.jsonl")
    assert (again.units, again.warnings) == ((), ())
    assert ws.withdraw(tmp_path / "ws" / ".." / "in") == ("in/w.jsonl",)


def test_a_path_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    path = write_works(tmp_path / "w.jsonl", qis(1, "JP", "US"), qis(2, "JP"))
    first = ws.ingest("openalex", path)
    assert len(first.units) == 1
    assert first.counts[0].accepted == 2
    assert ws.ingest("openalex", path).units == ()
    assert ws.update().release == 1
    write_works(path, qis(1, "JP", "US"), qis(2, "JP", "US"))
    result = ws.update()  # update scans the registered paths by itself
    assert (result.release, result.changed) == (2, True)
    assert (count(ws, release=1), count(ws, release=2)) == (1, 2)


def test_equal_bytes_under_another_name_count_once_and_are_named(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    path = write_works(tmp_path / "w.jsonl", qis(1, "JP", "US"))
    shutil.copy(path, tmp_path / "copy.jsonl")
    ws.ingest("openalex", path)
    again = ws.ingest("openalex", tmp_path / "copy.jsonl")
    assert again.units == ()
    assert any("same content" in line and "w.jsonl" in line for line in again.warnings)
    ws.update()
    assert count(ws) == 1
    ws.withdraw(path)  # the copy is still there
    ws.update()
    assert count(ws) == 1
    ws.withdraw(tmp_path / "copy.jsonl")
    with pytest.raises(UsageError, match="nothing is ingested"):
        ws.update()
    assert ws.releases().height == 1  # the same content: no second release, and none without anything


def test_the_same_works_packed_again_count_once_by_id(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    records = [qis(number, "JP", "US") for number in range(5)]
    ws.ingest("openalex", write_works(tmp_path / "w.jsonl", *records))
    packed = tmp_path / "w.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(*records)))
    assert len(ws.ingest("openalex", packed).units) == 1
    ws.update()
    assert count(ws) == 5
    aside = ws.table("set_aside").collect()
    assert aside.filter(reason="superseded")["rows"].to_list() == [5]


def test_the_later_snapshot_wins_and_merged_works_are_gone(tmp_path: Path) -> None:
    folder = tmp_path / "works"
    write_works(
        folder / "updated_date=2024-01-01" / "part_000.gz",
        qis(1, "JP", "US"),
        qis(2, "JP", "US"),
        qis(3, "JP", "US"),
    )
    write_works(folder / "updated_date=2024-02-01" / "part_000.gz", qis(1, "JP", "KR"))
    out = qis(2, "JP", "US", topics=[{"id": "https://openalex.org/T10456", "score": 0.9}], primary_topic=...)
    write_works(folder / "updated_date=2024-03-01" / "part_000.gz", out)
    merged = tmp_path / "merged_ids" / "works"
    merged.mkdir(parents=True)
    (merged / "2024-04-01.csv").write_text("merge_date,id,merge_into_id\n2024-04-01,W3,W1\n")
    for order in ([folder, tmp_path / "merged_ids"], [tmp_path / "merged_ids", folder]):
        ws = tc.Workspace(tmp_path / f"ws{order[0].name}")
        for path in order:
            ws.ingest("openalex", path)
        ws.update()
        assert count(ws, "JP", "US") == 0
        assert count(ws, "JP", "KR") == 1


def test_order_of_ingestion_changes_no_byte(tmp_path: Path) -> None:
    forth = of_sample(tmp_path / "forth")
    back = tc.Workspace(tmp_path / "back")
    parts = sorted((SAMPLE / "openalex").glob("updated_date=*/*.gz"), reverse=True)
    for path in (*parts, SAMPLE / "openalex" / "merged_ids"):
        back.ingest("openalex", path)
    for feed in ("comtrade", "patentsview", "baci"):
        back.ingest(feed, SAMPLE / feed)
    forth.update()
    back.update()
    assert contents(forth) == contents(back)


def test_withdrawing_gives_the_release_without_the_file(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    one = write_works(tmp_path / "in" / "a.jsonl", qis(1, "JP", "US"))
    two = write_works(tmp_path / "in" / "b.jsonl", qis(2, "JP", "US"))
    ws.ingest("openalex", tmp_path / "in")
    ws.update()
    assert ws.withdraw(two) == ("in/b.jsonl",)
    ws.update()
    assert [count(ws, release=number) for number in (1, 2)] == [2, 1]
    assert not ws.update().changed  # the folder is scanned again, the withdrawn file stays out
    ws.ingest("openalex", two)
    ws.update()
    assert count(ws) == 2
    assert contents(ws, 3) == contents(ws, 1)
    assert one.exists()
    with pytest.raises(UsageError, match="nothing was ingested from"):
        ws.withdraw(tmp_path / "other")


def test_a_new_file_in_a_registered_folder_and_glob_is_found(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    write_works(tmp_path / "in" / "a.jsonl", qis(1, "JP", "US"))
    write_works(tmp_path / "globbed" / "x1.jsonl", qis(11, "JP", "US"))
    ws.ingest("openalex", tmp_path / "in", str(tmp_path / "globbed" / "x*.jsonl"))
    ws.update()
    write_works(tmp_path / "in" / "b.jsonl", qis(2, "JP", "US"))
    write_works(tmp_path / "globbed" / "x2.jsonl", qis(12, "JP", "US"))
    write_works(tmp_path / "globbed" / "y.jsonl", qis(13, "JP", "US"))
    ws.update()
    assert [count(ws, release=number) for number in (1, 2)] == [2, 4]


def test_a_vanished_file_stays_counted_with_a_warning(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    path = write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    ws.ingest("openalex", path)
    ws.update()
    path.unlink()
    result = ws.update()
    assert not result.changed
    assert any("a.jsonl" in line and "withdraw" in line for line in result.warnings)
    assert count(ws) == 1


def test_another_taxonomy_is_refused_until_inputs_are_read_again(tmp_path: Path) -> None:
    path = write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    tc.Workspace(tmp_path / "ws").ingest("openalex", path)
    tc.Workspace(tmp_path / "ws").update()
    wide = tc.Workspace(tmp_path / "ws", breadth="wide")
    with pytest.raises(GateError, match=r"taxonomy has changed.*trendcore ingest.*openalex"):
        wide.update()
    assert wide.releases().height == 1
    assert len(wide.ingest("openalex", path).units) == 1
    assert wide.update().release == 2
    with pytest.raises(GateError):
        tc.Workspace(tmp_path / "ws").update()


def test_settings_of_the_workspace_file_change_the_numbers(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "HK", "CN"), qis(2, "HK", "US")))
    ws.update()
    assert (count(ws, "CN", "HK"), count(ws, "HK", "US"), count(ws, "CN", "US")) == (1, 1, 0)
    (tmp_path / "ws" / "trendcore.toml").write_text('policy = "hk-mo-with-cn"\n')
    assert ws.update().release == 2
    assert (count(ws, "CN", "HK"), count(ws, "HK", "US"), count(ws, "CN", "US")) == (0, 0, 1)
    assert (
        len({row["policy"] for number in (1, 2) for row in ws.indices(release=number).collect().to_dicts()})
        == 2
    )
    (tmp_path / "ws" / "trendcore.toml").write_text('polici = "x"\n')
    with pytest.raises(UsageError, match="no setting is called 'polici'"):
        ws.update()


def test_keep_all_publishes_the_field_all(tmp_path: Path) -> None:
    other = qis(
        2, "JP", "US", topics=[{"id": "https://openalex.org/T13182", "score": 0.9}], primary_topic=...
    )
    path = write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"), other)
    ws = tc.Workspace(tmp_path / "all")
    ws.ingest("openalex", path, keep="all")
    ws.update()
    assert joint(ws)[("openalex", "author", "all", 2020, "JP", "US")] == 2
    assert count(ws) == 1
    with pytest.raises(UsageError, match=r"stored with --keep all"):
        ws.ingest("openalex", path, keep="fields")
    kept = tc.Workspace(tmp_path / "fields")
    kept.ingest("openalex", path)
    kept.update()
    assert "all" not in set(kept.table("coverage").collect()["field"])


def test_a_year_of_baci_that_comes_again_replaces_the_earlier_one(tmp_path: Path) -> None:
    old, new = tmp_path / "BACI_HS22_Y2022_V202401.csv", tmp_path / "BACI_HS22_Y2022_V202501.csv"
    old.write_text("t,i,j,k,v,q\n2022,842,392,854231,10,1\n2022,842,410,854231,5,1\n")
    new.write_text("t,i,j,k,v,q\n2022,842,392,854231,12,1\n")
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("baci", old)
    ws.ingest("baci", new)
    ws.update()
    values = ws.indices(index="value", field="semiconductors").collect()
    # that Japan sold nothing to the United States is not known: it is in the file as a buyer only
    assert values.sort("a").select("a", "b", "value").rows() == [("JP", "US", None), ("US", "JP", 12_000.0)]
    assert ws.table("set_aside").collect().rows() == [("baci", 2022, "superseded", 2)]


def test_a_heading_and_its_codes_in_two_files_of_comtrade_count_once(tmp_path: Path) -> None:
    header = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"
    files = {
        "headings.csv": "2020,M,764,392,H5,8542,10\n2020,M,764,410,H5,8542,5\n",
        "codes.csv": "2020,M,764,392,H5,854231,4\n2020,M,764,392,H5,854239,6\n",
    }
    flows = []
    for order in (("headings.csv", "codes.csv"), ("codes.csv", "headings.csv")):
        ws = tc.Workspace(tmp_path / f"ws-{order[0]}")
        for name in order:
            (tmp_path / name).write_text(header + files[name])
            ws.ingest("comtrade", tmp_path / name)
        ws.update()
        chips = ws.table("trade_flows").filter(pl.col("field") == "semiconductors").collect()
        assert dict(chips.group_by("exporter").agg(pl.col("value").sum()).iter_rows()) == {
            "JP": 10_000, "KR": 5_000,
        }  # fmt: skip
        aside = ws.table("set_aside").filter(pl.col("reason") == "parent_level").collect()
        assert aside["rows"].to_list() == [1]
        flows.append(chips)
    assert flows[0].equals(flows[1])


def test_numbers_of_one_country_in_one_file_are_parts(tmp_path: Path) -> None:
    header = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"
    ws = tc.Workspace(tmp_path / "ws")
    both = "2020,M,764,250,H5,854231,4\n2020,M,764,251,H5,854231,6\n"  # old and new number of France
    other = "2020,M,764,392,H5,854231,1\n"
    for name, text in (("a.csv", both), ("b.csv", other)):
        (tmp_path / name).write_text(header + text)
        ws.ingest("comtrade", tmp_path / name)
    ws.update()
    chips = ws.table("trade_flows").filter(pl.col("field") == "semiconductors").collect()
    assert dict(chips.select("exporter", "value").iter_rows()) == {"FR": 10_000, "JP": 1_000}


def test_trade_of_a_country_with_itself_is_in_totals_or_dropped(tmp_path: Path) -> None:
    path = tmp_path / "BACI_HS22_Y2022_V202401.csv"
    path.write_text("t,i,j,k,v,q\n2022,842,392,854231,10,1\n2022,392,392,854231,30,1\n")
    shares = []
    for choice in ("in_total", "drop"):
        ws = tc.Workspace(tmp_path / choice, self_flows=choice)
        ws.ingest("baci", path)
        ws.update()
        share = ws.indices(pair="JP-US", index="import_share").filter(pl.col("a") == "JP").collect()
        shares.append(share["value"].item())
    assert shares == [0.25, 1.0]


def test_too_much_quarantine_refuses_with_its_own_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(*[qis(number, "JP", "US") for number in range(150)]) + b"{broken\n" * 120)
    ws = tc.Workspace(tmp_path / "ws")
    result = ws.ingest("openalex", path)
    assert (result.counts[0].accepted, result.counts[0].quarantined) == (150, 120)
    with pytest.raises(QuarantineError, match=r"120 of 270 rows"):
        ws.update()
    assert ws.releases().is_empty()
    assert tc.Workspace(tmp_path / "ws", max_quarantined=0.5).update().release == 1


def test_a_failed_ingest_leaves_the_workspace_as_it_was(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "JP", "US")))
    ws.update()
    before = contents(ws)
    good = write_works(tmp_path / "b.jsonl", qis(2, "JP", "US"))
    bad = tmp_path / "BACI_HS22_Y2022_V202401.csv"
    bad.write_text("not,a,table\n1,2,3\n")
    with pytest.raises(InputError):
        ws.ingest("baci", bad)
    with pytest.raises(InputError):
        ws.ingest("openalex", good, tmp_path / "missing.jsonl")
    assert not ws.update().changed
    assert contents(ws) == before


@pytest.mark.parametrize("change", ["grows", "goes"])
def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = write_works(tmp_path / "a.jsonl", *[qis(number, "JP", "US") for number in range(5)])
    data = path.read_bytes()
    read = sources.feed("openalex").read

    def changing(unit: Any, context: Any) -> Iterator[Any]:
        for batch in read(unit, context):
            if change == "goes":
                path.unlink()
            else:
                path.write_bytes(data + data)
            yield batch

    ws = tc.Workspace(tmp_path / "ws")
    with monkeypatch.context() as patch:
        patch.setattr(type(sources.feed("openalex")), "read", lambda _, *args: changing(*args))
        with pytest.raises(InputError, match=r"a\.jsonl: (changed|gone) while it was read"):
            ws.ingest("openalex", path)
    assert ws.papers().collect().height == 0
    path.write_bytes(data)
    assert ws.ingest("openalex", path).counts[0].accepted == 5


def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    from trendcore.store import Store

    ws = tc.Workspace(tmp_path / "ws")
    path = write_works(tmp_path / "a.jsonl", qis(1, "JP", "US"))
    ws.ingest("openalex", path)
    with Store.open(ws.path).lock(), pytest.raises(ConflictError):
        ws.update()


def test_reading_what_is_not_there_says_so(tmp_path: Path) -> None:
    from trendcore.errors import TrendcoreError

    with pytest.raises(TrendcoreError, match="workspace"):
        tc.Workspace(tmp_path / "none").indices()
    with pytest.raises(TrendcoreError):
        tc.Workspace(tmp_path / "none").update()
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "JP", "US")))
    with pytest.raises(TrendcoreError):
        ws.indices()
    ws.update()
    with pytest.raises(TrendcoreError, match="7"):
        ws.indices(release=7)
    with pytest.raises(TrendcoreError, match="coverage"):
        ws.table("nothing")
    with pytest.raises(UsageError, match="JP-US"):
        ws.indices(pair="JPUS")
    with pytest.raises(UsageError, match="salton"):
        ws.indices(index="saltn")


def test_canonical_tables_show_alpha_2_codes(tmp_path: Path) -> None:
    ws = tc.Workspace(tmp_path / "ws")
    ws.ingest("openalex", write_works(tmp_path / "a.jsonl", qis(1, "US", "JP", "NA")))
    row = ws.papers().collect().row(0, named=True)
    assert sorted(row["countries"]) == ["JP", "NA", "US"]  # NA is Namibia
    assert ws.papers().collect_schema()["year"] == pl.Int16
