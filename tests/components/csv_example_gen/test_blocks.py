import dataclasses
import gzip

import pytest
from bounded import at_most

from components.csv_example_gen import blocks
from components.csv_example_gen.blocks import Range, count_lines, line_starts, ranges_of, read_blocks
from components.csv_example_gen.files import Kind
from components.csv_example_gen.layout import FileLayout
from components.errors import TransferlineError
from components.ingest import gzip_stream


@pytest.fixture
def make(tmp_path):
    def file(content, kind=Kind.CSV, start=0):
        path = tmp_path / "rows"
        path.write_bytes(content)
        return FileLayout(str(path), "rows", kind, "", len(content), start=start)

    return file


CONTENTS = [b"a\nbb\nccc\n", b"a\nbb\nccc", b"\n\n\n", b"abcdef\n", b"x", b"aa\r\nbb\r\n\r\ncc", b"a\n" * 50]


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("range_bytes", [1, 2, 3, 5, 7, 1000])
def test_every_line_is_in_one_range_whatever_the_ranges_are(make, content, range_bytes):
    file = make(b"head\n" + content, start=5)
    whole = content.splitlines(keepends=True) if b"\r" not in content else content.split(b"\n")
    parts = ranges_of(0, file, whole=False, range_bytes=range_bytes)
    read = [b"".join(block.data for block in read_blocks(part, file)) for part in parts]
    assert b"".join(read) == content
    counts = [count_lines(part, file, newlines_in_values=False) for part in parts]
    assert counts == [len(line_starts(data)) for data in read]
    assert sum(counts) == len(whole)


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.GZIP])
def test_blocks_hold_whole_lines_and_know_their_numbers(make, kind, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 10)
    monkeypatch.setattr(gzip_stream, "INFLATED_BYTES", 11)
    content = b"".join(b"line %d\n" % number for number in range(100))
    file = make(gzip.compress(content) if kind is Kind.GZIP else content, kind)
    (part,) = ranges_of(0, file, whole=False)
    read = list(read_blocks(part, file))
    assert len(read) > 50
    assert b"".join(block.data for block in read) == content
    for block in read:
        assert block.data.startswith(b"line %d\n" % block.line)
        assert block.row == block.line


def test_line_breaks_in_quotes_end_no_row(make, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 7)
    content = b'1,"a\nb"\n2,"say ""hi\n"""\n3,c\n'
    file = make(content)
    (part,) = ranges_of(0, file, whole=True)
    read = list(read_blocks(part, file, newlines_in_values=True))
    assert b"".join(block.data for block in read) == content
    rows = [
        (block.data[start : start + 1], block.row + index, block.line + block.data.count(b"\n", 0, start))
        for block in read
        for index, start in enumerate(line_starts(block.data, newlines_in_values=True))
    ]
    assert rows == [(b"1", 0, 0), (b"2", 1, 2), (b"3", 2, 4)]
    assert count_lines(part, file, newlines_in_values=True) == 3


def test_a_file_without_line_ends_is_refused(make, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 1000)
    file = dataclasses.replace(make(b"x" * 5000), header_lines=1)
    with pytest.raises(TransferlineError, match="no end of a line") as error:
        list(read_blocks(Range(0, 0, 5000), file))
    assert error.value.place == "rows, line 2"


def test_a_gzip_member_for_each_line_takes_no_time_of_its_own(make):
    file = make(gzip.compress(b"5,6\n") * 100_000 + bytes(2**20), Kind.GZIP)  # 100 s once; a tape's zeros follow
    with at_most():
        assert count_lines(Range(0, 0, file.size), file, newlines_in_values=False) == 100_000


@pytest.mark.parametrize("content", [b"\n" * 50, b"a\n" * 50, b'"a\n",1\n' * 20, b"a\n" * 7 + b"b"])
def test_a_block_has_few_lines_however_short_they_are(make, monkeypatch, content):
    monkeypatch.setattr(blocks, "BLOCK_LINES", 7)
    file, newlines = make(content), b'"' in content
    found = list(read_blocks(Range(0, 0, file.size), file, newlines_in_values=newlines))
    assert b"".join(block.data for block in found) == content
    before = 0
    for block in found:
        starts = line_starts(block.data, newlines_in_values=newlines)
        assert len(starts) <= 7
        assert block.row == before
        assert block.line == before * (1 + newlines)
        before += len(starts)
