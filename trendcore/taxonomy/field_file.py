"""The file of technology fields: read, checked key by key, and held as frozen lists.

What the keys mean is said at the top of the packaged ``data/fields.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from trendcore.taxonomy._toml import Node, check_format, read_toml
from trendcore.taxonomy.symbols import Rule, parse_rule, parse_symbol

EDITIONS: Final = ("HS92", "HS96", "HS02", "HS07", "HS12", "HS17", "HS22")
#: bits of an int64 mask: each field may stand twice (core and wide)
MAX_FIELDS: Final = 30
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,40}")
_CODE: Final = re.compile(r"\d{4}(\d{2})?")


@dataclass(frozen=True)
class ListInfo:
    """Where a list is from and how far it can be trusted."""

    source: str
    scheme_edition: str
    depth_needed: str
    note: str = ""
    proxy: bool = False
    min_year: int | None = None


@dataclass(frozen=True)
class IdList:
    """OpenAlex topics or concepts by id, each with its name."""

    info: ListInfo
    core: dict[int, str]
    wide: dict[int, str]
    out: dict[int, str]


@dataclass(frozen=True)
class PatentList:
    """Rules over CPC and IPC symbols."""

    info: ListInfo
    core: tuple[Rule, ...]
    wide: tuple[Rule, ...]
    out: tuple[Rule, ...]
    cut_counts: frozenset[str]


@dataclass(frozen=True)
class EditionCodes:
    """Codes of one HS edition by stage (chips, equipment, ...)."""

    core: dict[str, tuple[str, ...]]
    wide: dict[str, tuple[str, ...]]
    proxies: dict[str, tuple[str, ...]]
    out: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class TradeList:
    """HS codes by edition, and the order in which editions are preferred."""

    info: ListInfo
    editions: dict[str, EditionCodes]
    revision_order: tuple[str, ...]


@dataclass(frozen=True)
class FieldSpec:
    """A technology field with a list for each kind of source that has one."""

    name: str
    title: str
    note: str
    topics: IdList | None
    concepts: IdList | None
    patents: PatentList | None
    trade: TradeList | None


@dataclass(frozen=True)
class FieldFile:
    """A whole taxonomy of fields, as read."""

    version: str
    fields: tuple[FieldSpec, ...]
    types: tuple[str, ...]
    min_score: float
    unclassified_topic: int
    unclassified_below: float
    in_force: dict[str, int]
    revision_order: tuple[str, ...]
    headings: dict[str, dict[str, tuple[str, ...]]]
    content: dict[str, Any]


def read_field_file(path: str | Path | None) -> FieldFile:
    """Read and check a taxonomy; the packaged one if no path is given.

    Raises
    ------
    TaxonomyError
        With file and key: no TOML, a key is missing, unknown or of the wrong kind, a code is malformed or
        given twice, an edition is unknown.
    """
    root = read_toml(path, "fields.toml")
    check_format(root)
    papers, trade = root.table("papers"), root.table("trade")
    order = _editions(trade, "revision_order")
    in_force = _in_force(trade.table("in_force"))
    content = FieldFile(
        version=root.text("version"),
        fields=(),
        types=tuple(papers.texts("types")),
        min_score=papers.fraction("min_score"),
        unclassified_topic=papers.integer("unclassified_topic"),
        unclassified_below=papers.fraction("unclassified_below"),
        in_force=in_force,
        revision_order=order,
        headings=_headings(trade),
        content=root.data,
    )
    papers.done()
    trade.done()
    fields = root.table("fields")
    names = fields.names()
    if not names:
        fields.fail("", "no field; give at least one table [fields.NAME]")
    if len(names) > MAX_FIELDS:
        fields.fail("", f"{len(names)} fields; at most {MAX_FIELDS}")
    specs = tuple(_field(fields, name, order) for name in names)
    root.done()
    return replace(content, fields=specs)


def _field(fields: Node, name: str, order: tuple[str, ...]) -> FieldSpec:
    if not _NAME.fullmatch(name) or name == "all" or name.endswith("_wide"):
        fields.fail(name, "a field's name is of a-z, 0-9 and _, is not 'all' and does not end in '_wide'")
    node = fields.table(name)
    spec = FieldSpec(
        name=name,
        title=node.text("title"),
        note=node.text("note", ""),
        topics=_ids(node.table("topics")) if node.has("topics") else None,
        concepts=_ids(node.table("concepts")) if node.has("concepts") else None,
        patents=_patents(node.table("patents")) if node.has("patents") else None,
        trade=_trade(node.table("trade"), order) if node.has("trade") else None,
    )
    node.done()
    if not (spec.topics or spec.concepts or spec.patents or spec.trade):
        fields.fail(name, "no list; give at least one of topics, concepts, patents, trade")
    return spec


def _info(node: Node) -> ListInfo:
    return ListInfo(
        source=node.text("source"),
        scheme_edition=node.text("scheme_edition"),
        depth_needed=node.text("depth_needed"),
        note=node.text("note", ""),
        proxy=node.flag("proxy", default=False),
        min_year=node.year("min_year"),
    )


def _ids(node: Node) -> IdList:
    lists: dict[str, dict[int, str]] = {}
    seen: dict[int, str] = {}
    info = _info(node)
    for part in ("core", "wide", "out"):
        table = node.table(part)
        lists[part] = {}
        for key in table.names():
            if not (key.isascii() and key.isdigit()) or not 0 < int(key) < 2**53:
                table.fail(key, 'must be an id without its letter, as in 10472 = "its name"')
            if int(key) in seen:
                table.fail(key, f"given twice, also in {seen[int(key)]}")
            seen[int(key)] = part
            lists[part][int(key)] = table.text(key)
    node.done()
    return IdList(info, **lists)


def _patents(node: Node) -> PatentList:
    info = _info(node)
    seen: dict[str, str] = {}
    lists = {part: _rules(node, part, seen) for part in ("core", "wide", "out")}
    cut_counts = node.texts("cut_counts", optional=True)
    for text in cut_counts:
        symbol = parse_symbol(text)
        if symbol is None or not symbol.is_cut:
            node.fail("cut_counts", f"{text!r} is no symbol that is cut, such as 'H01L' or 'G06N 3'")
    node.done()
    symbols = frozenset(str(parse_symbol(text)) for text in cut_counts)
    return PatentList(info, lists["core"], lists["wide"], lists["out"], symbols)


def _rules(node: Node, part: str, seen: dict[str, str]) -> tuple[Rule, ...]:
    rules = []
    for item in node.values(part, optional=True):
        text = item.get("symbol") if isinstance(item, dict) else item
        if not isinstance(text, str):
            node.fail(part, f"a rule is a text or a table with symbol, not {item!r:.60}")
        rule = _rule(node, part, text)
        if text in seen:
            node.fail(part, f"{text!r} is given twice, also in {seen[text]}")
        seen[text] = part
        rules.append(
            _with_options(Node(node.file, f"{node.path}.{part}", item), rule) if item != text else rule
        )
    return tuple(rules)


def _rule(node: Node, key: str, text: str) -> Rule:
    try:
        return parse_rule(text)
    except ValueError as error:
        node.fail(key, f"{text!r} is no rule: {error}")


def _with_options(node: Node, rule: Rule) -> Rule:
    node.text("symbol")
    exact = node.flag("exact", default=False)
    if exact and (rule.low is None or rule.low != rule.high):
        node.fail("exact", "is for a single subgroup, as in 'G06N 99/00'")
    first, last = node.year("from"), node.year("to")
    if first is not None and last is not None and first > last:
        node.fail("to", f"the years run from {first} to {last}")
    exceptions = tuple(_rule(node, "except", text) for text in node.texts("except", optional=True))
    node.done()
    return replace(rule, exact=exact, first=first, last=last, exceptions=exceptions)


def _trade(node: Node, order: tuple[str, ...]) -> TradeList:
    info = _info(node)
    if node.has("revision_order"):
        order = _editions(node, "revision_order")
    editions: dict[str, EditionCodes] = {}
    for table in node.tables("lists"):
        names = _editions(table, "editions")
        codes = _edition_codes(table)
        table.done()
        for edition in names:
            if edition in editions:
                table.fail("editions", f"{edition} is given twice")
            editions[edition] = codes
    if not editions:
        node.fail("lists", f"no list of codes; give tables [[{node.path}.lists]] with editions and core")
    missing = [edition for edition in editions if edition not in order]
    if missing:
        node.fail("revision_order", f"lacks {', '.join(missing)}")
    node.done()
    return TradeList(info, editions, order)


def _edition_codes(table: Node) -> EditionCodes:
    seen: dict[str, str] = {}
    parts: dict[str, dict[str, tuple[str, ...]]] = {}
    for part in ("core", "wide", "proxies", "out"):
        stages = table.table(part)
        parts[part] = {}
        for stage in stages.names():
            codes = stages.texts(stage)
            for code in codes:
                if not _CODE.fullmatch(code) or not code.isascii():
                    stages.fail(stage, f"{code!r} is no HS code of 4 or 6 digits")
                if code in seen:
                    stages.fail(stage, f"{code} is given twice, also in {seen[code]}")
                seen[code] = f"{part}.{stage}"
            parts[part][stage] = tuple(codes)
    return EditionCodes(**parts)


def _editions(node: Node, key: str) -> tuple[str, ...]:
    names = node.texts(key)
    strange = [name for name in names if name not in EDITIONS]
    if strange or not names:
        node.fail(
            key, f"no HS edition: {', '.join(strange) or 'the list is empty'}; one of {', '.join(EDITIONS)}"
        )
    return tuple(names)


def _in_force(node: Node) -> dict[str, int]:
    years = {edition: node.year(edition) for edition in EDITIONS}
    for edition, year in years.items():
        if year is None:
            node.fail(edition, "missing; give the year in which the edition came into force")
    node.done()
    return {edition: year for edition, year in years.items() if year is not None}


def _headings(trade: Node) -> dict[str, dict[str, tuple[str, ...]]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {edition: {} for edition in EDITIONS}
    for table in trade.tables("headings"):
        editions = _editions(table, "editions")
        for heading in table.names():
            codes = table.texts(heading)
            if len(heading) != 4 or not all(_CODE.fullmatch(code) and len(code) == 6 for code in codes):
                table.fail(heading, "must be a four-digit heading with its six-digit codes")
            if not codes or not all(code.startswith(heading) for code in codes):
                table.fail(heading, "must hold the codes that begin with the heading")
            for edition in editions:
                if heading in found[edition]:
                    table.fail(heading, f"given twice for {edition}")
                found[edition][heading] = tuple(codes)
    return found
