"""Finding files and reading their bytes, plain or packed, within limits.

What a file is, its first bytes say, not its name. A gzip that breaks off gives what it held before, and
says so in ``ByteStream.broken``; a bomb is an error. What is packed in what is unpacked stays packed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from bz2 import BZ2Decompressor
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, Self, cast

from isal import igzip_lib

from trendcore.config import MARK
from trendcore.errors import InputError
from trendcore.sources.base import Limits
from trendcore.sources.zips import open_member

if TYPE_CHECKING:
    from types import TracebackType

CHUNK: Final = 1 << 18
#: unpacked bytes handed on at a time
PIECE: Final = 1 << 19
GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
BZIP2: Final = b"BZh"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_ISAL_ERROR = cast(type[Exception], igzip_lib.IsalError)
_BREAKS: Final = (EOFError, OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, _ISAL_ERROR)
_GLOB: Final = re.compile(r"[*?\[]")


def natural_key(path: Path | str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Key by which part_2 sorts before part_10.

    Examples
    --------
    >>> sorted(["part_10", "part_9", "Part_1"], key=natural_key)
    ['Part_1', 'part_9', 'part_10']
    """
    text = str(path)
    pieces = re.split(r"(\d+)", text.casefold(), flags=re.ASCII)
    return tuple((0, int(piece), "") if at % 2 else (1, 0, piece) for at, piece in enumerate(pieces)), text


def display_name(path: Path) -> str:
    """Return the file's name with its folder, and one folder more where that one is a partition.

    It does not depend on how the file was asked for, nor on where the data lie.

    Examples
    --------
    >>> display_name(Path("/data/openalex/works/updated_date=2024-06-24/part_000.gz"))
    'works/updated_date=2024-06-24/part_000.gz'
    >>> display_name(Path("/data/baci/BACI_HS22_Y2022_V202401.csv"))
    'baci/BACI_HS22_Y2022_V202401.csv'
    """
    parts = [part for part in path.parts if part != path.anchor]
    n_parts = 3 if len(parts) > 2 and ("=" in parts[-2] or parts[-3] == "merged_ids") else 2
    return "/".join(parts[-n_parts:])


def expand(
    paths: Sequence[str | Path],
    wanted: Callable[[Path], bool],
    what: str,
    *,
    enter: Callable[[Path], bool] = lambda _folder: True,
) -> list[Path]:
    """Find files by paths, folders (to any depth) and globs.

    Parameters
    ----------
    paths
        A file named as such is taken without asking `wanted`; of the files that a glob matches, the wanted
        ones are, or all if none is.
    wanted
        Whether a file found in a folder is one of the feed's.
    what
        What is looked for, in words, for the error.
    enter
        Whether a folder is looked into; hidden ones and workspaces never are.

    Returns
    -------
    list of Path
        Absolute, each once, in natural order within each of `paths`.

    Raises
    ------
    InputError
        A path is not there, has nothing wanted, or is neither a file nor a folder.
    """
    if not paths:
        raise InputError(f"no path given; looked for {what}")
    found: dict[Path, None] = {}
    for given in paths:
        here: list[Path] = []
        roots = _matches(given, what)
        files = [root for root in roots if not root.is_dir()]
        here += files if len(roots) == 1 else [file for file in files if wanted(file)] or files
        try:
            for root in roots:
                here += _walk(root, wanted, enter) if root.is_dir() else []
        except OSError as error:
            raise InputError(f"{error.filename}: cannot be read: {error.strerror or error}") from error
        if not here:
            raise InputError(f"nothing found under {given}; looked for {what}")
        for path in here:
            # a pipe would be waited on, a device may never end; a link to nowhere is said when it is opened
            if path.exists() and not path.is_file():
                raise InputError(f"{path}: neither a file nor a folder; looked for {what}")
        found.update(dict.fromkeys(sorted(here, key=natural_key)))
    return list(found)


def _matches(given: str | Path, what: str) -> list[Path]:
    path = Path(given).expanduser()
    # an empty one, as an unset variable of a shell gives, would mean this folder
    if "\0" in str(given) or not str(given).strip():
        raise InputError(f"not a path: {str(given)!r}")
    try:
        if path.exists():
            return [path.absolute()]
        text = str(path)
        if _GLOB.search(text):
            base = Path(path.anchor) if path.is_absolute() else Path.cwd()
            pattern = text[len(path.anchor) :] if path.is_absolute() else text
            matches = [match.absolute() for match in base.glob(pattern) if not match.name.startswith(".")]
            if matches:
                return matches
            raise InputError(f"nothing matches {given}; looked for {what}")
    except (OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"cannot look for {given}: {error}") from error
    raise InputError(f"no such file or folder: {given}; looked for {what}")


def _walk(folder: Path, wanted: Callable[[Path], bool], enter: Callable[[Path], bool]) -> list[Path]:
    out: list[Path] = []
    if (folder / MARK).is_file():
        return out
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            # a link to a folder could lead round in a circle
            if enter(entry) and not entry.is_symlink():
                out += _walk(entry, wanted, enter)
        elif wanted(entry):
            out.append(entry)
    return out


class _Decompressor(Protocol):
    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class ByteStream(io.RawIOBase):
    """Unpacked bytes of a file; get it from `open_bytes`. Readable by `io`, `csv` and `pyarrow`.

    Attributes
    ----------
    path
        The file.
    on_disk
        Bytes of the file taken so far.
    broken
        Why the stream ended before its end, or None: known once reading has come to an end.
    """

    def __init__(
        self,
        path: Path,
        disk: IO[bytes],
        source: IO[bytes],
        unpacker: Callable[[], _Decompressor] | None,
        limits: Limits,
        closing: ExitStack,
    ) -> None:
        self.path = path
        self.on_disk = 0
        self.broken: str | None = None
        self._disk = disk
        self._source = source
        self._new = unpacker
        self._unpacker = None if unpacker is None else unpacker()
        self._limits = limits
        self._closing = closing
        self._out = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as a piece goes; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = memoryview(self.piece())
        taken = self._rest[: len(view)]
        view[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def piece(self) -> bytes:
        """Return the next bytes, at most `PIECE` of them; none at the end.

        Raises
        ------
        InputError
            The file unpacks to more than the limits allow.
        """
        if self.broken is not None:
            return b""
        try:
            out = self._unpack() if self._unpacker is not None else self._take()
        except _BREAKS as error:
            self.broken = f"the file breaks off: {error}"
            return b""
        self._out += len(out)
        check_unpacked(self.path, self._out, self.on_disk, self._limits)
        return out

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._closing.close()
        super().close()

    def _take(self) -> bytes:
        data = self._source.read(CHUNK)
        self.on_disk = self._disk.tell()
        return data

    def _unpack(self) -> bytes:
        assert self._unpacker is not None
        assert self._new is not None
        while True:
            if self._unpacker.eof:
                # files may be several packed ones in a row, and padded with zeros
                data = (self._unpacker.unused_data or self._take()).lstrip(b"\0")
                while not data:
                    data = self._take()
                    if not data:
                        return b""
                    data = data.lstrip(b"\0")
                self._unpacker = self._new()
            elif self._unpacker.needs_input:
                data = self._take()
                if not data:
                    raise EOFError("its packed data end before their end mark")
            else:
                data = b""
            out = self._unpacker.decompress(data, PIECE)
            if out:
                return out

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_unpacked(path: Path, n_out: int, n_in: int, limits: Limits) -> None:
    """Refuse a file that unpacks to too much.

    Parameters
    ----------
    path
        For the error.
    n_out, n_in
        Bytes that came out so far, and the packed ones that they came from.
    limits
        The bounds.

    Raises
    ------
    InputError
        There is more than the limits allow; the message says which, and what to do.

    Examples
    --------
    >>> check_unpacked(Path("a.gz"), 100 << 20, 1 << 20, Limits())
    >>> check_unpacked(Path("a.gz"), 400 << 20, 1 << 20, Limits())
    Traceback (most recent call last):
    trendcore.errors.InputError: a.gz: unpacks to more than 300 times its size, as a bomb does; ...
    """
    if n_out > limits.max_bytes:
        raise InputError(
            f"{path}: unpacks to more than {limits.max_bytes:,} bytes; split the file, or raise"
            " Limits.max_bytes"
        )
    if n_out > limits.ratio_from and n_out > limits.max_ratio * max(n_in, 1):
        raise InputError(
            f"{path}: unpacks to more than {limits.max_ratio:g} times its size, as a bomb does;"
            " if the file is sound, unpack it yourself and give the plain file, or raise Limits.max_ratio"
        )


def open_bytes(path: Path, limits: Limits) -> ByteStream:
    r"""Open a plain, gzip, bzip2 or zip file as a stream of its unpacked bytes.

    Parameters
    ----------
    path
        The file.
    limits
        Bounds on what comes out.

    Returns
    -------
    ByteStream
        Use it in a ``with`` statement.

    Raises
    ------
    InputError
        The file cannot be opened, is named as packed but is not, or is a zip of other than one file.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import gzip
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.gz")
    ...     _ = path.write_bytes(gzip.compress(b"one\ntwo\n")[:-9])
    ...     with open_bytes(path, Limits()) as stream:
    ...         stream.read(), stream.broken
    (b'one\ntwo\n', 'the file breaks off: its packed data end before their end mark')
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
            start = raw.read(4)
            raw.seek(0)
        except (OSError, ValueError) as error:
            raise InputError(f"cannot open {path}: {getattr(error, 'strerror', None) or error}") from error
        if start[:2] in _WIDE_MARKS:
            raise InputError(f"{path}: the text is UTF-16; save it as UTF-8")
        suffix = path.suffix.lower()
        if start and (
            (suffix == ".gz" and start[:2] != GZIP)
            or (suffix == ".zip" and start != ZIP)
            or (suffix == ".bz2" and start[:3] != BZIP2)
        ):
            raise InputError(f"{path}: named {suffix} but is not packed so; was the download cut or altered?")
        unpacker: Callable[[], _Decompressor] | None = None
        if start[:2] == GZIP:
            unpacker = _gunzip
        elif start[:3] == BZIP2:
            unpacker = _bunzip
        source = stack.enter_context(open_member(path, raw)) if start == ZIP else raw
        return ByteStream(path, raw, source, unpacker, limits, stack.pop_all())


def _gunzip() -> _Decompressor:
    return cast(_Decompressor, igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP))


def _bunzip() -> _Decompressor:
    return cast(_Decompressor, BZ2Decompressor())
