"""Inputs that went wrong between updates: refused, the old release stays; what is accepted is recorded."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mutations import (
    FEEDS,
    QUICK,
    REASON,
    Place,
    Work,
    baci,
    change_lines,
    change_works,
    change_zip,
    scaled,
    without_country,
)
from support.workspaces import contents

import trendcore as tc
from trendcore.simulate import write_sample
from trendcore.store import Store


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("mutations") / "place")
    write_sample(place.inputs, scale=0.3)
    for feed in FEEDS:
        assert place.run("ingest", feed, str(place.inputs / feed)).exit_code == 0
    (place.path / "trendcore.toml").write_text(QUICK)
    assert place.update().exit_code == 0
    shutil.copytree(place.folder, place.folder.with_name("pristine"))
    return place


@pytest.fixture
def place(published: Place) -> Iterator[Place]:
    """The place as it was published: under the same path, since workspaces know files by it."""
    yield published
    shutil.rmtree(published.folder)
    shutil.copytree(published.folder.with_name("pristine"), published.folder)


def test_nothing_has_changed(place: Place) -> None:
    out = place.update()
    assert (out.exit_code, out.stdout) == (0, "nothing to do: release 1 is up to date\n")


def test_a_snapshot_that_is_as_usual_passes(place: Place) -> None:
    """Of a hundred works one is gone, one has lost its affiliations and one a country, in all years."""

    def month_later(work: Work) -> Work | None:
        of_hundred = int(work["id"].rsplit("W", 1)[1]) % 100
        if of_hundred < 2:
            return without_country(work, None) if of_hundred else None
        return without_country(work, "US") if of_hundred == 2 else work

    change_works(place, month_later)
    out = place.update()
    assert (out.exit_code, out.stdout.split(" in ")[0].split("\n")[-1]) == (0, "published release 2"), (
        out.output
    )


def test_a_revision_of_trade_that_is_as_usual_passes(place: Place) -> None:
    """Editions of one year differ by up to 6 %: here each row does, down in one year and up in the next."""
    for year in range(2017, 2024):
        change_lines(baci(place, year), scaled(1.06 if year % 2 else 0.94))
    assert place.update().exit_code == 0


def test_a_country_is_gone_from_the_works(place: Place) -> None:
    change_works(place, lambda work: without_country(work, "KR"))
    assert "countries" in place.failed()
    table = place.update()
    assert table.exit_code == 3
    assert "KR" in table.stdout
    assert "--accept-change" in table.stderr
    assert "countries" in place.accept()


def test_a_country_is_gone_from_the_trade(place: Place) -> None:
    change_lines(baci(place), lambda lines: [line for line in lines if "490" not in line.split(",")[1:3]])
    assert "countries" in place.failed()
    (of_countries,) = (
        gate for gate in json.loads(place.update("--json").stdout)["gates"] if gate["gate"] == "countries"
    )
    assert "TW exports" in of_countries["cases"][0]["what"]
    assert of_countries["cases"][0]["unit"] == "US$"
    assert "countries" in place.accept()


@pytest.mark.slow
def test_a_country_is_gone_from_one_year_of_trade(place: Place) -> None:
    change_lines(
        baci(place, 2018), lambda lines: [line for line in lines if "490" not in line.split(",")[1:3]]
    )
    assert place.failed() == {"countries"}


def test_values_of_one_year_are_in_another_unit(place: Place) -> None:
    change_lines(baci(place, 2020), scaled(1000))
    assert {"change", "jump", "totals"} <= place.failed()


def test_values_of_one_year_are_many_times_as_large_and_that_is_meant(place: Place) -> None:
    change_lines(baci(place, 2020), scaled(30))
    assert place.failed() == {"change", "jump", "totals"}
    assert set(place.accept()) == {"change", "jump", "totals"}


@pytest.mark.slow
def test_all_values_are_in_another_unit(place: Place) -> None:
    change_lines(baci(place), scaled(1000))
    assert {"change", "totals", "ceiling"} <= place.failed()
    # no reason is accepted for more than the world trades
    out = place.update("--accept-change", REASON)
    assert out.exit_code == 3
    assert "ceiling" in out.stderr
    assert "--accept-change" not in out.stderr


@pytest.mark.parametrize(
    ("years", "factor", "gates"),
    [((2020,), 30, {"jump"}), ((), 1000, {"ceiling"})],
)
def test_another_unit_is_noticed_in_a_first_release_too(
    place: Place, tmp_path: Path, years: tuple[int, ...], factor: int, gates: set[str]
) -> None:
    change_lines(baci(place, *years), scaled(factor))
    first = tc.Workspace(tmp_path / "ws", blocs=[])
    first.ingest("baci", place.inputs / "baci")
    with pytest.raises(tc.errors.GateError) as caught:
        first.update()
    assert {result.gate for result in caught.value.results} == gates
    assert first.releases().is_empty()


@pytest.mark.parametrize(
    ("feed", "old", "new"),
    [("baci", "t,i,j,k,v,q", "t,i,j,k,value,q"), ("comtrade", ",primaryValue,", ",worth,")],
)
def test_a_column_of_trade_is_renamed(place: Place, feed: str, old: str, new: str) -> None:
    before = contents(place.workspace)
    paths = baci(place, 2021) if feed == "baci" else [place.inputs / "comtrade" / "TradeData.csv"]
    change_lines(paths, lambda lines: [lines[0].replace(old, new), *lines[1:]], "latin-1")
    out = place.update()
    assert out.exit_code == 2, out.output
    assert paths[0].name in out.stderr
    place.is_as_before(before)


@pytest.mark.slow
@pytest.mark.parametrize("column", ["patent_id", "location_id"])
def test_a_column_of_patents_is_renamed(place: Place, column: str) -> None:
    before = contents(place.workspace)
    path = place.inputs / "patentsview" / "g_inventor_disambiguated.tsv.zip"
    change_zip(path, lambda text: text.replace(column, "other", 1))
    out = place.update()
    assert out.exit_code == 2, out.output
    assert column in out.stderr
    place.is_as_before(before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "code", "gates"),
    [
        ("authorships", 3, {"unknown_countries", "unknown_rise", "countries"}),
        ("publication_year", 4, set()),
        ("primary_topic", 3, {"years", "totals"}),
    ],
)
def test_a_key_of_works_is_renamed(place: Place, key: str, code: int, gates: set[str]) -> None:
    def renamed(work: Work) -> Work:
        for name in {key, "topics" if key == "primary_topic" else key} & set(work):
            work[f"{name}_of_work"] = work.pop(name)
        return work

    change_works(place, renamed)
    if code == 3:
        assert gates <= place.failed()
    else:
        before = contents(place.workspace)
        assert place.update().exit_code == code
        place.is_as_before(before)


def test_a_year_of_works_is_missing(place: Place) -> None:
    change_works(place, lambda work: None if work.get("publication_year") == 2019 else work)
    assert {"years", "gaps"} <= place.failed()
    assert {"years", "gaps"} <= set(place.accept())


@pytest.mark.slow
def test_a_year_of_trade_holds_nothing_but_its_header(place: Place) -> None:
    change_lines(baci(place, 2023), lambda lines: lines[:1])
    assert "years" in place.failed()
    assert "years" in place.accept()


def test_a_year_that_is_withdrawn_is_refused_until_it_is_meant(place: Place) -> None:
    (path,) = baci(place, 2020)
    assert place.run("withdraw", str(path)).exit_code == 0
    assert {"years", "gaps"} <= place.failed()
    out = place.update("--accept-change", REASON)
    assert out.exit_code == 0
    assert "published release 2" in out.stdout
    assert "with an accepted change (gaps, years, " in out.stdout


@pytest.mark.slow
def test_a_file_that_vanished_stays_counted(place: Place) -> None:
    (path,) = baci(place, 2020)
    path.unlink()
    out = place.update()
    assert out.exit_code == 0
    assert "no longer there" in out.stderr


@pytest.mark.parametrize("n", [1, pytest.param(200, marks=pytest.mark.slow)])
def test_rows_of_trade_come_again_with_other_values(place: Place, n: int) -> None:
    def again(lines: list[str]) -> list[str]:
        return lines + scaled(3)(["", *lines[1 : n + 1]])

    change_lines(baci(place, 2021), again)
    before = contents(place.workspace)
    if n > 100:  # too large a part of the file
        assert place.update().exit_code == 4
        place.is_as_before(before)
        (place.path / "trendcore.toml").write_text(QUICK + "max_quarantined = 0.5\n")
    assert place.failed() == {"contradictions"}
    out = place.update("--accept-change", REASON)
    assert out.exit_code == 3
    assert f"{n} rows" in out.stdout
    with (place.path / "trendcore.toml").open("a") as file:
        file.write("[gates.contradictions]\nat_most = 1000\n")
    assert place.update().exit_code == 0
    assert contents(place.workspace)["trade_flows"] == before["trade_flows"]


def test_a_row_of_comtrade_comes_again_with_another_value(place: Place) -> None:
    path = place.inputs / "comtrade" / "semiconductor_equipment_legacy.csv"

    def again(lines: list[str]) -> list[str]:
        cells = lines[-1].split(",")
        at = lines[0].split(",").index("Trade Value (US$)")
        cells[at] = str(int(cells[at]) + 1)
        return [*lines, ",".join(cells)]

    # a name with a comma shifts nothing in rows before it
    change_lines([path], again)
    assert place.failed() == {"contradictions"}


@pytest.mark.slow
def test_rows_of_trade_that_come_again_as_they_are_change_nothing(place: Place) -> None:
    before = contents(place.workspace)
    change_lines(baci(place, 2021), lambda lines: lines + lines[1:])
    assert place.update().exit_code == 0
    assert contents(place.workspace)["trade_indices"] == before["trade_indices"]


def test_all_countries_are_blank(place: Place) -> None:
    change_works(place, lambda work: without_country(work, None))
    assert {"unknown_countries", "unknown_rise", "countries"} <= place.failed()
    # a release that knows no country has to be declared, not only accepted
    assert place.update("--accept-change", REASON).exit_code == 3
    with (place.path / "trendcore.toml").open("a") as file:
        file.write("[gates.unknown_countries]\non = false\n")
    assert {"unknown_rise", "countries"} <= set(place.accept())


def test_half_of_the_works_are_gone(place: Place) -> None:
    change_works(place, lambda work: work if int(work["id"].rsplit("W", 1)[1]) % 2 else None)
    assert {"change", "totals"} <= place.failed()
    assert {"change", "totals"} <= set(place.accept())


def test_a_blank_reason_is_refused_before_work(place: Place) -> None:
    out = place.update("--accept-change", "  ")
    assert (out.exit_code, out.stderr.count("\n")) == (2, 1)
    assert "blank" in out.stderr


@pytest.mark.slow
def test_a_reason_that_was_not_needed_is_not_recorded(place: Place) -> None:
    (place.path / "trendcore.toml").write_text(QUICK + "trend_years = 9\n")
    assert place.update("--accept-change", REASON).exit_code == 0
    assert Store.open(place.path).manifest().accepted_change == ""


def test_equal_bytes_under_another_name_change_nothing_and_are_named(place: Place) -> None:
    (old,) = (place.inputs / "openalex").glob("updated_date=2023-05-16/part_000.gz")
    new = old.with_name("part_007.gz")
    shutil.copyfile(old, new)
    out = place.update()
    assert (out.exit_code, out.stdout) == (0, "nothing to do: release 1 is up to date\n")
    assert f"{new} holds the same content as {old}: counted once" in out.stderr


def test_the_same_works_packed_again_count_once_by_id(place: Place) -> None:
    before = contents(place.workspace)
    (old,) = (place.inputs / "openalex").glob("updated_date=2023-05-16/part_000.gz")
    old.with_name("part_007.gz").write_bytes(gzip.compress(gzip.decompress(old.read_bytes()), 1))
    assert place.update().exit_code == 0
    after = contents(place.workspace)
    of_inputs = {"inputs", "set_aside"}
    assert {name for name in before if before[name] != after[name]} == of_inputs
    aside = place.workspace.table("set_aside").collect()
    assert "superseded" in aside.filter(source="openalex")["reason"].to_list()


def test_a_rule_of_the_workspace_refuses_and_says_why(place: Place) -> None:
    with (place.path / "trendcore.toml").open("a") as file:
        file.write(
            "trend_years = 9\n[[gates.rules]]\nname = 'big_cells'\ntable = 'coverage'\n"
            "fails = \"source = 'openalex' AND works < 40 AND year = 2016\"\nwhy = 'small cells mislead'\n"
        )
    assert place.failed() == {"big_cells"}


def test_a_rule_that_fits_no_table_is_a_usage_error(place: Place) -> None:
    with (place.path / "trendcore.toml").open("a") as file:
        file.write("trend_years = 9\n[[gates.rules]]\nname = 'x'\ntable = 'nothing'\nfails = 'works < 4'\n")
    out = place.update()
    assert (out.exit_code, out.stderr.count("\n")) == (2, 1)
    assert "no table is called 'nothing'" in out.stderr
