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


def table_of(folder, ending, columns, **settings):
    """Returns the rows of a table, all of which can be used, as records have them."""
    path = folder / f"rows.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table(columns), path)
    else:
        cells = [["" if cell is None else str(cell) for cell in column] for column in columns.values()]
        path.write_text("".join(f"{','.join(row)}\n" for row in [list(columns), *zip(*cells, strict=True)]))
    data = CsvData(path=str(path), **settings)
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    ((rows,),) = [read(reader, [part]) for part in reader.parts()]
    assert rows.faults == []
    return rows.table.to_pydict()


TEXTS = ["?", " ?", "? ", None, "", "  ", " Private", "State ?", "\u00e9 ?", "x" * 50]


@pytest.mark.parametrize("kind", [None, pa.string(), pa.large_string()], ids=["csv", "parquet", "large"])
def test_a_text_that_stands_for_no_value_is_none_whatever_blanks_are_around_it(tmp_path, kind):
    ending = "parquet" if kind else "csv"
    columns = {"c": pa.array(TEXTS, kind) if kind else TEXTS}
    columns |= {"day": ["?", " 2020-01-01"] * 5, "n": [" ? ", "1.5"] * 5, "label": ["a", "b"] * 5}
    settings = {"dates": {"day": "iso"}, "types": {"n": "float"}}
    found = table_of(tmp_path, ending, columns, missing=("", "?"), **settings)
    assert found["c"] == [*[None] * 6, *TEXTS[6:]]
    assert (found["day"], found["n"]) == ([None, 1577836800] * 5, [None, 1.5] * 5)
    assert table_of(tmp_path, ending, columns | {"day": [None] * 10, "n": [None] * 10})["c"] == [
        *("?", " ?", "? ", None, None, None),
        *TEXTS[6:],
    ]


def test_texts_of_parquet_that_are_none_are_found_in_each_slice(tmp_path, monkeypatch):
    monkeypatch.setattr("components.csv_example_gen.parquet.BATCH_ROWS", 3)
    parquet.write_table(pa.table({"c": TEXTS, "label": ["a", "b"] * 5}), tmp_path / "rows.parquet")
    data = CsvData(path=str(tmp_path / "rows.parquet"), missing=("", "?"))
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    pieces = read(reader, reader.parts())
    assert len(pieces) == 4
    assert [text for rows in pieces for text in rows.table["c"].to_pylist()] == [*[None] * 6, *TEXTS[6:]]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_true_and_false_are_the_same_texts_and_classes_in_both(tmp_path, ending):
    columns = {"c": [True, False, None], "label": [False, True, True]}
    found = table_of(tmp_path, ending, columns, types={"c": "string"})
    assert found == {"c": ["True", "False", None], "label": ["False", "True", "True"]}


def test_booleans_of_parquet_are_numbers_where_no_text_is_asked_for(tmp_path):
    columns = {"c": [True, False], "label": [False, True]}
    assert table_of(tmp_path, "parquet", columns, types={"label": "int"}) == {"c": [1, 0], "label": ["0", "1"]}


def test_parquet_has_no_text(tmp_path):
    reader = reader_of(tmp_path, "parquet")
    assert [reader.texts(piece, 0) for part in reader.parts()[:1] for piece in reader.pieces(part)] == [None]


def test_some_of_many():
    assert evenly(range(100), 4) == [0, 33, 66, 99]
    assert evenly([1, 2], 4) == [1, 2]
