"""Published tables -> what a person reads of them: a pair, a ranking, one page of HTML. Computes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trendcore.report.published import Published
    from trendcore.report.record import Asked
    from trendcore.store import Manifest
    from trendcore.taxonomy import Blocs

__all__ = ["page_of"]


def page_of(
    workspace: Published,
    manifest: Manifest,
    blocs: Blocs,
    asked: Asked,
    *,
    title: str | None = None,
    note: str | None = None,
) -> str:
    """Return the report of a release as HTML; see `trendcore.Workspace.report`.

    Parameters
    ----------
    workspace
        Where the tables are from.
    manifest
        The release.
    blocs
        Where the members of blocs are looked up.
    asked
        Pair, bloc and field.
    title, note
        Title of the page, and what a reader must know before all else.

    Raises
    ------
    UsageError
        The extra is not installed, or a pair, bloc or field is unknown.
    """
    from trendcore.report.extra import demand
    from trendcore.report.page import written
    from trendcore.report.record import gather
    from trendcore.report.sections import sections

    demand()
    record = gather(workspace, manifest, blocs, asked)
    a, b = (record.name(code) for code in (record.pair.a, record.pair.b))
    fields = sorted(record.title(name) for name in {row["field"] for row in record.histories})
    created = manifest.created[:10]
    return written(
        title or f"{a} and {b}: cooperation in science and technology",
        f"{', '.join(fields) or 'No field'}. Release {manifest.number} of {created}.",
        note,
        f"Made by trendcore {manifest.settings['trendcore']} from release {manifest.number} of {created}; "
        "every number is one of its published tables.",
        sections(record),
    )
