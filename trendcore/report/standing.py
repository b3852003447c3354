"""Where a pair stands among all pairs, with whom each country works most, and a bloc's pairs and partners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from trendcore.report.pair import CELL, Pair, rows_of_cell
from trendcore.report.ranking import Question, strongest
from trendcore.report.surety import by_default

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published

Record = dict[str, Any]

MIN_JOINT: Final = 20  # joint works from which pairs are compared
SHOWN: Final = 12  # pairs of a ranking that are shown
PARTNERS: Final = 5  # partners of each country that are shown
OF_BLOC: Final = 15  # pairs of members that are shown
#: owners of patents, and records of before 2024, are left to the pair's own tables
_COMPARED: Final = (("openalex", "author"), ("patentsview", "inventor"))
_EVERY: Final = 1_000_000


@dataclass(frozen=True)
class BlocMembers:
    """A bloc as it was published.

    Attributes
    ----------
    name, label
        Its name, and that for people.
    by_year
        Displayed codes of its members, by year; None: the file of the release is not there any more.
    """

    name: str
    label: str
    by_year: dict[int, frozenset[str]] | None

    @property
    def node(self) -> str:
        """How the bloc is displayed among countries."""
        return f"bloc:{self.name}"


def cells_of_works(last: pl.DataFrame) -> list[Record]:
    """Return the cells of papers and of inventors' patents, each in its latest complete year."""
    rows = last.sort(*CELL).iter_rows(named=True)
    return [cell for cell in rows if (cell["source"], cell["role"]) in _COMPARED]


def _question(cell: Record, index: str, least: int, release: int | None) -> Question:
    return Question(
        field=cell["field"], index=index, kind="works", roles=(cell["role"],), source=cell["source"],
        role=cell["role"], year=cell["year"], min_joint=least, limit=_EVERY, rising=False, release=release,
    )  # fmt: skip


def standings(workspace: Published, pair: Pair, cells: Iterable[Record], release: int | None) -> list[Record]:
    """Return the strongest pairs of each cell by Salton's index, and the pair's own place among them.

    Returns
    -------
    list of dict
        source, role, field, year, of (pairs with at least `MIN_JOINT` joint works), pairs (the first `SHOWN`,
        and the pair's own row), own (its row; None where it has fewer).
    """
    found = []
    for cell in cells:
        ranked = strongest(workspace, _question(cell, "salton", MIN_JOINT, release))["pairs"]
        own = next((row for row in ranked if (row["a"], row["b"]) == pair.sorted), None)
        shown = ranked[:SHOWN]
        shown += [own] if own is not None and own not in shown else []
        where = {key: cell[key] for key in (*CELL, "year")}
        found.append(where | {"of": len(ranked), "pairs": shown, "own": own})
    return found


def partners(workspace: Published, pair: Pair, cells: Iterable[Record], release: int | None) -> list[Record]:
    """Return with whom each country of a pair shares most of its international works.

    Returns
    -------
    list of dict
        source, role, field, year, and of each country by its code: of (its partners), rows (the first
        `PARTNERS`, by `share`).
    """
    found = []
    for cell in cells:
        ranked = strongest(workspace, _question(cell, "share", 1, release))["pairs"]
        record = {key: cell[key] for key in (*CELL, "year")}
        for country in (pair.a, pair.b):
            of_country = [row for row in ranked if row["a"] == country]
            record[country] = {"of": len(of_country), "rows": of_country[:PARTNERS]}
        found.append(record)
    return found


def members_pairs(
    workspace: Published, bloc: BlocMembers, cells: Iterable[Record], release: int | None
) -> list[Record]:
    """Return the pairs of a bloc's members with joint works, by Salton's index.

    Returns
    -------
    list of dict
        source, role, field, year, of (pairs of members), met (those with joint works), pairs (the first
        `OF_BLOC`). None where the members are not known.
    """
    found = []
    for cell in cells:
        if bloc.by_year is None:
            continue
        inside = bloc.by_year[cell["year"]]
        ranked = strongest(workspace, _question(cell, "salton", 1, release))["pairs"]
        met = [row for row in ranked if {row["a"], row["b"]} <= inside]
        where = {key: cell[key] for key in (*CELL, "year")}
        of = len(inside) * (len(inside) - 1) // 2
        found.append(where | {"of": of, "met": len(met), "pairs": met[:OF_BLOC]})
    return found


def partners_of_bloc(
    workspace: Published, bloc: BlocMembers, cells: Iterable[Record], field: str | None, release: int | None
) -> list[Record]:
    """Return with whom a bloc as one node is tied most, by Salton's index.

    Returns
    -------
    list of dict
        source, role, field, year, of (partners with at least `MIN_JOINT` joint works), rows (the first
        `SHOWN`: partner, joint, and Salton's value, lo, hi, interval_flag).
    """
    import polars as pl

    rows = by_default(workspace.indices(bloc=bloc.name, field=field, release=release)).filter(
        pl.col("index").is_in(["joint", "salton"]),
        (pl.col("a") == bloc.node) | (pl.col("b") == bloc.node),
    )
    every = rows.with_columns(partner=pl.when(pl.col("a") == bloc.node).then("b").otherwise("a")).collect()
    found = []
    for cell in cells:
        mine = rows_of_cell(every, cell).filter(pl.col("year") == cell["year"])
        joint = mine.filter(pl.col("index") == "joint").select(
            "partner", joint=pl.col("value").cast(pl.Int64)
        )
        tied = (
            mine.filter(pl.col("index") == "salton")
            .join(joint, on="partner")
            .filter(pl.col("joint") >= MIN_JOINT)
            .sort("value", "partner", descending=[True, False])
        )
        shown = tied.head(SHOWN).select("partner", "joint", "value", "lo", "hi", "interval_flag")
        where = {key: cell[key] for key in (*CELL, "year")}
        found.append(where | {"of": tied.height, "rows": shown.to_dicts()})
    return found
