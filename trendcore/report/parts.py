"""What a page is made of: sections of texts, tables and figures. Texts are plain: the page escapes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Row:
    """Cells of a row, and whether it is to be seen first."""

    cells: tuple[str, ...]
    own: bool = False


@dataclass(frozen=True)
class Group:
    """Rows that share a head, such as a field."""

    head: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table; the first of its heads is that of the groups.

    Attributes
    ----------
    caption
        What it shows, of when, from where.
    heads
        Heads of columns; a head that starts with ``#`` is one of numbers, which are set flush right.
    groups
        Its rows.
    notes
        How to read it.
    """

    caption: str
    heads: tuple[str, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Panel:
    """One chart of a figure: its label, and SVG that `svg.cleaned` wrote."""

    label: str
    svg: str


@dataclass(frozen=True)
class Figure:
    """Small charts of one kind; the keys say what the first and the second line are."""

    caption: str
    panels: tuple[Panel, ...]
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Words:
    """Paragraphs, or a list of points."""

    texts: tuple[str, ...]
    listed: bool = False
    kind: Literal["words"] = "words"


Part = Table | Figure | Words


@dataclass(frozen=True)
class Section:
    """A section: the name it is linked by, its title, and what is in it."""

    name: str
    title: str
    parts: tuple[Part, ...] = field(default=())


def table(
    caption: str, heads: Sequence[str], rows: Sequence[tuple[str, Row]], notes: Sequence[str] = ()
) -> Table:
    """Make a table of rows with their heads; neighbours of the same head become one group.

    Examples
    --------
    >>> made = table("t", ["field", "#n"], [("ai", Row(("1",))), ("ai", Row(("2",)))], ["", "note"])
    >>> [len(group.rows) for group in made.groups], made.notes
    ([2], ('note',))
    """
    groups: list[tuple[str, list[Row]]] = []
    for head, row in rows:
        if not groups or groups[-1][0] != head:
            groups.append((head, []))
        groups[-1][1].append(row)
    made = tuple(Group(head, tuple(rows)) for head, rows in groups)
    return Table(caption, tuple(heads), made, tuple(note for note in notes if note))
