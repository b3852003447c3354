"""A report says what is published, in the same bytes each time, and refuses what is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.pages import Grid, Page, read_page
from support.workspaces import qis, write_works
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app
from trendcore.report import extra

TITLES = {
    "5g": "Wireless (5G era)", "ai": "Artificial intelligence", "qis": "Quantum information science",
    "semiconductors": "Semiconductors", "space": "Space",
}  # fmt: skip
CI = "[95\u00a0%]"
HEADER = "refYear,flowCode,reporterCode,partnerCode,classificationCode,cmdCode,primaryValue\n"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def html(sample: tc.Workspace) -> str:
    return sample.report(bloc="quad", note="Synthetic data")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return read_page(html)


def by_field(grid: Grid) -> dict[str, dict[str, str]]:
    return {row[0]: dict(zip(grid.heads, row, strict=True)) for row in grid.rows}


def value(frame: pl.DataFrame, **chosen: Any) -> dict[str, Any]:
    found = frame.filter(**chosen)
    assert found.height == 1, chosen
    return found.row(0, named=True)


def said(row: dict[str, Any], digits: int) -> str:
    small = "*" if row["interval_flag"] == "small_count" else ""
    return f"{row['value']:.{digits}f} [{row['lo']:.{digits}f}, {row['hi']:.{digits}f}]{small}"


def trend_said(row: dict[str, Any]) -> str:
    if row["p"] is None:
        return "–"
    words = {"none": "none\u00a0shown", "rising": "rising", "falling": "falling"}
    return f"{words[row['direction']]}, p\u00a0{row['p']:.3f}"


@pytest.mark.parametrize(
    ("caption", "source", "role"),
    [
        ("Papers (OpenAlex, countries of authors)", "openalex", "author"),
        ("Patents (PatentsView, countries of inventors)", "patentsview", "inventor"),
    ],
)
def test_numbers_of_works_are_the_published_ones(
    sample: tc.Workspace, page: Page, caption: str, source: str, role: str
) -> None:
    rows = by_field(page.grid(caption))
    assert set(rows) == set(TITLES.values())
    indices = sample.indices("JP-US", source=source, role=role).filter(year=2023, counting="full").collect()
    trends = sample.table("trends").filter(source=source, role=role, index="salton", a="JP", b="US").collect()
    for field, title in TITLES.items():
        row = rows[title]
        of = indices.filter(field=field)
        joint, default = value(of, index="joint"), of.filter(marginals="docs_int")
        mark = "*" if joint["value"] < 5 else ""
        assert row[f"Joint works {CI}"].split()[0] == f"{joint['value']:.0f}{mark}"
        assert row[f"Joint works {CI}"].endswith(
            f"[{joint['lo']:.1f}, {joint['hi']:.1f}]{mark}"[: -len(mark) or None]
        )
        assert row[f"Salton {CI}"] == said(value(default, index="salton"), 3)
        assert row[f"RIC of JP with US {CI}"] == said(value(default, index="ric", a="JP"), 2)
        assert row[f"RIC of US with JP {CI}"] == said(value(default, index="ric", a="US"), 2)
        assert row["Of JP's"] == f"{100 * value(default, index='share', a='JP')['value']:.1f} %"
        assert row["Trend of Salton"] == trend_said(value(trends, field=field, marginals="docs_int"))
        assert row["Year"] == "2023"


def test_key_figures_are_those_of_the_tables_below(page: Page) -> None:
    key, papers = (
        by_field(page.grid(name)) for name in ("JP and US in the latest", "Papers (OpenAlex, countries")
    )
    flows = page.grid("Trade (CEPII BACI")
    for title, row in key.items():
        assert row[f"Salton, papers {CI}"] == papers[title][f"Salton {CI}"]
        assert papers[title][f"Joint works {CI}"].split()[0] == row["Joint papers"]
        dollars = [each[3] for each in flows.rows if each[0] == title] or ["–", "–"]
        assert [row["JP → US, US$"], row["US → JP, US$"]] == dollars


def test_trade_and_ownership_are_the_published_ones(sample: tc.Workspace, page: Page) -> None:
    flows = sample.indices("JP-US", source="baci", field="semiconductors").filter(year=2023).collect()
    row = next(row for row in page.grid("Trade (CEPII BACI").rows if row[:2] == ["Semiconductors", "US → JP"])
    dollars = value(flows, index="value", a="US")["value"]
    share = value(flows, index="import_share", a="JP")["value"]
    intensity = value(flows, index="trade_intensity", a="US")["value"]
    assert row[2:6] == ["2023", f"{dollars / 1e9:.1f} bn", f"{100 * share:.1f} %", f"{intensity:.2f}"]
    owned = sample.indices("JP-US", role="inventor-applicant", field="ai", index="joint").filter(year=2023)
    joint = value(owned.collect(), a="JP")
    grid = page.grid("Patents (PatentsView, invented in one")
    row = next(
        row for row in grid.rows if row[:2] == ["Artificial intelligence", "invented in JP, owned in US"]
    )
    assert row[3] == f"{joint['value']:.0f} [{joint['lo']:.1f}, {joint['hi']:.1f}]"


def test_partners_and_members_are_the_published_ones(sample: tc.Workspace, page: Page) -> None:
    shares = sample.indices(source="openalex", role="author", field="ai", index="share").filter(year=2023)
    best = shares.filter(a="US").sort("value", "b", descending=[True, False]).collect().row(0, named=True)
    row = page.grid("Top partners, 2023. Papers").rows[0]
    names = dict(sample.table("countries").select("label", "name").collect().rows())
    assert row[0] == "Artificial intelligence"
    assert row[5] == names[best["b"]]
    lo, hi = (f"{100 * best[end]:.1f}" for end in ("lo", "hi"))
    assert row[7] == f"{100 * best['value']:.1f} % [{lo}, {hi}]"
    members = page.grid("Pairs of members, 2023. Papers")
    salton = sample.indices(source="openalex", role="author", index="salton").filter(year=2023).collect()
    back = {title: field for field, title in TITLES.items()}
    assert len(members.rows) > 10
    for title, pair, _, text, _ in members.rows:
        a, _, b = pair.partition("–")
        assert {a, b} <= {"AU", "IN", "JP", "US"}
        assert text == said(value(salton, field=back[title], a=a, b=b), 3)
    bloc = page.grid("Quad (US, JP, IN, AU) as one node")
    node = sample.indices(bloc="quad", source="openalex", role="author", field="ai").filter(year=2023)
    china = value(node.collect(), index="joint", a="CN", b="bloc:quad", counting="full")
    assert bloc.rows[0][:3] == ["Artificial intelligence", "China", f"{china['value']:.0f}"]


def test_charts_start_and_end_with_the_published_values(sample: tc.Workspace, page: Page) -> None:
    salton = sample.indices("JP-US", source="openalex", role="author", index="salton").collect()
    told = {svg.findtext("title"): svg.findtext("desc") for svg in page.svgs}
    assert len(told) == len(page.svgs)
    for field, title in TITLES.items():
        text = told[
            f"{title}: Salton's index of JP and US, 2014 to 2023. Papers (OpenAlex, countries of authors)"
        ]
        ends = [value(salton, field=field, year=year)["value"] for year in (2014, 2023)]
        assert text is not None
        assert text.startswith(f"{ends[0]:.3f} in 2014, {ends[1]:.3f} in 2023; highest ")
    assert "Left out: 2024, not complete (incomplete_year)." in page.text


def test_the_page_says_how_it_was_made(sample: tc.Workspace, page: Page, html: str) -> None:
    inputs = sample.table("inputs").collect()
    feeds = {row[0]: row[1:] for row in page.grid("Rows of the input files").rows}
    for feed, *sums in inputs.group_by("feed").agg(
        pl.len(), *(pl.col(name).sum() for name in ("read", "accepted", "quarantined", "set_aside"))
    ).iter_rows():  # fmt: skip
        assert feeds[feed] == [f"{each:,}" for each in sums]
    gates = page.grid("Quality gates")
    assert set(gates.column("Result")) == {"passed"}
    assert len(gates.rows) >= 9
    release = dict(page.grid("This release").rows)
    assert release["Release"].startswith("1, published ")
    assert release["Fields"].startswith("taxonomy 2026.1, core lists, without goods")
    assert "Synthetic data" in page.text
    assert "cannot be told: the codes of" in page.text
    assert any(row[0].startswith("ric: relative intensity") for row in page.grid("Indices on this page").rows)
    assert len(html.encode()) < 1_000_000
    assert len(page.svgs) >= 25


def test_the_same_release_gives_the_same_bytes(
    sample: tc.Workspace, hostile: tc.Workspace, html: str
) -> None:
    assert sample.report(bloc="quad", note="Synthetic data", release=1) == html
    code = (
        "import sys, trendcore as tc; ws, fields, blocs = sys.argv[1:];"
        "print(tc.Workspace(ws, taxonomy=fields, bloc_file=blocs).report(bloc='quad'), end='')"
    )
    folder = Path(hostile.path).parent
    files = [folder / name for name in ("ws", "fields.toml", "blocs.toml")]
    out = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, *files],
        capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    assert out.stdout.decode() == hostile.report(bloc="quad")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"level": 0.95, "replicates": 1000, "seed": 7}, "95%, bootstrap of 1,000 replicates, seed 7"),
        ({"level": 0.95, "replicates": 0, "seed": None}, "95%, delta method"),
        (None, "none"),
    ],
)
def test_the_release_says_how_intervals_were_made(
    hostile: tc.Workspace, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any] | None, words: str
) -> None:
    import msgspec

    from trendcore.store import Manifest, Store

    manifest_of = Store.manifest

    def changed(self: Store, number: int | None = None) -> Manifest:
        known: Manifest = manifest_of(self, number)
        others = {
            name: each for name, each in known.settings.items() if name not in {"intervals", "trend_years"}
        }
        settings = others | ({} if said is None else {"intervals": said, "trend_years": 10})
        return msgspec.structs.replace(known, settings=settings, accepted_change="new journals")

    monkeypatch.setattr(Store, "manifest", changed)
    release = dict(read_page(hostile.report()).grid("This release").rows)
    assert release["Intervals"] == words
    assert release["Trends"] == ("none" if said is None else "the last 10 complete years")
    assert release["Accepted change"] == "new journals"


def test_one_field_alone(sample: tc.Workspace) -> None:
    page = read_page(sample.report(pair="japan-USA", field="qis"))
    assert {row[0] for row in page.grid("JP and US in the latest").rows} == {"Quantum information science"}
    assert "Semiconductors" not in page.text
    assert not any(grid.caption.startswith("Trade") for grid in page.grids)


def test_a_pair_that_never_met(sample: tc.Workspace) -> None:
    page = read_page(sample.report(pair="FJ-IS"))
    for row in page.grid("Papers (OpenAlex, countries of authors)").rows:
        assert row[2] == "0*"
        assert row[5] in {"–", "0.000"}
    assert "No trend can be told" in page.text


def released(folder: Path, *pairs: tuple[str, ...], **given: Any) -> tc.Workspace:
    workspace = tc.Workspace(folder / "ws", **given)
    records = [qis(at, *names, publication_year=2020) for at, names in enumerate(pairs, start=1)]
    records.append(qis(len(pairs) + 1, "JP", publication_year=2021, publication_date="2021-12-31"))
    workspace.ingest("openalex", write_works(folder / "w.jsonl", *records))
    workspace.update()
    return workspace


def test_without_joint_works_of_the_usual_pair_the_largest_is_shown(tmp_path: Path) -> None:
    workspace = released(tmp_path, *[("FR", "DE")] * 3, ("KR", "TW"), *[("GB", "TW")] * 3)
    assert read_page(workspace.report()).title.startswith("Germany and France")


def test_trade_shows_what_both_sides_report(tmp_path: Path) -> None:
    rows = ["2018,M,842,392,H5,854231,7000000", "2018,X,392,842,H5,854231,5000000"]
    rows += ["2018,M,392,842,H5,854231,3000000", "2019,M,842,392,H5,854231,9000000"]
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows[:3]) + "\n")
    workspace = tc.Workspace(tmp_path / "ws")
    workspace.ingest("comtrade", tmp_path / "t.csv")
    workspace.update()
    page = read_page(workspace.report())
    grid = page.grid("Trade (UN Comtrade, as importers report)")
    assert grid.column("Reports of both sides") == ["5.0 m to 7.0 m", "–"]
    assert grid.column("US dollars") == ["7.0 m", "3.0 m"]
    assert "from the smaller to the larger report" in page.text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--pair", "JP-Atlantis"), "no country is called 'Atlantis'"),
        (("--pair", "JP"), "with a dash between"),
        (("--pair", "JP-japan"), "same country"),
        (("--bloc", "mercosur"), "the bloc 'mercosur' is not published; published: quad, g7"),
        (("--field", "biotech"), "nothing is published for the field 'biotech'; published: 5g, ai"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    sample: tc.Workspace, tmp_path: Path, args: tuple[str, ...], words: str
) -> None:
    out = run("report", "-w", sample.path, "-o", tmp_path / "r.html", *args)
    assert (out.exit_code, out.stdout, out.stderr.count("\n")) == (2, "", 1), out.output
    assert out.stderr.startswith("error: ")
    assert words in out.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_the_page_once(hostile: tc.Workspace, tmp_path: Path) -> None:
    place = tmp_path / "r.html"
    args = ("report", "-w", hostile.path, "-o", place, "--pair", "JP-US")
    out = run(*args)
    assert (out.exit_code, out.stdout) == (0, f"{place}: {place.stat().st_size:,} bytes\n")
    assert place.read_text("utf-8") == hostile.report(pair="JP-US")
    again = run(*args)
    assert (again.exit_code, again.stderr) == (2, f"error: {place} exists; give --force to replace it\n")
    assert run(*args, "--force", "--json").exit_code == 0
    assert [each.name for each in tmp_path.iterdir()] == ["r.html"]


def test_blocs_of_another_file_have_no_members(hostile: tc.Workspace) -> None:
    page = read_page(tc.Workspace(hostile.path).report(bloc="quad"))
    assert "Members are not shown: the file of blocs is not the one" in page.text
    assert not any(grid.caption.startswith("Pairs of members") for grid in page.grids)
    with pytest.raises(tc.errors.UsageError, match="not published; published: quad"):
        tc.Workspace(hostile.path).report(bloc="g7")


def test_nothing_is_published(tmp_path: Path) -> None:
    out = run("report", "-w", tmp_path / "ws", "-o", tmp_path / "r.html")
    assert (out.exit_code, out.stderr.count("\n")) == (6, 1)
    workspace = tc.Workspace(tmp_path / "ws")
    workspace.ingest("openalex", write_works(tmp_path / "w.jsonl", qis(1, "JP")))
    out = run("report", "-w", tmp_path / "ws", "-o", tmp_path / "r.html")
    assert (out.exit_code, "trendcore update" in out.stderr) == (6, True)
    workspace.update()
    out = run("report", "-w", tmp_path / "ws", "-o", tmp_path / "r.html")
    assert (out.exit_code, out.stderr.count("\n")) == (2, 1)
    assert "no pair is published" in out.stderr


def test_without_the_extra_it_says_what_to_install(
    hostile: tc.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "vl_convert" else object())
    out = run("report", "-w", hostile.path, "-o", tmp_path / "r.html")
    line = 'error: a report needs vl-convert-python: pip install "trendcore[report]"\n'
    assert (out.exit_code, out.stderr) == (2, line)


def test_the_demo_goes_on_without_the_extra(
    sample: tc.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trendcore.cli.batch import _report_of_demo

    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    _report_of_demo(sample, tmp_path / "report.html")
    assert 'pip install "trendcore[report]"' in capsys.readouterr().err
    assert not (tmp_path / "report.html").exists()
