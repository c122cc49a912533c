"""Opening files, plain and gzip, and what is said when that fails."""

import gzip
import os
import threading

import pytest

from seqattr.errors import InputError
from seqattr.io.reading import is_gzip, reading, text_lines


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_gzip_is_recognised_by_content(tmp_path, pack):
    (tmp_path / "a.txt").write_bytes(pack(b"one\ntwo\n"))
    with reading(tmp_path / "a.txt", "text") as file:
        assert list(file) == [b"one\n", b"two\n"]
    assert is_gzip(tmp_path / "a.txt") == (pack is gzip.compress)


def test_many_gzip_members_as_bgzip_writes_are_one_file(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n") + gzip.compress(b""))
    with reading(tmp_path / "a", "text") as file:
        assert file.read() == b"one\ntwo\n"


def test_a_pipe_can_be_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(b"one\n"),))
    writer.start()
    assert list(text_lines(pipe, "text")) == [(1, "one")]
    writer.join()


@pytest.mark.parametrize("cut", [5, 12, 30, -1, -5])
def test_a_truncated_gzip_file_is_named(tmp_path, cut):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(range(256)) * 10)[:cut])
    with pytest.raises(InputError) as caught, reading(path, "BED") as file:
        file.read()
    assert str(caught.value) == f"{path} is a broken or truncated gzip file"


@pytest.mark.parametrize("place", [15, -6])
def test_a_broken_gzip_file_is_named(tmp_path, place):
    path = tmp_path / "a.gz"
    data = bytearray(gzip.compress(bytes(range(256)) * 10))
    data[place] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match="is a broken or truncated gzip file"), reading(path, "BED") as file:
        file.read()


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path, line in [
        (tmp_path / "none", f"there is no BED file {tmp_path / 'none'}"),
        (tmp_path, f"{tmp_path} is a folder, not a BED file"),
    ]:
        with pytest.raises(InputError) as caught, reading(path, "BED"):
            pass
        assert str(caught.value) == line
    assert not is_gzip(tmp_path / "none")


def test_other_failures_keep_the_systems_reason(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"cannot read .*file/a: Not a directory"),
        reading(tmp_path / "file" / "a", "BED"),
    ):
        pass


def test_lines_have_numbers_and_neither_ends_nor_blank_ones(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\r\n  \n\ttwo\t\r\nthree")
    assert list(text_lines(path, "text")) == [(1, "one"), (4, "\ttwo\t"), (5, "three")]


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one\n\xff\xfe\n")
    with pytest.raises(InputError) as caught:
        list(text_lines(path, "BED"))
    assert str(caught.value) == f"{path} is no text at line 2; is this a BED file?"


def test_lines_end_as_on_any_system_and_hold_no_byte_order_mark(tmp_path):
    path = tmp_path / "joined.bed"
    path.write_bytes("\ufeff\ufeffone\rtwo\r\r\ufeffthree\r\n\ufeff\nfive\n".encode())
    assert list(text_lines(path, "BED")) == [(1, "one"), (2, "two"), (4, "three"), (6, "five")]
