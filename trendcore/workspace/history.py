"""What a workspace was, and how it came to be: releases, differences, going back, dropping, verifying."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trendcore.store import Collected, Store
from trendcore.update import comparing, reading, recomputing
from trendcore.update.inputs import Progress, silent

if TYPE_CHECKING:
    import polars as pl


class History:
    """The part of a `trendcore.Workspace` that is about its releases.

    Attributes
    ----------
    path
        The folder, or ``s3://bucket/prefix``.
    """

    path: str | Path

    def releases(self) -> pl.DataFrame:
        """Return the releases, the oldest first.

        Returns
        -------
        pl.DataFrame
            release, created, inputs, cells, rows; rolled_back_to (of a rollback the release whose tables it
            has, else null), reason (of a rollback, or of a change that was accepted; else null).
        """
        return reading.releases(Store.open(self.path))

    def diff(
        self,
        r1: int,
        r2: int,
        *,
        pair: str | None = None,
        field: str | None = None,
        source: str | None = None,
        index: str = "salton",
    ) -> pl.DataFrame:
        """Return what moved from one release to another, by how much, and why.

        Parameters
        ----------
        r1, r2
            Numbers of the two releases.
        pair
            Two displayed codes, in any order: ``JP-US``.
        field, source
            Only this field or source.
        index
            Index whose value is shown before and after, with its interval before.

        Returns
        -------
        pl.DataFrame
            A row for each count that differs, sorted by measure, then by how much it moved:

            - measure: ``joint`` (joint works of a pair; invented in a and owned in b), ``works`` (of a
              country a; b is null) or ``value`` (of trade from a to b, in thousandths of a US dollar; all
              exports of a where b is null); source, role, field, year, a, b
            - before, after, moved; value_before, value_after, lo, hi: the index, and its interval before;
              beyond: whether the later value is outside of that
            - the parts of ``moved``, which add up to it: late (works, or flows, that did not count before),
              withdrawn (that no longer count: gone from the files, merged away, retracted), country, topic,
              redated (the same works, of other countries, another field, another year), revised (the same
              flow, another value), method (the same works under another taxonomy, policy or program, and
              goods in another edition of their classification); null where a reason does not apply
            - unexplained: why there are no parts, where an input of ``r1`` or the method of ``r2`` cannot be
              had any more; else null

        Raises
        ------
        WorkspaceError
            There is no such release.
        UsageError
            Neither release has the field or source.
        UnknownIndexError
            There is no such index.

        Notes
        -----
        A work is in one part, by the first that holds: it does not count in the other release at all; it has
        another year there; another field; other countries. What came and what went may cancel out: a count
        that is the same in both releases has no row.
        """
        return comparing.diff(
            Store.open(self.path), r1, r2, pair=pair, field=field, source=source, index=index
        )

    def rollback(self, number: int, reason: str = "") -> int:
        """Publish the tables of an old release again, as a new release.

        No file is written but the manifest. The next `update` publishes only once inputs or settings have
        changed since (`withdraw` keeps an input out), or ``after_rollback`` is given.

        Parameters
        ----------
        number
            Of the release to go back to; of the current one nothing is to do.
        reason
            Why; it stands in the manifest.

        Returns
        -------
        int
            Number of the release that is current then.

        Raises
        ------
        WorkspaceError
            There is no such release.
        StorageError
            A file of it is not as it was written; nothing was published.
        ConflictError
            Another process works on the workspace.
        """
        return Store.open(self.path).rollback(number, reason).number

    def recompute(
        self, number: int, *, backend: str = "auto", progress: Progress | None = None
    ) -> dict[str, str]:
        """Make the tables of an old release again, as of its inputs and method, and compare them.

        Nothing is published. Equal content has the same hash, whatever packages it was made with.

        Parameters
        ----------
        number
            Of the release.
        backend
            ``auto``, ``cpu``, ``gpu`` or ``reference``; every one gives the same bytes.
        progress
            Called with steps done, steps in all, and a word.

        Returns
        -------
        dict
            Table -> ``equal``, or in words what differs.

        Raises
        ------
        WorkspaceError
            There is no such release.
        UsageError
            Rows of its inputs are no longer stored, or its method cannot be had again.
        StorageError
            Stored rows are damaged.
        """
        store = Store.open(self.path)
        return recomputing.recompute(store, number, backend=backend, progress=progress or silent)

    def gc(self, *, keep: int, grace: timedelta = timedelta(hours=24), dry_run: bool = False) -> Collected:
        """Drop old releases, and remove what nobody needs any more.

        A release that is dropped is not found by new readers; its files are removed by a `gc` after the
        grace, so that a reader that had begun before has that long to finish. Inputs that are ingested stay;
        rows of earlier versions of them go with the last release that counted them, and with those rows what
        `diff` and `recompute` need.

        Parameters
        ----------
        keep
            How many of the newest releases stay, at least 1.
        grace
            For how long readers may go on. Releases younger than that are not dropped.
        dry_run
            Only say what would be done.

        Returns
        -------
        Collected
            dropped, waiting, removed: numbers of releases; files, bytes; contents; held.

        Raises
        ------
        UsageError
            No release would stay, or the grace is negative.
        StorageError
            A manifest is damaged, so that nobody knows what is needed, or a file cannot be removed.
        ConflictError
            Another process works on the workspace.
        """
        return Store.open(self.path).gc(keep, grace, dry_run=dry_run)

    def verify(self, *, release: int | None = None) -> list[str]:
        """Return what is wrong with stored files; nothing if every byte is as it was written.

        Parameters
        ----------
        release
            Number of a release, whose tables are verified; None: those of all releases, and all stored rows.
        """
        store = Store.open(self.path)
        if release is not None:
            return store.verify(store.manifest(release))
        published = store.verify(*map(store.manifest, store.releases()))
        return [*published, *store.verify_inputs(store.ledger().contents).values()]
