"""What is timed: the kernels alone, `trendcore.tally` from each form of input, and the peers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
import polars as pl

import trendcore as tc
from trendcore.bench import peers
from trendcore.bench.works import BY, Answer, Simulated, answer
from trendcore_kernels import dispatch

Call = Callable[[], Any]


def _all_threads() -> int:
    return int(numba.get_num_threads())


def _one_thread() -> int:
    return 1


@dataclass(frozen=True)
class Case:
    """One thing to time.

    Attributes
    ----------
    name
        Short, unique in its suite.
    label
        What it is, for people.
    prepare
        Works and backend to the call that is timed; what it does is outside the clock.
    bytes_a_work
        Memory that preparing and calling take beside the works: who has less skips the case.
    answer
        Result to what is compared with the other cases; None: it counts nothing.
    threads
        How many it uses.
    package
        What must be installed, by its import name.
    backends
        Those that it can be timed with; none: all.
    """

    name: str
    label: str
    prepare: Callable[[Simulated, str], Call]
    bytes_a_work: int
    answer: Callable[[Any, Simulated], Answer] | None = answer
    threads: Callable[[], int] = _all_threads
    package: str = "trendcore"
    backends: tuple[str, ...] = field(default=())

    @property
    def is_peer(self) -> bool:
        """Whether it is another tool."""
        return self.package != "trendcore"


def _reading(works: Simulated, _backend: str) -> Call:
    """Add up the input as numbers of 64 bits, which no tally can do without reading it."""
    threads = _all_threads()
    parts = [part for array in works.arrays for part in np.array_split(_as_words(array), threads)]

    def read() -> int:
        with ThreadPoolExecutor(threads) as pool:
            return sum(int(total) for total in pool.map(np.sum, parts))

    return read


def _as_words(array: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Take an array's bytes, but for the last few, as numbers of 64 bits."""
    octets = array.view(np.uint8)
    return octets[: len(octets) // 8 * 8].view(np.uint64)


def _kernel(name: str, works: Simulated, backend: str) -> Call:
    cell, n_cells = works.cells(), works.drawn.n_fields * works.n_years
    arguments = cell, works.drawn.offsets, works.drawn.codes, n_cells, works.drawn.n_countries
    return partial(dispatch.get(name, backend), *arguments)


def _kernel_in_one(name: str, works: Simulated, backend: str) -> Call:
    call = _kernel(name, works, backend)

    def with_one_thread() -> Any:
        before = numba.get_num_threads()
        numba.set_num_threads(1)
        try:
            return call()
        finally:
            numba.set_num_threads(before)

    return with_one_thread


def _codes(works: Simulated, backend: str, **wanted: Any) -> Call:
    return _tally(works.frame, backend, **wanted)


def _named(dtype: type[pl.DataType], works: Simulated, backend: str) -> Call:
    return _tally(works.named(dtype), backend)


def _arrow(works: Simulated, backend: str) -> Call:
    return _tally(works.arrow(), backend)


def _tally(rows: Any, backend: str, *, credit: str | None = "none", patterns: bool = False) -> Call:
    """Without credits by default: the peers count whole, and no more."""
    return partial(
        tc.tally, rows, members="members", by=BY, credit=credit, patterns=patterns, backend=backend
    )


def _polars(works: Simulated, _backend: str) -> Call:
    return partial(peers.with_polars, works.frame)


def _duckdb(works: Simulated, _backend: str) -> Call:
    return partial(peers.with_duckdb, works.frame, _all_threads())


def _scipy(works: Simulated, _backend: str) -> Call:
    return partial(peers.with_scipy, works.frame)


def _peers(polars_bytes: int, duckdb_bytes: int, scipy_bytes: int) -> tuple[Case, ...]:
    every, one = pl.thread_pool_size, _one_thread
    return (
        Case("polars", "Polars, streaming", _polars, polars_bytes, threads=every, package="polars"),
        Case("duckdb", "DuckDB", _duckdb, duckdb_bytes, package="duckdb"),
        Case("scipy", "SciPy, sparse product", _scipy, scipy_bytes, threads=one, package="scipy"),
    )


_DENSE: Final = "kernel `tally_dense` alone"

#: pairs of 200 countries
TALLY: Final[Sequence[Case]] = (
    Case("reading", "reading the input once (a sum of its bytes)", _reading, 4, answer=None),
    Case(
        "kernel-one",
        _DENSE,
        partial(_kernel_in_one, "tally_dense"),
        24,
        threads=_one_thread,
        backends=("cpu",),
    ),
    Case("kernel", _DENSE, partial(_kernel, "tally_dense"), 24),
    Case("codes", "`tc.tally`, lists of codes", _codes, 30),
    Case("enum", "`tc.tally`, lists of Enum", partial(_named, pl.Enum), 32),
    Case("categorical", "`tc.tally`, lists of Categorical", partial(_named, pl.Categorical), 60),
    Case("arrow", "`tc.tally`, Arrow lists of a dictionary", _arrow, 70),
    Case("string", "`tc.tally`, lists of String", partial(_named, pl.String), 120),
    Case("credit", "`tc.tally`, codes, fractional credit too (default)", partial(_codes, credit=None), 30),
    Case("patterns", "`tc.tally`, codes, patterns too", partial(_codes, patterns=True), 70),
    *_peers(40, 40, 100),
)

#: pairs of up to 1,000,000 institutions
SPARSE: Final[Sequence[Case]] = (
    Case("kernel", "kernel `tally_sparse` alone", partial(_kernel, "tally_sparse"), 60),
    Case("codes", "`tc.tally`, lists of codes", _codes, 90),
    *_peers(60, 70, 800),
)
