import os

import pytest

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import Kind, list_files
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
