"""A page of HTML read strictly: balanced tags, nothing that runs, loads or links, and its tables as texts."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

#: what an attacker would like to have on a page; none has a slash, so that each can name a file
ATTACKS = (
    "<script>alert(1)<script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;b&gt;",
    "datum.value; javascript:alert(1)",
)

_VOID = {"meta", "br", "hr", "img", "input", "link"}
_SVG = {"svg", "g", "path", "line", "rect", "text", "tspan", "title", "desc"}
_ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "h1",
    "h2", "p", "ul", "li", "a", "span", "div", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "figure", "figcaption",
} | _SVG  # fmt: skip
_LINKS = {
    "href",
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "xlink:href",
    "background",
    "poster",
    "ping",
}


@dataclass
class Grid:
    """A table as texts: its caption, heads, and rows with the head of their group first."""

    caption: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def column(self, head: str) -> list[str]:
        at = self.heads.index(head)
        return [row[at] for row in self.rows]


@dataclass
class _Seen(HTMLParser):
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    declarations: list[str] = field(default_factory=list)
    _cell: list[str] | None = None
    _head: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {attrs}"
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "table":
            self.grids.append(Grid())
        elif tag == "tr" and "tbody" in self.open:
            self.grids[-1].rows.append([])
        if tag in {"caption", "th", "td"}:
            self._cell = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        if tag in {"caption", "th", "td"}:
            text, self._cell, grid = "".join(self._cell or []), None, self.grids[-1]
            if tag == "caption":
                grid.caption = text
            elif "thead" in self.open:
                grid.heads.append(text)
            elif tag == "th":
                self._head = text
            else:
                row = grid.rows[-1]
                row += [text] if row else [self._head, text]

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        if "style" not in self.open:
            self.text.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


@dataclass(frozen=True)
class Page:
    """What was found on a page."""

    title: str
    text: str
    grids: list[Grid]
    svgs: list[ET.Element]
    tags: list[tuple[str, dict[str, str | None]]]

    def grid(self, caption: str) -> Grid:
        """The one table whose caption starts so."""
        (found,) = [grid for grid in self.grids if grid.caption.startswith(caption)]
        return found


def read_page(html: str) -> Page:
    """Read a page; fails where it is not well formed, or holds what runs, loads or links elsewhere."""
    seen = _Seen()
    seen.feed(html)
    seen.close()
    assert seen.open == []
    assert seen.declarations == ["DOCTYPE html"]
    tags = seen.tags
    _check_nothing_runs(tags)
    _check_accessible(tags)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert not re.search(r"@import|url\(|expression", style)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [a["content"] for tag, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    svgs = [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]
    (title,) = re.findall(r"<title>(.*?)</title>", html.split("<body>")[0], re.DOTALL)
    return Page(title, "".join(seen.text), seen.grids, svgs, tags)


def _check_nothing_runs(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    for tag, attributes in tags:
        assert tag in _ALLOWED, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style", tag
            assert name not in _LINKS or (tag == "a" and str(value)[1:] in ids and str(value)[0] == "#"), (
                value
            )
            if tag in _SVG:
                assert "url(" not in str(value), value
                assert name != "id", value


def _check_accessible(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    assert tags[0] == ("html", {"lang": "en"})
    for tag, attributes in tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "th":
            assert attributes["scope"] in {"col", "rowgroup"}
    names = [tag for tag, _ in tags]
    assert names.count("table") == names.count("caption")
    assert names.count("svg") == names.count("desc") == names.count("title") - 1
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
