import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.files import list_files
from components.errors import TransferlineError
from pipeline.profile.table_format import find_delimiter, has_header, table_format


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b", "1,2"], ","),
        (["a;b", "1,5;2,5", "1,7;2,9"], ";"),
        (["a\tb, c", "1\tx, y"], "\t"),
        (["a|b|c", "1|2|3"], "|"),
        (["one", "1", "2"], ","),
        (['"a;b","c"', '"1;2","3"', '"1","3"'], ","),
    ],
)
def test_delimiters(lines, delimiter):
    assert find_delimiter(lines) == delimiter


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ([["a", "b"], ["1", "2"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["5.1", "setosa"], ["4.9", "virginica"]], False),
        ([["size", "kind"], ["4.9", "virginica"]], True),
        ([["red", "no"], ["blue", "no"], ["red", "yes"]], False),
        ([["colour", "sold"], ["blue", "no"], ["red", "yes"]], True),
        ([["a", "b"], ["NA", "1"], ["2", "?"]], True),
    ],
)
def test_headers(rows, answer):
    assert has_header(rows) is answer


def look(tmp_path, text, label, name="rows.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return table_format(list_files(str(path)), str(path), label, **options)


def test_a_label_by_name_and_by_place(tmp_path):
    text = '"my label";größe\nx;1\ny;2\n'
    data = look(tmp_path, text, "my label")
    assert (data.label, data.header, data.delimiter, data.columns) == ("my label", "yes", ";", ())
    assert look(tmp_path, text, "0").label == "my label"
    assert look(tmp_path, text, "-1").label == "größe"
    assert look(tmp_path, "\ufeff" + text, "0").label == "my label"


def test_columns_without_names_get_some(tmp_path):
    data = look(tmp_path, "1,0.5,0.25\n0,0.5,0.75\n", "0")
    assert (data.label, data.header, data.columns) == ("c0", "no", ("c0", "c1", "c2"))
    assert look(tmp_path, "a,b\nc,d\n", "1", header=False).columns == ("c0", "c1")
    assert look(tmp_path, "1,2\n3,4\n", "2", header=True).label == "2"


@pytest.mark.parametrize("label", ["lable", "7", "-3", ""])
def test_a_label_that_is_not_there(tmp_path, label):
    with pytest.raises(TransferlineError, match="the columns are label, b") as raised:
        look(tmp_path, "label,b\nx,1\n", label)
    assert raised.value.place == "rows.csv"


def test_parquet_names_its_columns(tmp_path):
    parquet.write_table(pa.table({"a": [1, 2], "kind": ["x", "y"]}), tmp_path / "t.parquet")
    files = list_files(str(tmp_path / "t.parquet"))
    assert table_format(files, "t.parquet", "-1").label == "kind"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"\n \n", "empty"), ("a,b\n1,2\n".encode("utf-16"), "UTF-16")],
)
def test_no_table(tmp_path, content, message):
    with pytest.raises(TransferlineError, match=message):
        look(tmp_path, content, "a")


def test_bytes_that_are_no_parquet(tmp_path):
    with pytest.raises(TransferlineError, match="can't be read as Parquet"):
        look(tmp_path, b"PAR1 but no more", "a", name="t.parquet")
