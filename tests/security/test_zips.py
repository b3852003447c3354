"""Zips that lie: read as streams, refused in words, never extracted and never in more memory than a piece."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from trendcore.errors import InputError
from trendcore.sources import Limits
from trendcore.sources.files import open_bytes
from trendcore.sources.zips import MOST_DIRECTORY

TEXT = b"t,i,j,k,v,q\n" * 1000


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        for name, data in members:
            archive.writestr(name, data, way)
    return out.getvalue()


def read(tmp_path: Path, data: bytes) -> tuple[bytes, str | None]:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    with open_bytes(path, Limits(ratio_from=4 << 20)) as stream:
        text = stream.readall()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zip"]
    return text, stream.broken


@pytest.mark.parametrize(
    "name",
    ["../../etc/a.csv", "/etc/a.csv", "C:\\a.csv", "a/../../b", "a\0b.csv", "=cmd|'/c calc'", "é" * 200],
)
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, packed((name, TEXT))) == (TEXT, None)


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("a.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted() -> bytes:
    data = bytearray(packed(("a.csv", TEXT)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed((link(), b"/etc/passwd")), r"its a\.csv is a link"),
        (encrypted(), r"its a\.csv is encrypted"),
        (packed(("a.csv", TEXT), way=zipfile.ZIP_BZIP2), "another way than deflate"),
        (packed(("a.csv", TEXT), way=zipfile.ZIP_LZMA), "another way than deflate"),
        (packed(("a.csv", TEXT), ("b.csv", TEXT)), "this one has 2: a.csv, b.csv"),
        (packed(*((f"{n:0200}", b"") for n in range(5000))), f"more than {MOST_DIRECTORY:,} bytes"),
    ],
)
def test_what_is_odd_is_refused_in_words(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=rf"a\.zip: .*{message}"):
        read(tmp_path, data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_two_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"this one has 2: a\.csv, a\.csv"):
        read(tmp_path, packed(("a.csv", TEXT), ("a.csv", b"other")))


def test_a_zip_in_a_zip_is_not_looked_into(tmp_path: Path) -> None:
    inner = packed(("a.csv", bytes(50 << 20)))
    assert read(tmp_path, packed(("inner.zip", inner))) == (inner, None)


def test_a_bomb_is_told_by_what_comes_out(tmp_path: Path) -> None:
    data = bytearray(packed(("a.csv", bytes(64 << 20))))
    # the list of members says that there is little
    at = data.index(b"PK\x01\x02") + 24
    for said in (64 << 20, 0xFFFFFFFE):
        data[at : at + 4] = struct.pack("<I", said)
        with pytest.raises(InputError, match="as a bomb does; if the file is sound, unpack it yourself"):
            read(tmp_path, bytes(data))


@pytest.mark.parametrize("said", [0, 1, len(TEXT) - 1, len(TEXT) + 1, 0xFFFFFFFF])
def test_a_size_that_lies_never_gives_more_than_there_is(tmp_path: Path, said: int) -> None:
    data = bytearray(packed(("a.csv", TEXT)))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", said)
    text, broken = read(tmp_path, bytes(data))
    assert TEXT.startswith(text)
    assert len(text) <= said
    assert (broken is None) == (said > len(TEXT))
