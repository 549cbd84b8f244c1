"""Whatever the file is, the same rows come out of it."""

import gzip

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.reader import Reader, evenly, size_of

ROWS = 1000


@pytest.fixture(params=["csv", "csv.gz", "parquet"])
def reader(request, tmp_path):
    return reader_of(tmp_path, request.param)


def reader_of(folder, ending, **settings):
    path = folder / f"rows.{ending}"
    table = {"x": [number / 4 for number in range(ROWS)], "label": ["ab"[number % 2] for number in range(ROWS)]}
    if ending == "parquet":
        parquet.write_table(pa.table(table), path, row_group_size=50)
    else:
        lines = [f"{x},{label}" for x, label in zip(*table.values(), strict=True)]
        text = "\n".join(["x,label", *lines]).encode()
        path.write_bytes(gzip.compress(text) if ending == "csv.gz" else text)
    data = CsvData(path=str(path), **settings)
    return Reader(find_layout(list_files(str(path)), data, {}), data)


def read(reader, parts):
    return [reader.records(piece, part.file) for part in parts for piece in reader.pieces(part)]


def test_all_rows_are_read_and_counted(reader):
    table = pa.concat_tables([rows.table for rows in read(reader, reader.parts())])
    assert table.column_names == ["x", "label"]
    assert table["x"].to_pylist() == [number / 4 for number in range(ROWS)]
    assert table["label"].to_pylist() == ["a", "b"] * (ROWS // 2)
    assert sum(reader.count(part) for part in reader.parts()) == ROWS


def test_of_a_small_file_all_is_looked_at(reader):
    assert sum(rows.count for rows in read(reader, reader.spread(0, 6, 10**6))) == ROWS


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_large_file_is_looked_at_from_its_beginning_to_its_end(tmp_path, ending):
    reader = reader_of(tmp_path, ending)
    rows = read(reader, reader.spread(0, 5, reader.layout.files[0].size // 2))
    values = [value for each in rows for value in each.table["x"].to_pylist()]
    assert len(values) < ROWS
    assert values[0] == 0
    assert values[-1] > ROWS / 4 * 0.8
    assert values == sorted(set(values))


def test_a_file_that_is_read_from_its_beginning_only_is_one_range(tmp_path):
    for reader in (reader_of(tmp_path, "csv.gz"), reader_of(tmp_path, "csv", newlines_in_values=True)):
        (part,) = reader.spread(0, 5, 100)
        assert sum(rows.count for rows in read(reader, [part])) == ROWS


def test_what_counting_costs(tmp_path):
    plain, packed, columns = (reader_of(tmp_path, ending) for ending in ("csv", "csv.gz", "parquet"))
    size = plain.layout.files[0].size
    assert (plain.bytes_to_count(0), packed.bytes_to_count(0), columns.bytes_to_count(0)) == (size, None, 0)
    assert plain.length(0, 0) == packed.length(0, 10**6) == size - len("x,label\n")
    # Inflated no further than that, the rest is estimated.
    assert 0 < packed.length(0, 100) < 2 * size


def test_cells_as_text(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n1.50,a\nNA,\n")
    data = CsvData(path=str(tmp_path / "rows.csv"), missing=("", "NA"))
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    (part,) = reader.parts()
    (piece,) = reader.pieces(part)
    assert reader.texts(piece, 0).table.to_pydict() == {"x": ["1.50", "NA"], "label": ["a", None]}
    assert reader.rows(piece, 0).table["x"].to_pylist() == [1.5, None]
    assert size_of(piece) == len("1.50,a\nNA,\n")


def test_parquet_has_no_text(tmp_path):
    reader = reader_of(tmp_path, "parquet")
    assert [reader.texts(piece, 0) for part in reader.parts()[:1] for piece in reader.pieces(part)] == [None]


def test_some_of_many():
    assert evenly(range(100), 4) == [0, 33, 66, 99]
    assert evenly([1, 2], 4) == [1, 2]
