import os

import pytest
from bounded import at_most

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import Kind, list_files, look_for_files
from components.csv_example_gen.layout import find_layout
from components.errors import TransferlineError


@pytest.fixture
def look(tmp_path):
    def find(content, schema_types=None, **settings):
        path = tmp_path / "rows.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return find_layout(list_files(str(path)), CsvData(path=str(path), **settings), schema_types or {})

    return find


def test_a_header_is_found_by_its_text(look):
    layout = look("a,b,label\n1,2,0\n")
    (file,) = layout.files
    assert (file.columns, file.start, file.header_lines) == (("a", "b", "label"), 10, 1)


def test_numbers_alone_are_no_header(look):
    layout = look("1,2,0\n3,4,1\n", label="column_2")
    assert layout.files[0].columns == ("column_0", "column_1", "column_2")
    assert layout.files[0].start == 0


def test_types_by_the_first_rows(look):
    layout = look("id,x,city,label\n123456789012,1.5,Rome,0\n123456789013,,Bonn,1\n")
    assert layout.types == {"id": "int", "x": "float", "city": "string", "label": "float"}


def test_types_by_the_schema_and_by_the_user(look):
    layout = look("a,b,label\n1,2,0\n", {"a": "int", "elsewhere": "float"}, types={"b": "string"})
    assert layout.types == {"a": "int", "b": "string", "label": "float"}


@pytest.mark.parametrize(
    ("content", "settings", "cause", "cure"),
    [
        ("a,b\n1,2\n", {}, "There is no column 'label'", "Set data.label"),
        ("a,lable\n1,2\n", {}, "did you mean 'lable'", "Set data.label"),
        ("a,a,label\n1,2,0\n", {}, "The header names 'a' twice", "Rename"),
        ("a;b;label\n1;2;0\n", {}, "several if ';' does", "Set data.delimiter to ';'"),
        ("a,b,label\n1,2,0\n", {"columns": ("a", "c", "label")}, "lacks c and has b besides", "Correct the header"),
        ("x,y,z\n1,2,0\n", {"columns": ("a", "c", "label")}, "lacks a, c, label and has x, y, z", "Correct the header"),
        ("1,2\n3,4\n", {"columns": ("a", "c", "label")}, "has 2 cells, and data.columns names 3", "Correct"),
        ("a,label,y\n1,2,0\n", {"label": "y"}, "a column 'label' that isn't the label", "Rename the column"),
        ("a,label\n1,0\n", {"types": {"aa": "int"}}, "There is no column 'aa' (did you mean 'a'?)", "Use one of"),
        ("a,label\n1,0\n", {"weight": "aa"}, "There is no column 'aa' (did you mean 'a'?)", "Use one of"),
        ("a,label\n1,0\n", {"split": {"key": ["b"]}}, "There is no column 'b'", "Use one of"),
        ("a,b\n".encode("utf-16"), {}, "UTF-16", "Save it as UTF-8"),
        (b"\xff\x00\x01,b\n", {}, "isn't UTF-8", "Save the file as UTF-8"),
        (
            "a\0,label\n1,0\n",
            {},
            "The first line can't be read as CSV: line contains NUL",
            "Check that the file is CSV",
        ),
        (f"{'a' * 131_073},label\n1,0\n", {}, "The first line can't be read as CSV: field larger", "Check"),
        ('"a,label\n1,0\n', {}, "A quote in the first line isn't closed", "set data.newlines_in_values to true"),
        (f"{'a,' * 600_000}label\n1,0\n", {}, "The first line doesn't end within 1,048,576 bytes", "as Parquet"),
    ],
)
def test_what_makes_no_table_is_told_with_a_cure(look, content, settings, cause, cure):
    with pytest.raises(TransferlineError) as error:
        look(content, **settings)
    assert cause in error.value.cause
    assert cure in error.value.cure
    assert error.value.place


def test_files_of_a_folder_by_name_kind_and_split(tmp_path):
    for name in ("train/b.csv", "train/a.csv.gz", "test.parquet", "val-1.tsv", "notes.md", ".hidden.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    files = list_files(str(tmp_path))
    assert [(file.name, file.kind, file.split) for file in files] == [
        ("test.parquet", Kind.PARQUET, "test"),
        ("train/a.csv.gz", Kind.GZIP, "train"),
        ("train/b.csv", Kind.CSV, "train"),
        ("val-1.tsv", Kind.CSV, "eval"),
    ]


def test_rows_from_a_pipe_are_refused_as_such(tmp_path):
    os.mkfifo(tmp_path / "rows.csv")
    for path in (tmp_path / "rows.csv", tmp_path / "*.csv"):
        with pytest.raises(TransferlineError, match="it isn't a regular file") as error:
            list_files(str(path))
        assert error.value.place == str(tmp_path / "rows.csv")


@pytest.mark.parametrize("path", ["", "/nowhere/rows.csv", "/nowhere/*.csv"])
def test_no_files(path):
    with pytest.raises(TransferlineError) as error:
        list_files(path)
    assert ".parquet" in error.value.cure


def lay_out(folder, **contents):
    for name, content in contents.items():
        (folder / name.replace("_", ".")).write_text(content)
    return str(folder)


def test_a_note_beside_files_of_rows_is_no_data_and_is_told(tmp_path):
    path = lay_out(tmp_path, a_csv="x,label\n1,0\n", SOURCE_txt="Fetched today.\n", README_md="# Rows\n", _hidden="")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.txt.gz").write_bytes(b"no data")
    found = look_for_files(path)
    assert [file.name for file in found.files] == ["a.csv"]
    assert found.passed_over == ("README.md", "SOURCE.txt", "more/b.txt.gz")
    assert find_layout(found.files, CsvData(path=path), {}).types == {"x": "float", "label": "float"}


def test_without_other_files_texts_are_rows(tmp_path):
    path = lay_out(tmp_path, a_txt="x,label\n1,0\n", b_txt="x,label\n2,1\n", c_md="")
    found = look_for_files(path)
    assert [file.name for file in found.files] == ["a.txt", "b.txt"]
    assert found.passed_over == ("c.md",)


def test_a_file_that_is_named_is_data_whatever_its_name(tmp_path):
    path = lay_out(tmp_path, a_csv="", rows_txt="x,label\n1,0\n")
    assert [file.name for file in look_for_files(f"{path}/rows.txt").files] == ["rows.txt"]
    assert look_for_files(f"{path}/*.*").passed_over == ()


def test_a_column_without_a_value_in_one_file_has_the_type_of_the_others(tmp_path):
    table = pa.table({"x": [None, None], "y": pa.nulls(2, pa.string()), "label": [0, 1]})
    parquet.write_table(table, tmp_path / "b.parquet")
    path = lay_out(tmp_path, a_csv="x,y,label\n,1.5,0\n", c_csv="x,y,label\n2.5,,0\n")
    layout = find_layout(list_files(path), CsvData(path=path, types={"label": "int"}), {})
    assert layout.types == {"x": "float", "y": "string", "label": "int"}
    assert layout.mixed == {"y": ("a.csv", "b.parquet")}


def test_a_column_of_numbers_in_one_file_and_of_text_in_another_is_told(tmp_path):
    path = lay_out(tmp_path, test_csv="x,label\nhigh,1\nlow,0\n", train_csv="x,label\n1.5,0\n2.5,1\n")
    layout = find_layout(list_files(path), CsvData(path=path), {})
    assert (layout.types["x"], layout.mixed) == ("string", {"x": ("train.csv", "test.csv")})
    assert find_layout(list_files(path), CsvData(path=path, types={"x": "float"}), {}).mixed == {}
    assert find_layout(list_files(path), CsvData(path=path), {"x": "float"}).mixed == {}


def test_keys_are_text_and_dates_are_dates_whatever_else_says_so(look):
    layout = look("n,day,label\n007,20210304,0\n", {"n": "int", "day": "int"}, id=("n",), dates={"day": "%Y%m%d"})
    assert layout.types == {"n": "string", "day": "date", "label": "float"}


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"id": ("nn",)}, "There is no column 'nn' (did you mean 'n'?)"),
        ({"dates": {"dy": "iso"}}, "There is no column 'dy' (did you mean 'day'?)"),
        ({"keep_places": True}, "There is a column 'row/place'"),
    ],
)
def test_names_of_keys_and_dates_that_are_no_columns(look, settings, cause):
    with pytest.raises(TransferlineError) as error:
        look("n,day,row/place,label\n1,2021-03-04,here,0\n", **settings)
    assert cause in error.value.cause
    assert error.value.cure


def test_a_number_of_thousands_of_digits_is_one(look):
    layout = look(f"a,label\n{'1' * 5000},0\n" * 2)
    assert layout.types == {"a": "int", "label": "float"}


@pytest.mark.parametrize(
    ("content", "settings", "columns"),
    [
        (f"a,label\n{'1' * 131_000}x,0\n" * 5, {}, 2),  # about 9 minutes a cell once
        (",".join(f"c{number}" for number in range(120_000)) + ",label\n", {}, 120_001),
        ('"\n",' * 250_000 + "label\n1,0\n", {"newlines_in_values": True, "header": "no"}, 250_001),
    ],
)
def test_the_time_of_a_look_grows_with_the_bytes_and_not_with_their_square(look, content, settings, columns):
    label = "label" if "header" not in settings else "column_0"
    with at_most():
        (file,) = look(content, label=label, **settings).files
    assert len(file.columns) == columns
