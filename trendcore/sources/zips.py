"""The one file of a zip as a stream: nothing is extracted, so no name in it is ever a path."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path
from typing import IO, Final, cast

from trendcore.errors import InputError

#: bytes of a zip's list of members: thousands of names, where a feed's zips have a few
MOST_DIRECTORY: Final = 1 << 20
#: ways of packing that are unpacked piece by piece; by others 256 KiB can become gigabytes at once
_PIECEWISE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 1


def open_member(path: Path, raw: IO[bytes]) -> IO[bytes]:
    """Open the one file of a zip.

    Parameters
    ----------
    path
        For errors.
    raw
        The zip.

    Returns
    -------
    IO of bytes
        Ends where the list of members says; what comes out is as long as it is, whatever that list says.

    Raises
    ------
    InputError
        It is no sound zip, holds no file or several, or one that is a link, encrypted or packed unusually.

    Examples
    --------
    >>> packed = io.BytesIO()
    >>> with zipfile.ZipFile(packed, "w") as archive:
    ...     archive.writestr("../a.csv", "year")
    >>> open_member(Path("a.zip"), packed).read()
    b'year'
    """
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], _Bounded(path, raw)))
        return archive.open(_only_file(path, archive.infolist()))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a zip that can be read: {error}") from error


def _only_file(path: Path, members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    files = [info for info in members if not info.is_dir() and not info.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        shown = ", ".join(info.filename for info in files[:5]) or "none"
        raise InputError(f"{path}: a zip to be read holds one file; this one has {len(files)}: {shown}")
    (info,) = files
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputError(f"{path}: its {info.filename} is a link; pack the file itself")
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"{path}: its {info.filename} is encrypted; unpack it and give the plain file")
    if info.compress_type not in _PIECEWISE:
        raise InputError(
            f"{path}: its {info.filename} is packed by another way than deflate;"
            " unpack it and give the plain file"
        )
    return info


class _Bounded(io.RawIOBase):
    """A zip of which no long stretch is read at once: `zipfile` takes the list of members whole."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self._path = path
        self._raw = raw

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._raw.tell()

    def read(self, size: int | None = -1) -> bytes:
        """Read so many bytes, or all that follow.

        Raises
        ------
        InputError
            They are too many.
        """
        most = MOST_DIRECTORY + 1
        data = self._raw.read(most if size is None or size < 0 else min(size, most))
        if len(data) == most:
            raise InputError(
                f"{self._path}: the zip's list of members has more than {MOST_DIRECTORY:,} bytes;"
                " unpack it and give the plain file"
            )
        return data
