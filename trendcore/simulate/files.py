"""Files with the same bytes each time: no clock, no user name, no platform's line ends inside."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path


def write_gzip(path: Path, text: str) -> Path:
    """Write text as gzip with no time and no name in its header, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as stream:
        stream.write(text.encode("utf-8"))
    path.write_bytes(buffer.getvalue())
    return path


def write_zip(path: Path, member: str, text: str) -> Path:
    """Write text as the only member of a zip, dated 1980 as if it told no date, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    info = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, text.encode("utf-8"), compresslevel=9)
    return path


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write text with its line ends as they are, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path
