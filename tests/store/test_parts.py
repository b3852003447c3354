"""Large tables are a file for each cell: what is a part follows from the rows, however a table was made."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from trendcore.store import Anew, Manifest, ReleaseInfo, Store, parts


def rows(*years: int, flagged: int = 0, first: int = 0) -> pl.DataFrame:
    """Three rows for each cell of some years; those of one year have a flag, and counts start somewhere."""
    found = [
        ("s", "r", field, year, f"C{i}", "odd" if year == flagged else None, first + i)
        for field in ("ai", "qis")
        for year in years
        for i in range(3)
    ]
    schema = {
        "source": pl.String, "role": pl.String, "field": pl.String, "year": pl.Int16, "a": pl.String,
        "n__flag": pl.String, "n": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(found, schema=schema, orient="row")


@pytest.fixture(params=[True, False], ids=["in parts", "whole"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param:
        monkeypatch.setattr(parts, "LARGE", 10)
    return Store.create(tmp_path / "ws")


def publish(store: Store, table: pl.DataFrame | Anew) -> Manifest:
    with store.lock():
        return store.publish({"t": table}, ReleaseInfo(fingerprint="f"))


def read(store: Store, manifest: Manifest) -> pl.DataFrame:
    return store.read(manifest, "t").collect()


def files(manifest: Manifest) -> set[str]:
    return {file.path for file in manifest.tables["t"].files}


def in_delta(store: Store, manifest: Manifest) -> pl.DataFrame:
    """What readers of Delta see of the table's version."""
    table = DeltaTable(f"{store.root}/results/t", version=manifest.tables["t"].delta_version)
    return pl.DataFrame(table.to_pyarrow_table()).drop("part")


def test_some_cells_anew_are_the_table_made_as_a_whole(store: Store, tmp_path: Path) -> None:
    publish(store, rows(2019, 2020, 2021))
    anew = Anew(rows(2020, first=7, flagged=2020), pl.col("year") == 2020)
    some = publish(store, anew)
    key = ["source", "role", "field", "year", "a"]
    wanted = pl.concat([rows(2019, 2021), rows(2020, first=7, flagged=2020)]).sort(key)
    whole = publish(Store.create(tmp_path / "other"), wanted)
    assert some.tables["t"].content_sha256 == whole.tables["t"].content_sha256
    assert some.tables["t"].columns == whole.tables["t"].columns
    assert_frame_equal(read(store, some), wanted.select(*key, "n", "n__flag"))
    assert_frame_equal(in_delta(store, some).sort(key), read(store, some))
    assert store.verify(some) == []


def test_cells_that_stay_are_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LARGE", 10)
    store = Store.create(tmp_path / "ws")
    first = publish(store, rows(2019, 2020, 2021))
    assert len(files(first)) == 6
    second = publish(store, Anew(rows(2020, first=7), pl.col("year") == 2020))
    assert len(files(first) & files(second)) == 4
    third = publish(store, rows(2019, 2020, 2021))  # made as a whole: the parts of the second serve
    assert len(files(second) & files(third)) == 4
    assert third.tables["t"].content_sha256 == first.tables["t"].content_sha256
    fourth = publish(store, Anew(rows(2020), pl.col("year") == 2020))
    assert fourth.tables == third.tables


def test_cells_may_go_and_come(store: Store, tmp_path: Path) -> None:
    publish(store, rows(2019, 2020, 2021))
    gone = publish(store, Anew(rows(), pl.col("year") == 2021))
    assert_frame_equal(read(store, gone).drop("n"), rows(2019, 2020).drop("n", "n__flag"))
    back = publish(store, Anew(rows(2021, 2022), pl.col("year") >= 2021))
    other = publish(Store.create(tmp_path / "other"), rows(2019, 2020, 2021, 2022))
    assert back.tables["t"].content_sha256 == other.tables["t"].content_sha256
    nothing = publish(store, Anew(rows(), pl.col("year") > 0))
    assert (nothing.tables["t"].rows, files(nothing)) == (0, set())
    assert_frame_equal(in_delta(store, back).sort(rows().columns[:5]), read(store, back))


def test_no_cell_may_be_made_anew(store: Store) -> None:
    first = publish(store, rows(2019, 2020, 2021))
    same = publish(store, Anew(rows(), pl.lit(value=False)))
    assert same.tables == first.tables


def test_a_table_grows_and_shrinks_past_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LARGE", 12)
    store = Store.create(tmp_path / "ws")
    assert len(files(publish(store, rows(2019, 2020)))) == 1
    grown = publish(store, Anew(rows(2021), pl.col("year") == 2021))
    assert len(files(grown)) == 6
    shrunk = publish(store, Anew(rows(), pl.col("year") == 2020))
    assert len(files(shrunk)) == 1
    assert_frame_equal(read(store, shrunk), rows(2019, 2021).drop("n__flag"))


def test_after_a_transaction_that_no_release_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that died before its manifest leaves a version of the table behind."""
    monkeypatch.setattr(parts, "LARGE", 10)
    store = Store.create(tmp_path / "ws")
    publish(store, rows(2019, 2020, 2021))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    anew = Anew(rows(2019, first=50), pl.col("year") == 2019)
    with monkeypatch.context() as patch:
        patch.setattr("trendcore.store.releases.write", die)
        with pytest.raises(KeyboardInterrupt):
            publish(store, anew)
    healed = publish(store, Anew(rows(2020, first=7), pl.col("year") == 2020))
    key = rows().columns[:5]
    assert_frame_equal(in_delta(store, healed).sort(key), read(store, healed))
    assert read(store, healed).filter(year=2019)["n"].max() == 2


def test_a_cell_that_could_not_stay_is_refused(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "ws")
    with pytest.raises(ValueError, match="table t: there is no release whose other cells could stay"):
        publish(store, Anew(rows(2019), pl.col("year") == 2019))
