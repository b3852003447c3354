from __future__ import annotations

import bz2
import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendcore.errors import InputError
from trendcore.sources import Limits
from trendcore.sources.files import display_name, expand, natural_key, open_bytes
from trendcore.sources.lines import line_blocks

TEXT = b"".join(b"line %d\n" % number for number in range(5000))


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", TEXT),
        ("a.csv.gz", gzip.compress(TEXT)),
        ("no_suffix", gzip.compress(TEXT)),
        ("a.bz2", bz2.compress(TEXT)),
        ("a.zip", zipped(a=TEXT)),
        ("members.gz", gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:]) + bytes(512)),
        ("bgz.gz", b"".join(gzip.compress(TEXT[at : at + 700]) for at in range(0, len(TEXT), 700))),
        ("members.bz2", bz2.compress(TEXT[:999]) + bz2.compress(TEXT[999:])),
    ],
)
def test_bytes_come_out_whatever_the_packing(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with open_bytes(path, Limits()) as stream:
        assert stream.read() == TEXT
        assert stream.broken is None
        assert 0 < stream.on_disk <= len(data)
    with open_bytes(path, Limits()) as stream:
        assert io.BufferedReader(stream).readlines() == TEXT.splitlines(keepends=True)


@pytest.mark.parametrize("cut", [1, 9, 100, 4000])
def test_what_came_before_a_cut_is_given(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT)[:-cut])
    with open_bytes(path, Limits()) as stream:
        got = stream.read()
        assert TEXT.startswith(got)
        assert stream.broken
        assert "breaks off" in stream.broken


def test_a_wrong_checksum_is_a_break(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 1
    path = tmp_path / "a.gz"
    path.write_bytes(data)
    with open_bytes(path, Limits()) as stream:
        stream.read()
        assert stream.broken


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda data: zipped(a=data)])
def test_a_bomb_is_an_error_long_before_it_is_unpacked(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(64 << 20)))  # type: ignore[operator]
    with (
        open_bytes(path, Limits(ratio_from=8 << 20)) as stream,
        pytest.raises(InputError, match="bomb"),
    ):
        stream.readall()
    assert stream._out <= 32 << 20


def test_a_file_above_the_limit_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT)
    with (
        pytest.raises(InputError, match="more than 1,000 bytes"),
        open_bytes(path, Limits(max_bytes=1000)) as s,
    ):
        s.read()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.gz", b"<html>not found</html>", "named .gz but is not"),
        ("a.zip", b"year,value\n", "named .zip but is not"),
        ("a.csv", "year".encode("utf-16"), "UTF-16"),
        ("a.zip", zipped(a=b"1", b=b"2"), "this one has 2: a, b"),
        ("a.zip", zipped(a=b"1")[:-10], "not a zip"),
    ],
)
def test_what_cannot_be_opened_is_said(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        open_bytes(path, Limits())


def test_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot open"):
        open_bytes(tmp_path, Limits())


def blocks_of(path: Path, **limits: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, str, bytes]]]:
    rows: list[tuple[int, bytes]] = []
    refused: list[tuple[int, str, bytes]] = []
    bounds = Limits(**limits)
    with open_bytes(path, bounds) as stream:
        for block in line_blocks(stream, bounds):
            assert block.lines or block.refused
            assert len(block.lines) <= bounds.batch_rows
            rows += zip(block.numbers, block.lines, strict=True)
            refused += block.refused
    return rows, refused


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"", b"a", b"\xff\x00", b"  ", b"x" * 30, b"y" * 31, b"z" * 500]), max_size=30),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.integers(1, 7),
    st.integers(1, 40),
)
def test_lines_are_those_of_a_plain_split(
    tmp_path_factory: pytest.TempPathFactory,
    parts: list[bytes],
    end: bytes,
    ended: bool,
    rows: int,
    piece: int,
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a"
    text = end.join(parts) + (end if ended else b"")
    path.write_bytes(b"\xef\xbb\xbf" + text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trendcore.sources.files.CHUNK", piece)
        found, refused = blocks_of(path, batch_rows=rows, max_line_bytes=40)
    plain = [(number, line.removesuffix(b"\r")) for number, line in enumerate(text.split(b"\n"), 1)]
    assert found == [(number, line) for number, line in plain if line.strip() and len(line) < 40]
    assert [number for number, _, _ in refused] == [number for number, line in plain if len(line) >= 40]


def test_a_giant_line_is_skipped_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(b"first\n")
        for _ in range(40):
            out.write(b"0123456789abcdef" * (1 << 16))
        out.write(b"\nlast\n")
    found, refused = blocks_of(path, max_line_bytes=1 << 20)
    assert found == [(1, b"first"), (3, b"last")]
    assert [(number, reason) for number, reason, _ in refused] == [(2, "line longer than 1,048,576 bytes")]
    assert len(refused[0][2]) <= 2000


def test_the_line_in_which_a_file_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\nthr")[:-8])
    found, refused = blocks_of(path, batch_rows=1)
    assert found == [(1, b"one"), (2, b"two")]
    assert [(number, raw) for number, _, raw in refused] == [(3, b"thr")]
    path.write_bytes(gzip.compress(b"one\ntwo\n")[:-8])
    found, refused = blocks_of(path)
    assert [(number, raw) for number, _, raw in refused] == [(3, b"")]


def test_paths_are_found_once_and_in_natural_order(tmp_path: Path) -> None:
    for name in (
        "d/part_10.gz",
        "d/part_9.gz",
        "d/e/part_1.gz",
        "d/.hidden.gz",
        "d/.git/x.gz",
        "d/notes.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "d" / "loop").symlink_to(tmp_path / "d")

    def found(*paths: object) -> list[str]:
        out = expand([str(path) for path in paths], lambda path: path.suffix == ".gz", "parts")
        assert all(path.is_absolute() for path in out)
        return [path.name for path in out]

    assert found(tmp_path) == ["part_1.gz", "part_9.gz", "part_10.gz"]
    assert found(tmp_path / "d" / "part_*.gz", tmp_path) == ["part_9.gz", "part_10.gz", "part_1.gz"]
    assert found(tmp_path / "d" / "notes.txt") == ["notes.txt"]
    assert found(f"{tmp_path}/**/part_1*.gz") == ["part_1.gz", "part_10.gz"]
    assert found(tmp_path / "d" / "[!l]*") == ["part_1.gz", "part_9.gz", "part_10.gz"]
    assert found(tmp_path / "d" / "*.txt") == ["notes.txt"]


def test_pipes_devices_and_empty_names_are_refused_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "part_1.gz")
    for path in (tmp_path, tmp_path / "part_1.gz", tmp_path / "*.gz", "/dev/null"):
        with pytest.raises(InputError, match="neither a file nor a folder"):
            expand([path], lambda _: True, "parts")
    for path in ("", " "):
        with pytest.raises(InputError, match="not a path"):
            expand([path], lambda _: True, "parts")


def test_a_folder_that_cannot_be_read_is_an_error_of_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", locked)
    with pytest.raises(InputError, match=f"{tmp_path.name}: cannot be read: Permission denied"):
        expand([tmp_path], lambda _: True, "parts")


def test_a_workspace_beside_the_data_is_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "part_1.gz").touch()
    (tmp_path / "ws" / "tables").mkdir(parents=True)
    (tmp_path / "ws" / "workspace.json").touch()
    (tmp_path / "ws" / "tables" / "part_2.gz").touch()
    assert expand([tmp_path], lambda _: True, "parts") == [tmp_path / "part_1.gz"]
    assert expand([tmp_path / "*"], lambda _: True, "parts") == [tmp_path / "part_1.gz"]
    with pytest.raises(InputError, match="nothing found under"):
        expand([tmp_path / "ws"], lambda _: True, "parts")


def test_a_relative_glob_is_taken_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert expand(["*.csv"], lambda _: True, "tables") == [tmp_path / "a.csv"]
    (tmp_path / "[odd].csv").touch()
    assert expand(["[odd].csv"], lambda _: True, "tables") == [tmp_path / "[odd].csv"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere", "no such file or folder: .*nowhere; looked for parts"),
        ("*.nothing", "nothing matches"),
        ("", "nothing found under"),
        ("a\0b", "not a path"),
        ("x" * 5000, "cannot look for|no such file"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, given: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        expand([f"{tmp_path}/{given}"], lambda _: True, "parts")
    with pytest.raises(InputError, match="no path given"):
        expand([], lambda _: True, "parts")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/d/works/updated_date=2024-01-01/part_000.gz", "works/updated_date=2024-01-01/part_000.gz"),
        ("/d/merged_ids/works/2024-01-01.csv.gz", "merged_ids/works/2024-01-01.csv.gz"),
        ("/d/baci/BACI.csv", "baci/BACI.csv"),
        ("/BACI.csv", "BACI.csv"),
    ],
)
def test_display_names_do_not_depend_on_the_place(path: str, name: str) -> None:
    assert display_name(Path(path)) == name
    assert display_name(Path("/elsewhere" + path)).endswith(name)


@given(st.lists(st.text(max_size=8), max_size=8))
def test_natural_order_is_total(names: list[str]) -> None:
    ordered = sorted(names, key=natural_key)
    names.reverse()
    assert sorted(names, key=natural_key) == ordered
