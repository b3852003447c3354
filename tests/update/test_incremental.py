"""An update makes anew what changed, and the release is that of a rebuild from nothing, to the bit."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.bits import flip
from support.workspaces import contents, qis, write_works

import trendcore as tc
from trendcore import gates
from trendcore.store import Store, failpoints, parts

#: data this small jump and shrink as real ones do not
ANY_DATA: Final = "".join(f"[gates.{name}]\non = false\n" for name in gates.DEFAULTS.gates)
COUNTRIES: Final = ("AU", "IN", "JP", "KR", "US", None)
TOPICS: Final = (10020, 10028, 10099, 10456)
HEADER: Final = "t,i,j,k,v,q\n"


def topic(number: int) -> dict[str, Any]:
    return {"id": f"https://openalex.org/T{number}", "score": 0.9}


def workspace(folder: Path, **given: Any) -> tc.Workspace:
    """A workspace that publishes any data, few intervals and short trends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trendcore.toml").write_text('intervals = ["salton"]\ntrend_years = 5\n' + ANY_DATA)
    return tc.Workspace(folder, **given)


def rebuilt(ws: tc.Workspace, folder: Path, **given: Any) -> dict[str, str]:
    """Hashes of the tables of a workspace into which the same files are read, in the same order, at once."""
    other = workspace(folder, **given)
    ledger = Store.open(ws.path).ledger()
    for content in ledger.active().values():
        unit = next(unit for unit in ledger.units if unit.content == content.id)
        other.ingest(unit.feed, *(file.path for file in unit.files), keep=content.keep)
    other.update()
    return contents(other)


works = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.integers(2014, 2021),
        st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=4),
        st.sampled_from(TOPICS),
    ),
    min_size=1,
    max_size=6,
)
flows = st.lists(
    st.tuples(st.sampled_from([(842, 392), (392, 842), (699, 36)]), st.integers(1, 99)),
    min_size=1,
    max_size=3,
    unique_by=lambda flow: flow[0],
)


class Incremental(RuleBasedStateMachine):
    """Files come, go, change, come again and in other orders; settings change; updates die."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.given: dict[str, Any] = {}
        self.gone: dict[Path, bytes] = {}
        self.n = 0
        self.changed = False

    @initialize(first=works, in_parts=st.booleans())
    def start(self, first: Any, in_parts: bool) -> None:
        self.limit = mock.patch.object(parts, "LARGE", 4 if in_parts else 1 << 17)
        self.limit.start()
        self.ws = workspace(self.folder / "ws")
        self.write_works(0, first)
        # a release of nothing is refused: one work always stays
        self.write_works(30, [(900, 2018, ["JP", "US"], 10099)])
        self.ws.ingest("openalex", self.folder / "works", keep="all")
        self.ws.update()

    def teardown(self) -> None:
        self.limit.stop()
        shutil.rmtree(self.folder)

    def write_works(self, number: int, drawn: Any) -> None:
        path = self.folder / "works" / f"updated_date=2024-01-{number + 1:02}" / "part_000.gz"
        records = [
            qis(
                key, *(code for code in codes if code), publication_year=year,
                publication_date=f"{year}-05-01", primary_topic=topic(kind), topics=[topic(kind)],
            )
            for key, year, codes, kind in {work[0]: work for work in drawn}.values()
        ]  # fmt: skip
        write_works(path, *records)

    def files(self) -> list[Path]:
        """Files that are ingested, or found by a scan."""
        found = sorted([*self.folder.glob("works/*/*.gz"), *self.folder.glob("baci/*.csv")])
        return [path for path in found if "-01-31" not in str(path)]

    @rule(number=st.integers(0, 9), drawn=works)
    def write(self, number: int, drawn: Any) -> None:
        """A file of works is new, or replaced."""
        self.write_works(number, drawn)
        self.changed = True

    @rule(year=st.integers(2019, 2022), edition=st.sampled_from(["01", "02"]), drawn=flows)
    def trade(self, year: int, edition: str, drawn: Any) -> None:
        """A year of trade is new, replaced, or comes a second time in another file."""
        path = self.folder / "baci" / f"BACI_HS17_Y{year}_V2024{edition}.csv"
        path.parent.mkdir(exist_ok=True)
        rows = "".join(f"{year},{i},{j},854231,{value},1\n" for (i, j), value in drawn)
        path.write_text(HEADER + rows)
        self.ws.ingest("baci", path)
        self.changed = True

    @rule(merged=st.integers(1, 12), day=st.integers(1, 28))
    def merge(self, merged: int, day: int) -> None:
        """A work is merged away."""
        path = self.folder / "merged_ids" / "works" / f"2024-01-{day:02}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"merge_date,id,merge_into_id\n2024-01-{day:02},W{merged},W99\n")
        self.ws.ingest("openalex", self.folder / "merged_ids", keep="all")
        self.changed = True

    @precondition(lambda self: self.files())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """A file goes."""
        path = data.draw(st.sampled_from(self.files()))
        self.gone[path] = path.read_bytes()
        if path.suffix == ".gz":
            self.ws.ingest("openalex", path, keep="all")  # a file that no update has seen cannot be withdrawn
        self.ws.withdraw(path)
        path.unlink()
        self.changed = True

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """A file that went comes again, as the last of its feed."""
        path = data.draw(st.sampled_from(sorted(self.gone)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.gone.pop(path))
        self.ws.ingest("baci" if path.suffix == ".csv" else "openalex", path, keep="all")
        self.changed = True

    @rule(breadth=st.sampled_from(["core", "wide", "both"]))
    def change_taxonomy(self, breadth: str) -> None:
        self.given = {"breadth": breadth}
        self.ws = tc.Workspace(self.ws.path, **self.given)
        self.changed = True

    @precondition(lambda self: self.changed)
    @rule(at=st.integers(1, 150))
    def kill(self, at: int) -> None:
        """An update dies at one of its calls that reach the disk."""

        with suppress(failpoints.Died), failpoints.armed(at, "die"):
            self.ws.update()
        self.ws = tc.Workspace(self.ws.path, **self.given)

    @invariant()
    def equals_a_rebuild(self) -> None:
        if not self.changed:
            return
        self.ws.update()
        self.n += 1
        assert contents(self.ws) == rebuilt(self.ws, self.folder / f"other{self.n}", **self.given)
        assert self.ws.verify() == []
        assert not self.ws.update().changed
        self.changed = False


TestIncremental = Incremental.TestCase
TestIncremental.settings = settings(
    max_examples=3,
    stateful_step_count=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
class TestManyUpdates(Incremental.TestCase):
    """The same for longer."""

    settings = settings(
        max_examples=25,
        stateful_step_count=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def write(folder: Path, day: int, *records: tuple[int, int, str]) -> Path:
    path = folder / "works" / f"updated_date=2024-01-{day:02}" / "part_000.gz"
    return write_works(
        path,
        *(
            qis(key, "JP", *codes, publication_year=year, publication_date=f"{year}-05-01")
            for key, year, codes in records
        ),
    )


def test_only_the_years_of_what_changed_are_made_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, *((key, 2015 + key % 6, ("US",)) for key in range(30)))
    write(tmp_path, 2, (100, 2016, ("KR",)))
    ws = workspace(tmp_path / "ws")
    ws.ingest("openalex", tmp_path / "works")
    assert ws.update().anew == "everything"
    write(tmp_path, 3, (200, 2018, ("US",)))
    assert ws.update().anew == "openalex (1 year)"
    # a work that moves from 2016 to 2019 concerns both
    write(tmp_path, 3, (200, 2018, ("US",)), (100, 2019, ("KR",)))
    assert ws.update().anew == "openalex (3 years)"
    ws.withdraw(tmp_path / "works" / "updated_date=2024-01-03" / "part_000.gz")
    assert ws.update().anew == "openalex (3 years)"
    assert contents(ws) == rebuilt(ws, tmp_path / "other")


def test_a_file_that_holds_nothing_new_makes_nothing_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, *((key, 2015 + key % 6, ("US",)) for key in range(30)))
    ws = workspace(tmp_path / "ws")
    ws.ingest("openalex", tmp_path / "works")
    ws.update()
    out = qis(500, "JP", topics=[topic(10001)], primary_topic=topic(10001))
    write_works(tmp_path / "works" / "updated_date=2024-01-04" / "part_000.gz", out)
    result = ws.update()
    assert (result.changed, result.anew) == (True, "nothing")
    assert ws.table("inputs").collect()["file"].len() == 2


@pytest.mark.parametrize("table", ["pairs", "coverage", "members", "trends"])
def test_what_was_published_is_not_used_where_it_is_damaged(tmp_path: Path, table: str) -> None:
    write(tmp_path, 1, *((key, 2015 + key % 6, ("US",)) for key in range(30)))
    ws = workspace(tmp_path / "ws")
    ws.ingest("openalex", tmp_path / "works")
    ws.update()
    damaged = damage(ws, table)
    write(tmp_path, 3, (200, 2018, ("US",)))
    result = ws.update()
    assert result.anew == "everything"
    assert any("release 1 is damaged, so that everything is made anew" in line for line in result.warnings)
    only_the_first_is_damaged(ws, damaged)
    assert contents(ws) == rebuilt(ws, tmp_path / "other")


def test_a_damaged_release_of_the_same_inputs_is_published_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, *((key, 2015 + key % 6, ("US",)) for key in range(30)))
    ws = workspace(tmp_path / "ws")
    ws.ingest("openalex", tmp_path / "works")
    ws.update()
    before = contents(ws)
    damaged = damage(ws, "pairs")
    result = ws.update()
    assert (result.changed, result.release) == (True, 2)
    only_the_first_is_damaged(ws, damaged)
    assert contents(ws) == before


def damage(ws: tc.Workspace, table: str) -> Path:
    """Flip a bit in the middle of a table's file, and return the file."""
    path = next((Path(ws.path) / "results" / table).glob("*.parquet"))
    flip(path)
    return path


def only_the_first_is_damaged(ws: tc.Workspace, damaged: Path) -> None:
    """Check that release 2 is sound, and that release 1's damage is named until release 1 is dropped."""
    assert ws.verify(release=2) == []
    assert ws.verify() == ws.verify(release=1) == [f"{damaged}: the bytes are not those that were written"]
    ws.gc(keep=1, grace=timedelta(0))
    assert ws.verify() == []


def test_a_file_that_goes_back_to_earlier_bytes_is_the_last_again(tmp_path: Path) -> None:
    one, other = (tmp_path / f"BACI_HS17_Y2022_V20240{n}.csv" for n in (1, 2))
    ws = workspace(tmp_path / "ws")

    def value(path: Path, thousands: int) -> float:
        path.write_text(f"{HEADER}2022,842,392,854231,{thousands},1\n2022,392,842,854231,7,1\n")
        ws.ingest("baci", path)
        ws.update()
        values = ws.table("trade_flows").filter(exporter="US", importer="JP").collect()["value"]
        return values.sum() / 1_000_000

    assert [value(one, 1), value(other, 5), value(one, 2), value(one, 1)] == [1, 5, 2, 1]
    assert contents(ws) == rebuilt(ws, tmp_path / "other")


def test_trends_of_a_window_that_moves_are_made_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, *((key, 2012 + key % 8, ("US",)) for key in range(80)))
    ws = workspace(tmp_path / "ws")
    ws.ingest("openalex", tmp_path / "works")
    ws.update()
    before = ws.table("trends").collect()
    write(tmp_path, 2, *((100 + key, 2020, ("US",)) for key in range(4)))
    ws.update()
    after = ws.table("trends").collect()
    assert (before["last"].max(), after["last"].max()) == (2019, 2020)
    assert contents(ws) == rebuilt(ws, tmp_path / "other")


def test_trade_of_other_years_stays(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws")
    for year in range(2018, 2023):
        path = tmp_path / f"BACI_HS17_Y{year}_V202401.csv"
        path.write_text(f"{HEADER}{year},842,392,854231,{year},1\n{year},392,842,854231,7,1\n")
        ws.ingest("baci", path)
    ws.update()
    path.write_text(f"{HEADER}{year},842,392,854231,5,1\n")
    result = ws.update()
    assert result.anew == "baci (1 year)"
    assert contents(ws) == rebuilt(ws, tmp_path / "other")
    values = ws.indices(index="value", pair="JP-US").collect().drop_nulls("value")
    assert values.filter(pl.col("year") == 2022)["value"].to_list() == [5000.0]
