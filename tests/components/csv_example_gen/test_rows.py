"""What becomes of the weights and the labels of rows."""

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.reader import Reader

WEIGHTS = (1.5, 0.0, None, -2.0, 3.0, float("inf"))
REASONS = {
    2: "the weight w is missing",
    3: "the weight w is -2, which is below 0",
    5: "w is inf, or too large for a float32",
}


def read(folder, ending, weights, **settings):
    path = folder / f"rows.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table({"w": weights, "label": ["a"] * len(weights)}), path)
    else:
        cells = ["" if weight is None else str(weight) for weight in weights]
        path.write_text("w,label\n" + "".join(f"{cell},a\n" for cell in cells))
    data = CsvData(path=str(path), weight="w", **settings)
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    ((rows,),) = [[reader.records(piece, part.file) for piece in reader.pieces(part)] for part in reader.parts()]
    return rows


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_weight_that_is_missing_or_below_0_is_a_fault(tmp_path, ending):
    rows = read(tmp_path, ending, WEIGHTS)
    assert rows.table["w"].to_pylist() == [1.5, 0.0, 3.0]
    assert {fault.line: fault.reason for fault in rows.faults} == REASONS


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_whole_weights_are_kept_as_other_numbers(tmp_path, ending):
    rows = read(tmp_path, ending, (1, 2**30, 3))
    assert rows.table["w"].type == pa.float32()
    assert rows.table["w"].to_pylist() == [1.0, 2.0**30, 3.0]


@pytest.mark.parametrize(
    ("settings", "cause"),
    [
        ({"weight": "label"}, "weight: label is the label"),
        ({"weight": "w", "types": {"w": "string"}}, "types says"),
        ({"weight": "w", "columns": ("x", "label")}, "columns: the weight 'w' isn't among them"),
    ],
)
def test_what_can_be_no_weight_is_refused(settings, cause):
    with pytest.raises(ValueError, match=cause):
        CsvData(**settings)


def classes_of(folder, *cells, **settings):
    """Returns the classes of some rows, and the reasons of those that have none."""
    path = folder / "rows.csv"
    path.write_text("x,label\n" + "".join(f"1.5,{cell}\n" for cell in cells))
    data = CsvData(path=str(path), **settings)
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    ((rows,),) = [[reader.records(piece, part.file) for piece in reader.pieces(part)] for part in reader.parts()]
    return rows.table["label"].to_pylist(), [(fault.line, fault.reason) for fault in rows.faults]


def test_labels_of_numbers_are_the_same_class_however_they_are_written(tmp_path):
    cells = ("1", " 1.0 ", "+1", "1e0", "2.5", "0", "-0", "", "nan", "high", "1e39")
    found, faults = classes_of(tmp_path, *cells)
    assert found == ["1", "1", "1", "1", "2.5", "0", "0"]
    assert faults == [
        (7, "the label label is missing"),
        (8, "the label label is nan"),
        (9, "label: 'high' is no number"),
        (10, "the label label is inf, or too large for a float32"),
    ]
    assert classes_of(tmp_path, "1", "3", classes=("1", "2"))[1] == [(1, "the label label is '3', not one of 1, 2")]


def test_labels_with_zeros_before_them_are_codes(tmp_path):
    codes = ["01", "02", "1", "10"]
    assert classes_of(tmp_path, *codes) == (codes, [])
    assert classes_of(tmp_path, *codes, types={"label": "float"}) == (["1", "2", "1", "10"], [])


def test_a_code_among_numbers_that_comes_late_is_never_another_class(tmp_path):
    found, faults = classes_of(tmp_path, *["1", "2"] * 1000, " 01", "2.0", "05.5")
    assert found == [*["1", "2"] * 1000, "2", "5.5"]
    assert faults == [
        (2000, "the label label is '01', which as a number loses its zeros; set data.types.label to string")
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_whole_number_that_stands_for_none_is_a_fault(tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    if ending == "parquet":
        parquet.write_table(pa.table({"n": [1 - 2**63, -(2**63)], "label": ["a", "b"]}), path)
    else:
        path.write_text(f"n,label\n{1 - 2**63},a\n{-(2**63)},b\n")
    data = CsvData(path=str(path), types={"n": "int"})
    reader = Reader(find_layout(list_files(data.path), data, {}), data)
    ((rows,),) = [[reader.records(piece, part.file) for piece in reader.pieces(part)] for part in reader.parts()]
    assert rows.table["n"].to_pylist() == [1 - 2**63]
    assert [fault.reason for fault in rows.faults] == [f"n is {-(2**63)}, which stands for a missing number"]
