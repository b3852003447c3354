"""Simulated works in the forms in which users hold them, and what was counted in one form to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trendcore.arrays import Ints
from trendcore.tallies import Tally
from trendcore_kernels.simulate import Affiliations, affiliations
from trendcore_kernels.spec import DenseTally, SparseTally

#: columns whose combinations are the cells
BY: Final = ["field", "year"]


@dataclass(frozen=True)
class Simulated:
    """Works, as arrays and as the frame that every tool takes; the frame shares the arrays' memory.

    Attributes
    ----------
    drawn
        Arrays.
    frame
        field, year, and members as lists of codes.
    """

    drawn: Affiliations
    frame: pl.DataFrame

    @property
    def n_works(self) -> int:
        """How many there are."""
        return self.frame.height

    @property
    def input_bytes(self) -> int:
        """Size of field, year, offsets and codes."""
        return sum(array.nbytes for array in self.arrays)

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """What is read: field, year, offsets and codes."""
        return self.drawn.field, self.drawn.year, self.drawn.offsets, self.drawn.codes

    @property
    def first_year(self) -> int:
        """Year of the first cells."""
        return int(self.drawn.year.min())

    @property
    def n_years(self) -> int:
        """Years from the first to the last."""
        return int(self.drawn.year.max()) - self.first_year + 1

    def cells(self) -> npt.NDArray[np.int32]:
        """Cell of each work, by field and year."""
        cell = self.drawn.field.astype(np.int32)
        cell *= self.n_years
        cell += self.drawn.year
        cell -= self.first_year
        return cell

    def named(self, dtype: type[pl.DataType] = pl.Enum) -> pl.DataFrame:
        """Return the frame with members as lists of names: Enum, Categorical or String."""
        flat = pl.Series(self.drawn.codes).cat.to(pl.Enum(self.names()))
        lists = flat.reshape((self.n_works, len(flat) // self.n_works)).arr.to_list()
        if dtype is not pl.Enum:
            lists = lists.cast(pl.List(dtype))
        return self.frame.with_columns(lists.alias("members"))

    def names(self) -> list[str]:
        """Names of the members by code, sorted."""
        return [f"C{code:03d}" for code in range(self.drawn.n_countries)]

    def arrow(self) -> pa.Table:
        """Return an Arrow table with members as lists of a dictionary, as `dictionary_encode` makes them."""
        names = pa.DictionaryArray.from_arrays(self.drawn.codes.astype(np.int32), self.names())
        return pa.table({
            "field": self.drawn.field,
            "year": self.drawn.year,
            "members": pa.LargeListArray.from_arrays(self.drawn.offsets, names),
        })  # fmt: skip


def simulated(n_works: int, *, n_members: int = 200) -> Simulated:
    """Draw works with 5 affiliations each in 3 fields and 46 years, see `simulate.affiliations`.

    Examples
    --------
    >>> simulated(1000).frame.columns
    ['field', 'year', 'members']
    """
    drawn = affiliations(n_works, n_countries=n_members)
    lists = pa.LargeListArray.from_arrays(drawn.offsets, drawn.codes)
    frame = pl.DataFrame({"field": drawn.field, "year": drawn.year, "members": pl.Series(lists)})
    return Simulated(drawn, frame)


@dataclass(frozen=True)
class Answer:
    """What was counted, in the one form in which tools are compared: all Int64, sorted.

    Attributes
    ----------
    pairs
        field, year, a, b with a < b by code, and joint works.
    members
        field, year, member and its works.
    """

    pairs: pl.DataFrame
    members: pl.DataFrame

    def equals(self, other: Answer) -> bool:
        """Whether both are the same to the last count."""
        return self.pairs.equals(other.pairs) and self.members.equals(other.members)


def answer(found: Any, works: Simulated) -> Answer:
    """Bring a tally, a kernel's result, or a peer's pairs and members to the one form.

    Examples
    --------
    >>> pairs = pl.DataFrame({"field": [0], "year": [1980], "a": [0], "b": [1], "joint": [2]})
    >>> members = pl.DataFrame({"field": [0], "year": [1980], "member": [0], "works": [2]})
    >>> answer((pairs, members), simulated(10)).pairs.rows()
    [(0, 1980, 0, 1, 2)]
    """
    if isinstance(found, Tally):
        pairs, members = _of_tally(found)
    elif isinstance(found, DenseTally):
        pairs, members = _of_dense(found, works)
    elif isinstance(found, SparseTally):
        pairs, members = _of_sparse(found, works)
    else:
        pairs, members = found
    return Answer(
        pairs.select(pl.col(*BY, "a", "b", "joint").cast(pl.Int64)).sort(*BY, "a", "b"),
        members.select(pl.col(*BY, "member", "works").cast(pl.Int64)).sort(*BY, "member"),
    )


def _of_tally(tally: Tally) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read names as the codes that they stand for; a < b for names need not be so for codes."""

    def code(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.String).str.strip_prefix("C").cast(pl.Int64)

    ends = tally.pairs.select(*BY, "joint", x=code("a"), y=code("b"))
    pairs = ends.with_columns(a=pl.min_horizontal("x", "y"), b=pl.max_horizontal("x", "y"))
    return pairs, tally.members.select(*BY, code("member"), "works")


def _of_dense(found: DenseTally, works: Simulated) -> tuple[pl.DataFrame, pl.DataFrame]:
    first, second = np.triu_indices(found.member_works.shape[1], 1)
    cell, column = np.nonzero(found.joint)
    joint = found.joint[cell, column]
    pairs = _celled(cell, works, {"a": first[column], "b": second[column], "joint": joint})
    cell, member = np.nonzero(found.member_works)
    return pairs, _celled(cell, works, {"member": member, "works": found.member_works[cell, member]})


def _of_sparse(found: SparseTally, works: Simulated) -> tuple[pl.DataFrame, pl.DataFrame]:
    pairs = _celled(found.pair_cell, works, {"a": found.a, "b": found.b, "joint": found.joint})
    members = {"member": found.member, "works": found.member_works}
    return pairs, _celled(found.member_cell, works, members)


def _celled(cell: Ints, works: Simulated, columns: dict[str, Ints]) -> pl.DataFrame:
    field, year = np.divmod(cell, works.n_years)
    return pl.DataFrame({"field": field, "year": year + works.first_year, **columns})
