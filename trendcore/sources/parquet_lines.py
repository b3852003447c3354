"""A process of its own that turns a Parquet file of works into JSON lines; run as a script, by its path.

A few kilobytes of Parquet can stand for any amount of memory (a long text in a dictionary, named by every
row), and nothing in the file tells so before it is read. So it is read where memory is bounded and where
running out of it, or a crash, ends nothing but the reading. Needs Polars and PyArrow, nothing of trendcore.
"""

from __future__ import annotations

import io
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

#: rows turned to JSON at a time
ROWS: Final = 8192
#: leaves of a Parquet schema that are read, without the levels that lists add to a path
COLUMNS: Final = frozenset(
    {
        "id", "publication_year", "publication_date", "type", "language", "is_retracted", "is_paratext",
        "is_xpac", "cited_by_count", "updated_date", "authors_count", "is_authors_truncated",
        "authorships.author_position", "authorships.countries", "authorships.institutions.country_code",
        "primary_topic.id", "primary_topic.score", "topics.id", "topics.score",
        "concepts.id", "concepts.score",
    }
)  # fmt: skip
_LIST_LEVELS: Final = frozenset({"list", "element", "item", "bag", "array", "array_element"})
_COUNTRY_COLUMNS: Final = frozenset({"authorships.countries", "authorships.institutions.country_code"})

#: what goes through the pipe: a kind, a number of rows, and a length in bytes; then so many bytes
HEADER: Final = struct.Struct("<cQQ")
LINES, LACKS, BROKEN, END = b"L", b"S", b"B", b"E"


def send(path: Path, out: BinaryIO) -> None:
    """Write the needed columns of a file as JSON lines, block by block; or why that cannot be done.

    Parameters
    ----------
    path
        The Parquet file.
    out
        Gets blocks of LINES and one of END; or one of LACKS (a column) or BROKEN with a message instead.
    """
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, memory_map=False) as table:
            columns = wanted_columns([table.schema.column(at).path for at in range(len(table.schema))])
            for batch in table.iter_batches(ROWS, columns=columns, use_threads=False):
                batch.validate(full=True)
                text = io.BytesIO()
                pl.DataFrame(batch).write_ndjson(text)
                _block(out, LINES, text.getvalue(), batch.num_rows)
    except MemoryError:
        # the pipe ends without an END, as after a crash
        return
    except KeyError as error:
        _block(out, LACKS, str(error.args[0]).encode())
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        _block(out, BROKEN, " ".join(str(error).split()).encode("utf-8", "replace"))
    else:
        _block(out, END, b"")


def wanted_columns(leaves: list[str]) -> list[str]:
    """Choose the leaves of a schema that are read.

    Raises
    ------
    KeyError
        One that must be there is not; the message says which.

    Examples
    --------
    >>> wanted_columns(["id", "title", "publication_year", "authorships.list.element.countries.list.element"])
    ['authorships.list.element.countries.list.element', 'id', 'publication_year']
    """
    paths = {".".join(part for part in leaf.split(".") if part not in _LIST_LEVELS): leaf for leaf in leaves}
    for name in ("id", "publication_year"):
        if name not in paths:
            shown = ", ".join(sorted({path.split(".")[0] for path in paths})[:20])
            raise KeyError(f"column {name} of OpenAlex works is missing. Found: {shown}")
    if not _COUNTRY_COLUMNS & paths.keys():
        raise KeyError("column authorships.countries is missing, so no work would have a country")
    wanted = set(COLUMNS & paths.keys())
    if "topics.id" in wanted:
        wanted = {name for name in wanted if not name.startswith("concepts.")}
    return [paths[name] for name in sorted(wanted)]


def bound_memory(n_bytes: int) -> None:
    """Let this process take so many bytes more than it has, on Linux; elsewhere there is no such bound."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + n_bytes
    # no higher than the bound that may stand already
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _block(out: BinaryIO, kind: bytes, data: bytes, n_rows: int = 0) -> None:
    out.write(HEADER.pack(kind, n_rows, len(data)))
    out.write(data)
    out.flush()


def _main() -> None:
    # threads take address space each, and one keeps up with who reads here
    os.environ["POLARS_MAX_THREADS"] = "1"
    # what is loaded before does not count
    import polars as pl  # noqa: F401
    import pyarrow as pa
    import pyarrow.parquet

    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_io_thread_count(1)
    pa.set_cpu_count(1)
    bound_memory(int(sys.argv[2]))
    send(Path(sys.argv[1]), sys.stdout.buffer)


if __name__ == "__main__":
    _main()
