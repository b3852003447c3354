"""The bytes of data files, for whoever keeps them beside results: packaged ones, or files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from trendcore.errors import TaxonomyError
from trendcore.taxonomy._data import packaged_text
from trendcore.taxonomy.policies import SHIPPED

#: what a data file may be of
Kind = Literal["taxonomy", "policy", "blocs"]
_PACKAGED: Final = {"taxonomy": "fields.toml", "blocs": "blocs.toml"}


def data_file(kind: Kind, given: str | Path | None = None) -> bytes:
    """Return the bytes of the file that `fields`, `policy` or `blocs` would read.

    Parameters
    ----------
    kind
        What it is of.
    given
        What they would be given.

    Raises
    ------
    TaxonomyError
        The file cannot be read.

    Examples
    --------
    >>> data_file("policy", "hk-mo-with-cn").splitlines()[0][:1]
    b'#'
    """
    if kind == "policy" and (given is None or given in SHIPPED):
        return packaged_text(f"policy-{given or 'default'}.toml").encode()
    if given is None:
        return packaged_text(_PACKAGED[kind]).encode()
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise TaxonomyError(f"{given}: cannot be read: {error.strerror or error}") from error
