"""Sizing on paper from measured rates, written into docs/scaling.md: python benchmarks/sizing.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from result_files import HERE, Result, newest
from table import between, markdown

from trendcore.store.volumes.base import HASHED_AT_A_TIME
from trendcore.update.workers.tallying import number_of_parts

MACHINES = (1, 8, 64)
#: what a machine is taken to be, and bytes a second between it and the storage that all share
CORES, NETWORK = 16, 1.2e9
#: bytes of a stored work of 200 real ones of OpenAlex, all columns
STORED_WORK = 75.0
COUNTRIES = 200
PAIRS = COUNTRIES * (COUNTRIES - 1) // 2


@dataclass(frozen=True)
class Rates:
    """Rates by one core, unless it says otherwise, and what a row takes.

    Attributes
    ----------
    json, tables, flows
        Bytes of unpacked text of works, of tables of patents and of flows that are read in a second.
    hash
        Bytes that are hashed in a second.
    commit
        Inputs that are named in a second, by the coordinator.
    resolve
        Works among which those that count are found in a second.
    tally_large, tally_small, add_large, add_small
        Works that are tallied, or whose tallies are added up by the coordinator, in a second: in large parts,
        and in small ones.
    trade
        Flows that are tallied in a second.
    sent
        Bytes of a work that are sent back.
    flow
        Bytes of a stored flow.
    rows, publish
        Rows of the tables of pairs that are made (indices, intervals, trends) in a second, and that are
        written by the coordinator.
    """

    json: float
    tables: float
    flows: float
    hash: float
    commit: float
    resolve: float
    tally_large: float
    tally_small: float
    add_large: float
    add_small: float
    trade: float
    sent: float
    flow: float
    rows: float
    publish: float


def rates(results: Mapping[str, Result]) -> Rates:
    """Take the rates from the newest results of `ingest`, `rates` and `workers-M`."""
    ingest, measured, updates = results["ingest"], results["rates"], results["workers-M"]

    def read(name: str) -> float:
        return float(1e6 * ingest.extra(name, "mb_per_s") / ingest.extra(name, "threads"))

    def rate(name: str) -> float:
        return float(measured.extra(name, "per_second") / measured.extra(name, "cores"))

    def of(name: str, what: str) -> float:
        return float(measured.extra(name, what))

    def seconds(*steps: str) -> float:
        said = updates.extra("test_update[1]", "seconds")
        return float(median(sum(one[step] for step in steps) for one in said))

    pairs = updates.extra("test_update[1]", "published_rows")["pairs"]
    cores = measured.extra("test_tally[large]", "cores")
    return Rates(
        json=read("test_works_trendcore_stored"),
        tables=read("test_patents_trendcore"),
        flows=read("test_trade_trendcore"),
        hash=of("test_hash", "per_second"),  # by one thread
        commit=of("test_commit", "per_second"),
        resolve=rate("test_resolve"),
        tally_large=rate("test_tally[large]"),
        tally_small=rate("test_tally[small]"),
        add_large=of("test_add[large]", "per_second"),
        add_small=of("test_add[small]", "per_second"),
        trade=rate("test_trade"),
        sent=of("test_tally[small]", "bytes_per_row"),
        flow=of("test_trade", "bytes_per_row"),
        rows=pairs / seconds("tables", "trends") / cores,
        publish=pairs / seconds("publish"),
    )


@dataclass(frozen=True)
class Load:
    """What is read and published.

    Attributes
    ----------
    name
        As a heading.
    rows
        Works, or flows.
    packed, unpacked
        Bytes on disk, and of the text in them.
    inputs
        Units, each of which one worker reads.
    pairs
        Rows of pairs at most: every pair of 200 countries in every cell.
    kind
        works, patents or flows.
    """

    name: str
    rows: float
    packed: float
    unpacked: float
    inputs: int
    pairs: int
    kind: str


LOADS = (
    Load("OpenAlex, 480 million works", 480e6, 330e9, 1.6e12, 2000, 6 * 60 * PAIRS, "works"),
    Load("PATSTAT, 140 million applications", 140e6, 30e9, 200e9, 1, 3 * 6 * 45 * PAIRS, "patents"),
    Load("BACI, 7 editions, 1.05 billion flows", 1.05e9, 10e9, 36e9, 117, 5 * 30 * 2 * PAIRS, "flows"),
)


def steps(load: Load, machines: int, rate: Rates) -> dict[str, float]:
    """Seconds of each step, in the order in which they are done: a first `ingest` and `update`."""
    cores = CORES * machines
    busy = min(cores, load.inputs)
    links = NETWORK * min(machines, busy)
    read = {"works": rate.json, "patents": rate.tables, "flows": rate.flows}[load.kind]
    per_row = rate.flow if load.kind == "flows" else STORED_WORK
    stored = load.rows * per_row
    found = {
        "hash the inputs": max(load.packed / (rate.hash * busy), load.packed / links),
        "read": max(load.unpacked / (read * busy), load.packed / links),
        "name what was read *": load.inputs / rate.commit,
        "check what is stored *": max(stored / (rate.hash * min(HASHED_AT_A_TIME, CORES)), stored / NETWORK),
    }
    if load.kind == "flows":
        found["tally *"] = max(load.rows / (rate.trade * CORES), stored / NETWORK)
    else:
        small = _is_small(load, cores)
        tally = rate.tally_small if small else rate.tally_large
        found["find what counts *"] = max(load.rows / (rate.resolve * CORES), stored / 3 / NETWORK)
        found["tally"] = max(load.rows / (tally * cores), stored / (NETWORK * machines))
        found["add tallies up *"] = load.rows / (rate.add_small if small else rate.add_large)
    return found | {
        "indices, intervals, trends *": load.pairs / (rate.rows * CORES),
        "publish *": load.pairs / rate.publish,
    }


def _is_small(load: Load, workers: int) -> bool:
    """Whether works are cut into parts as small as those whose rate was measured as that of small ones."""
    return load.rows / number_of_parts(int(load.rows), workers) < 500_000


def in_words(seconds: float) -> str:
    """Write a time with two digits.

    Examples
    --------
    >>> in_words(0.2), in_words(44.4), in_words(125), in_words(7300)
    ('< 1 s', '44 s', '2.1 min', '2.0 h')
    """
    if seconds < 1:
        return "< 1 s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def of_load(load: Load, rate: Rates) -> list[str]:
    """Return the table of a load."""
    columns = [steps(load, machines, rate) for machines in MACHINES]
    heads = (load.name, *(f"{n} machine{'s' if n > 1 else ''}" for n in MACHINES))
    rows = [[name, *(in_words(column[name]) for column in columns)] for name in columns[0]]
    rows.append(["**in all**", *(f"**{in_words(sum(column.values()))}**" for column in columns)])
    for name, size in _sizes(load, rate).items():
        rows.append([name, *[f"{size / 1e9:,.1f} GB"] * len(MACHINES)])
    return markdown(heads, rows, 1)


def _sizes(load: Load, rate: Rates) -> dict[str, float]:
    if load.kind == "flows":
        return {"stored rows": load.rows * rate.flow}
    return {"stored rows": load.rows * STORED_WORK, "tallies sent, at most": load.rows * rate.sent}


def _millions(n: float) -> str:
    return f"{n / 1e6:,.2f} million"


def of_rates(rate: Rates) -> list[str]:
    """Return the rates as a table."""
    rows = [
        ("read works of OpenAlex, unpacked and stored", f"{rate.json / 1e6:,.0f} MB", "core", "ingest"),
        ("read tables of PatentsView", f"{rate.tables / 1e6:,.0f} MB", "core", "ingest"),
        ("read flows of BACI", f"{rate.flows / 1e6:,.0f} MB", "core", "ingest"),
        ("hash", f"{rate.hash / 1e6:,.0f} MB", "core", "rates"),
        ("write and name an input", f"{rate.commit:,.0f}", "coordinator", "rates"),
        ("find works that count", _millions(rate.resolve), "core", "rates"),
        ("tally works, parts of 500,000", _millions(rate.tally_large), "core", "rates"),
        ("tally works, parts of 65,000", _millions(rate.tally_small), "core", "rates"),
        ("add up tallies, works of parts of 500,000", _millions(rate.add_large), "coordinator", "rates"),
        ("add up tallies, works of parts of 65,000", _millions(rate.add_small), "coordinator", "rates"),
        ("tally flows", _millions(rate.trade), "core", "rates"),
        ("rows of pairs with indices, intervals, trends", f"{rate.rows:,.0f}", "core", "workers-M"),
        ("publish rows of pairs", f"{rate.publish:,.0f}", "coordinator", "workers-M"),
    ]
    return markdown(("step", "a second", "by a", "measured in"), rows, 1)


def written(text: str, results: Mapping[str, Result]) -> str:
    """Put the tables into the text of docs/scaling.md."""
    rate = rates(results)
    names = ", ".join(f"[{results[name].path.name}](../benchmarks/results/{results[name].path.name})"
                      for name in ("ingest", "rates", "workers-M"))  # fmt: skip
    text = between(text, "rates", [*of_rates(rate), "", f"From {names}."])
    return between(text, "sizes", [line for load in LOADS for line in (*of_load(load, rate), "")])


if __name__ == "__main__":
    page = HERE.parent / "docs" / "scaling.md"
    page.write_text(written(page.read_text(encoding="utf-8"), newest()), encoding="utf-8")
