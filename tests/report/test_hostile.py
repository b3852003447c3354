"""Nothing that a name holds can run, load or link on a page, whatever it is a name of."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pages import ATTACKS, read_page

import trendcore as tc
from trendcore.report import charts
from trendcore.report.page import written
from trendcore.report.parts import Figure, Panel, Row, Section, Words, table
from trendcore.report.svg import cleaned
from trendcore.report.words import plain

SVG = "http://www.w3.org/2000/svg"


def test_names_of_fields_blocs_files_and_pages_are_texts(hostile: tc.Workspace) -> None:
    title, note = ATTACKS[0], " ".join(ATTACKS)
    html = hostile.report(bloc="quad", title=title, note=note)
    page = read_page(html)
    every = " ".join(ATTACKS)
    assert page.title == "&lt;script&gt;alert(1)&lt;script&gt;"
    assert note in page.text
    (fields,) = {row[0] for row in page.grid("Papers (OpenAlex, countries of authors)").rows}
    assert fields == every
    files = page.grid("Files with quarantined rows").column("File")
    assert len(files) == len(ATTACKS)
    assert {name.rsplit("/", 1)[-1] for name in files} == {f"{attack}.jsonl" for attack in ATTACKS}
    assert any(grid.caption.startswith(f"{every} as one node") for grid in page.grids)
    assert f"({every})" not in html
    said = {svg.findtext("title") for svg in page.svgs}
    assert any(text is not None and every in text for text in said)


def test_names_of_countries_and_words_of_a_release_are_texts(
    hostile: tc.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those are not the user's, unless somebody has changed the workspace's files."""
    from trendcore.store import Manifest, Store

    every = " ".join(ATTACKS)
    table_of, manifest_of = tc.Workspace.table, Store.manifest

    def changed_table(self: tc.Workspace, name: str, *, release: int | None = None) -> pl.LazyFrame:
        rows = table_of(self, name, release=release)
        texts = [
            column for column in ("name", "note", "list_source", "reason") if column in rows.collect_schema()
        ]
        return rows.with_columns(pl.lit(every).alias(column) for column in texts)

    def changed_manifest(self: Store, number: int | None = None) -> Manifest:
        import msgspec

        known: Manifest = manifest_of(self, number)
        gate: dict[str, Any] = dict.fromkeys(("checked", "failed"), 1) | {"gate": every, "ok": True}
        return msgspec.structs.replace(known, warnings=[every], gates=[gate], versions={every: every})

    monkeypatch.setattr(tc.Workspace, "table", changed_table)
    monkeypatch.setattr(Store, "manifest", changed_manifest)
    page = read_page(hostile.report(bloc="quad"))
    assert page.grid("Quality gates").column("Gate") == [every]
    assert every in page.grid("Top partners").rows[0][2]
    assert page.text.count(every) > 10


TEXTS = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=60))


@settings(max_examples=40)
@given(TEXTS, TEXTS, TEXTS)
def test_any_text_comes_back_as_it_was(first: str, second: str, third: str) -> None:
    drawn = cleaned(f'<svg xmlns="{SVG}" width="9"><text>x</text></svg>', first or "chart", second)
    parts = (
        table(first, [second, f"#{third}"], [(first, Row((second,)))], [third]),
        Figure(first, (Panel(second, drawn),), (second, third), (first,)),
        Words((first, second), listed=True),
    )
    html = written(first, second, third, first, [Section("part", second, parts)])
    page = read_page(html)

    def one_way(text: str) -> str:
        return plain(text).replace("\r\n", "\n").replace("\r", "\n")

    (grid,) = page.grids
    assert (grid.caption, grid.rows) == (one_way(first), [[one_way(first), one_way(second)]])
    (svg,) = page.svgs
    assert one_way(svg.findtext("desc") or "") == one_way(second)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_chart_takes_names_as_data(attack: str) -> None:
    rows = [{"name": attack, "value": 0.2, "lo": 0.1, "hi": 0.3, "own": True}]
    svg = ET.fromstring(charts.ranking(rows, attack, attack, top=0.4))
    assert (svg.findtext("title"), svg.get("aria-label"), svg.findtext("desc")) == (attack,) * 3
    texts = ["".join(each.itertext()) for each in svg.iter("text")]
    assert attack.split()[0][:20] in " ".join(texts)
    assert {each.tag for each in svg.iter()} <= {"svg", "title", "desc", "g", "path", "line", "text", "rect"}


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject><p>x</p></foreignObject>",
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<image href="http://example.org/x.png"/>',
        '<use href="#x"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        "<style>* { background: url(http://example.org) }</style>",
        '<rect width="1" fill="url(http://example.org/#x)"/>',
        '<rect width="1" onclick="alert(1)" style="fill: red" id="x" class="y"/>',
        '<rect width="1" fill="red&quot; onclick=&quot;alert(1)"/>',
        '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
        '<text xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="javascript:alert(1)">x</text>',
    ],
)
def test_a_chart_keeps_only_what_draws(inside: str) -> None:
    drawn = cleaned(f'<svg xmlns="{SVG}" onload="alert(1)" width="9">{inside}</svg>', "title", "text")
    assert not any(word in drawn for word in ("alert", "http", "href", "url(", "style", "class", "id="))
    root = ET.fromstring(drawn)
    assert {each.tag for each in root.iter()} <= {"svg", "title", "desc", "rect", "text"}


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="{SVG}">&a;</svg>',
        f'<svg xmlns="{SVG}"><text><![CDATA[<script>]]></text></svg>',
        "<html><svg/></html>",
    ],
)
def test_what_is_no_plain_svg_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="chart"):
        cleaned(text, "title", "text")
