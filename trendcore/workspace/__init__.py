"""The public handle on a workspace: files in, releases out. Holds no logic of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from trendcore import taxonomy
from trendcore.pools.opening import Certificates, opened
from trendcore.report import page_of
from trendcore.report.record import Asked
from trendcore.store import Store
from trendcore.store.settings import place, settings_at
from trendcore.update import inputs, reading, run
from trendcore.update.inputs import IngestResult, Progress, silent
from trendcore.update.method import for_update
from trendcore.update.run import UpdateResult
from trendcore.workspace.history import History

if TYPE_CHECKING:
    import polars as pl

    from trendcore.config import Settings
    from trendcore.tallies import Tally

__all__ = ["IngestResult", "UpdateResult", "Workspace"]


class Workspace(History):
    """A folder, or a place on S3, of ingested data and published releases.

    Parameters
    ----------
    path
        The folder, or ``s3://bucket/prefix``. It is made by the first `ingest`.
    **given
        Settings, see `trendcore.config.Settings`: taxonomy, breadth, proxies, policy, bloc_file, blocs,
        self_flows, max_quarantined, bootstrap, seed, intervals, trend_years, gates. What is not given is
        taken from ``TRENDCORE_*`` environment variables, then from ``trendcore.toml`` in the folder.

    Examples
    --------
    >>> import tempfile
    >>> from trendcore.simulate import write_sample
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = write_sample(folder.name, scale=0.02, feeds=["patentsview"])
    >>> ws = Workspace(f"{folder.name}/ws")
    >>> ws.ingest("patentsview", f"{folder.name}/patentsview").units
    ('.../patentsview',)
    >>> ws.update().release
    1
    >>> ws.indices(field="semiconductors", index="joint").collect().columns[:4]
    ['source', 'role', 'field', 'year']
    >>> ws.update().changed
    False
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path, **given: Any) -> None:
        self.path = place(path)
        self._given = given

    def __repr__(self) -> str:
        """Show the folder."""
        return f"Workspace({str(self.path)!r})"

    @property
    def settings(self) -> Settings:
        """Settings as they are now: arguments, environment, ``trendcore.toml``."""
        return settings_at(self.path, **self._given)

    def ingest(
        self,
        feed: str,
        *paths: str | Path,
        keep: Literal["fields", "all"] = "fields",
        workers: int = 1,
        cluster: str | None = None,
        tls: Certificates | None = None,
        progress: Progress | None = None,
    ) -> IngestResult:
        """Read a feed's files; nothing is published yet.

        Parameters
        ----------
        feed
            openalex, patentsview, baci or comtrade.
        *paths
            Files, folders or globs. They are registered: `update` scans them again, and reads what is new or
            has changed. A content that was read before, under whatever path, is not read again, unless what
            is stored of it is damaged.
        keep
            ``fields``: papers and patents of some field of the taxonomy; ``all``: every one, and the
            pseudo-field ``all`` is published too. Trade is always stored whole.
        workers, cluster, tls
            See `update`.
        progress
            Called with bytes read, bytes in all, and a word.

        Returns
        -------
        IngestResult
            Inputs read now, where each row of their files went, and warnings.

        Raises
        ------
        InputError
            A path is not there, or a file is not what it should be; the workspace is as it was, and none is
            made where nothing is found.
        UsageError
            The feed is unknown, or stored with another ``keep``.
        WorkspaceError
            The folder is no workspace and not empty.
        ConflictError
            Another process works on the workspace.
        WorkerError
            Workers die again and again, or cannot be reached.
        """
        with opened(workers, cluster, tls) as pool:
            return inputs.ingest(
                self.path, self.settings, feed, paths, keep=keep, pool=pool, progress=progress or silent
            )

    def withdraw(self, path: str | Path) -> tuple[str, ...]:
        """Take what was read at a path out of the next release; published releases stay as they are.

        Returns
        -------
        tuple of str
            Names of the inputs that were withdrawn.

        Raises
        ------
        UsageError
            Nothing was ingested from there.
        """
        return inputs.withdraw(Store.open(self.path), path)

    def update(
        self,
        *,
        bootstrap: int | None = None,
        seed: int | None = None,
        backend: str = "auto",
        accept_change: str | None = None,
        after_rollback: bool = False,
        workers: int = 1,
        cluster: str | None = None,
        tls: Certificates | None = None,
        progress: Progress | None = None,
    ) -> UpdateResult:
        """Scan the registered paths again, tally, compute, check the gates and publish a release.

        Same inputs and settings: no new release.

        Parameters
        ----------
        bootstrap
            Replicates of the bootstrap by which intervals are made, for this update instead of the setting;
            0: the delta method.
        seed
            Seed of the bootstrap, for this update instead of the setting; the same one, the same bytes.
        backend
            ``auto``, ``cpu``, ``gpu`` or ``reference``; every one gives the same bytes.
        accept_change
            Why it is right that the release differs from the last one as gates of change refuse: countries,
            years, cells or sources gone or of other size. It is published all the same, and the reason stands
            in the manifest. No reason is accepted for tables that are wrong.
        after_rollback
            Publish what is ingested also where it is just what was rolled back from; else that is held back
            until inputs or settings change.
        workers
            Processes of this machine that read files and tally works; 1: this process does it by itself. The
            release is the same, to the bit.
        cluster
            Address of a scheduler of dask.distributed whose workers do it instead: ``tls://HOST:PORT``, or
            ``tcp://127.0.0.1:PORT``. It needs the extra ``trendcore[dist]``.
        tls
            Files of the authority's certificate, of one's own, and of its key, for the cluster; None: those
            of dask's configuration.
        progress
            Called with steps done, steps in all, and a word.

        Raises
        ------
        GateError, QuarantineError, InputError
            Nothing was published; the current release stays. ``results`` of a `GateError` has the numbers.
        BackendError
            The backend cannot be used on this machine.
        StorageError
            Stored rows are damaged: `ingest` reads their files again. Or there is no room.
        ConflictError
            Another process works on the workspace.
        UsageError
            Nothing was ingested, a number of replicates or a seed makes no sense, the reason is blank, a
            declared gate does not fit the tables, or the cluster's address may be listened to.
        WorkerError
            Workers die again and again, or cannot be reached; nothing was published.
        """
        how = for_update(self.path, self._given, bootstrap=bootstrap, seed=seed)
        store = Store.open(self.path)
        with opened(workers, cluster, tls) as pool:
            return run.update(
                store,
                how,
                backend=backend,
                accept_change=accept_change,
                after_rollback=after_rollback,
                pool=pool,
                progress=progress or silent,
            )

    def indices(
        self,
        pair: str | None = None,
        *,
        field: str | None = None,
        source: str | None = None,
        role: str | None = None,
        index: str | None = None,
        bloc: str | None = None,
        release: int | None = None,
    ) -> pl.LazyFrame:
        """Return published indices in long form, lazily.

        Parameters
        ----------
        pair
            Two displayed codes, in any order: ``JP-US``.
        field, source, role
            Only this field, source (``openalex``, ``patentsview``, ``baci``, ``comtrade``) or role
            (``author``, ``inventor``, ``applicant``, ``inventor-applicant``, ``reconciled``, ...).
        index
            Only this index: ``salton``, or with other conventions ``salton:docs_all``.
        bloc
            Pairs of a bloc as one node (``quad``) instead of pairs of countries.
        release
            Number of a release; None: the current one.

        Returns
        -------
        pl.LazyFrame
            source, role, field, year, product, a, b, index, value, value_flag, lo, hi, interval,
            interval_flag, counting, marginals, universe, neutral, policy; unsorted. An index may be there in
            several conventions: ``index`` selects its default ones. Only pairs with joint works or trade have
            rows: a missing pair of two covered countries is 0. ``interval`` says how lo and hi were made:
            ``delta``, ``percentile`` (bootstrap), ``poisson`` and ``binomial`` (exact, of counts and of
            shares of few works), ``reports`` (trade: the smaller and the larger of the two sides' reports),
            or null; ``interval_flag`` why there is none, or ``small_count``: fewer than 5 joint works, so
            that it means little.

        Raises
        ------
        UnknownIndexError
            The index is not published.
        WorkspaceError
            Nothing is published yet, or there is no such release.
        """
        store = Store.open(self.path)
        return reading.long_indices(
            store, store.manifest(release),
            pair=pair, field=field, source=source, role=role, index=index, bloc=bloc,
        )  # fmt: skip

    def tally(
        self, source: str, *, role: str | None = None, field: str | None = None, release: int | None = None
    ) -> Tally:
        """Return published counts of papers or patents as a tally, for statistics of one's own.

        Such as `trendcore.indices.compute`, and with its patterns `trendcore.uncertainty.bootstrap` and
        `trendcore.uncertainty.calibrated`. Its ``by`` columns are source, role, field and year.

        Parameters
        ----------
        source
            ``openalex``, ``openalex-concepts`` or ``patentsview``.
        role
            ``author``, ``inventor``, ``applicant``, or ``inventor-applicant``: invented in a, owned in b.
            None: all but the last.
        field
            Only this field.
        release
            Number of a release; None: the current one.

        Raises
        ------
        UsageError
            No works are published of that source, role and field.
        WorkspaceError
            Nothing is published yet, or there is no such release.
        """
        store = Store.open(self.path)
        return reading.published_tally(store, store.manifest(release), source, role=role, field=field)

    def report(
        self,
        *,
        pair: str | None = None,
        bloc: str | None = None,
        field: str | None = None,
        release: int | None = None,
        title: str | None = None,
        note: str | None = None,
    ) -> str:
        """Return a report of a pair as one page of HTML, without scripts or anything from elsewhere.

        The same release gives the same bytes. It needs the extra ``trendcore[report]``.

        Parameters
        ----------
        pair
            Two countries with a dash between, by code or name; None: JP-US, or where it has no joint works or
            trade the pair with most of them.
        bloc
            A published bloc, such as ``quad``, whose pairs and partners are shown too.
        field
            Only this field.
        release
            Number of a release; None: the current one.
        title
            Title of the page; None: the countries.
        note
            What a reader must know before all else, such as that the data are synthetic.

        Raises
        ------
        UsageError
            The extra is not installed, a pair, bloc or field is unknown, or no pair is published.
        WorkspaceError
            Nothing is published yet, or there is no such release.
        """
        store = Store.open(self.path)
        blocs = taxonomy.blocs(self.settings.bloc_file)
        asked = Asked(pair, bloc, field)
        return page_of(self, store.manifest(release), blocs, asked, title=title, note=note)

    def table(self, name: str, *, release: int | None = None) -> pl.LazyFrame:
        """Return a published table, lazily; `tables` lists them.

        Raises
        ------
        UsageError
            There is no such table.
        """
        store = Store.open(self.path)
        return store.read(store.manifest(release), name)

    def tables(self, *, release: int | None = None) -> list[str]:
        """Return the names of the published tables."""
        return sorted(Store.open(self.path).manifest(release).tables)

    def papers(self) -> pl.LazyFrame:
        """Return the stored papers of all inputs that count, with displayed countries; versions included."""
        return reading.canonical(Store.open(self.path), "papers")

    def patents(self) -> pl.LazyFrame:
        """Return the stored patents of all inputs that count, with displayed countries."""
        return reading.canonical(Store.open(self.path), "patents")

    def trade(self) -> pl.LazyFrame:
        """Return the stored flows of all inputs that count, with displayed countries."""
        return reading.canonical(Store.open(self.path), "trade")

    def quarantine(self) -> pl.LazyFrame:
        """Return the rows that were refused: file, line, reason, raw."""
        return reading.canonical(Store.open(self.path), "quarantine")
