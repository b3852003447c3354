"""The pool that a user has asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trendcore.errors import UsageError
from trendcore.pools.addresses import Tls
from trendcore.pools.base import Pool

#: files of the authority's certificate, of one's own, and of its key
Certificates = tuple[str | Path, str | Path, str | Path]


@contextmanager
def opened(
    workers: int = 1, cluster: str | None = None, tls: Certificates | None = None
) -> Iterator[Pool | None]:
    """Start workers, and end them with the block.

    Parameters
    ----------
    workers
        Processes of this machine.
    cluster
        Address of a scheduler of dask.distributed instead.
    tls
        Files of the authority's certificate, of this process's certificate, and of its key.

    Yields
    ------
    Pool or None
        None: this process does all by itself.

    Raises
    ------
    UsageError
        Both are given, or what does not go together.
    WorkerError
        The cluster cannot be reached.

    Examples
    --------
    >>> with opened() as pool:
    ...     print(pool)
    None
    """
    if isinstance(workers, bool) or workers < 1:
        raise UsageError(f"workers are a number from 1 on, not {workers!r}")
    if tls is not None and cluster is None:
        raise UsageError("certificates are for a cluster: give its address, too")
    if cluster is not None:
        if workers > 1:
            raise UsageError("give --workers for processes of this machine, or --cluster, not both")
        from trendcore.pools.cluster import Cluster

        with Cluster(cluster, None if tls is None else Tls(*map(Path, tls))) as remote:
            yield remote
    elif workers > 1:
        import polars as pl

        from trendcore.pools.processes import Processes

        with Processes(workers, pl.thread_pool_size()) as local:
            yield local
    else:
        yield None
