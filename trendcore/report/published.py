"""What a reader needs of a workspace: the published tables of a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl


class Published(Protocol):
    """Anything that gives published tables as `trendcore.Workspace` does."""

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
        """Return indices in long form, lazily."""

    def table(self, name: str, *, release: int | None = None) -> pl.LazyFrame:
        """Return a published table, lazily."""

    def tables(self, *, release: int | None = None) -> list[str]:
        """Return the names of the published tables."""
