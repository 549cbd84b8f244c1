"""A label that is a number to predict, and numbers that are written with a comma."""

import datetime
import json
import math

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.column_counts import read_columns
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.reader import Reader
from components.errors import TransferlineError

CELLS = {
    "1.5": 1.5,
    " -2 ": -2.0,
    "": "the label price is missing",
    "nan": "the label price is nan",
    "-inf": "the label price is -inf, or too large for a float32",
    "1e39": "the label price is inf, or too large for a float32",
    "cheap": "price: 'cheap' is no number",
    "3,25": "price: '3,25' is no number; if its comma stands before a fraction, set data.decimal to \",\"",
    "1.234,5": "price: '1.234,5' is no number",
    "16777216": 16777216.0,
}


def read(path, task="regression", **settings):
    """Values of the label, and the reason of each line without one."""
    data = CsvData(path=str(path), label="price", **settings)
    reader = Reader(find_layout(list_files(data.path), data, {}, task), data)
    ((rows,),) = [[reader.records(piece, part.file) for piece in reader.pieces(part)] for part in reader.parts()]
    return rows.table, {fault.line: fault.reason for fault in rows.faults}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_label_that_is_no_finite_number_is_set_aside_with_its_reason(tmp_path, ending):
    path = tmp_path / f"rows.{ending}"
    if ending == "csv":
        path.write_text("x;price\n" + "".join(f"1;{cell}\n" for cell in CELLS))
    else:
        parquet.write_table(pa.table({"x": [1] * len(CELLS), "price": list(CELLS)}), path)
    table, faults = read(path, delimiter=";")
    assert table["label"].type == pa.float32()
    assert table["label"].to_pylist() == [found for found in CELLS.values() if isinstance(found, float)]
    assert faults == {line: found for line, found in enumerate(CELLS.values()) if isinstance(found, str)}


@pytest.mark.parametrize("values", [[3, None, 5], [True, None, False], [3.5, None, float("nan")]])
def test_typed_labels_of_parquet(tmp_path, values):
    parquet.write_table(pa.table({"x": [1, 2, 3], "price": values}), tmp_path / "rows.parquet")
    table, faults = read(tmp_path / "rows.parquet")
    kept = [float(value) for value in values if value is not None and not math.isnan(value)]
    assert table["label"].to_pylist() == kept
    assert faults[1] == "the label price is missing"


def test_a_label_of_dates_is_refused(tmp_path):
    days = [datetime.date(2024, 1, day) for day in (1, 2)]
    parquet.write_table(pa.table({"x": [1, 2], "price": days}), tmp_path / "rows.parquet")
    with pytest.raises(TransferlineError, match="The label 'price' is of dates, and a number is to be predicted"):
        read(tmp_path / "rows.parquet")


def test_records_hold_the_number_and_the_report_from_where_to_where_it_goes(execute, tmp_path):
    path = tmp_path / "rows.csv"
    prices = [0.5 + n for n in range(300)]
    path.write_text("x,price\n" + "".join(f"{n},{price}\n" for n, price in enumerate(prices)))
    report, splits = execute(
        path, task="regression", label="price", split={"by": "rows", "eval_rows": 9, "test_rows": 40}
    )
    assert {split: [row["label"] for row in rows] for split, rows in splits.items()} == {
        "eval": prices[:9], "train": prices[9:-40], "test": prices[-40:],
    }  # fmt: skip
    assert report.counts == {"train": {"": 251}, "eval": {"": 9}, "test": {"": 40}}
    assert {split: (found.lowest, found.highest, found.outside) for split, found in report.label_ranges.items()} == {
        "eval": (0.5, 8.5, 9), "train": (9.5, 259.5, 0), "test": (260.5, 299.5, 40),
    }  # fmt: skip
    assert report.label_ranges["test"].highest_place == "rows.csv, line 301"
    label = read_columns(str(tmp_path / "out" / "ingest_report"))["label"]
    assert (label.type, label.rows, label.lowest, label.highest) == ("float", 251, 9.5, 259.5)


def test_the_report_of_classes_says_nothing_of_ranges(execute, tmp_path):
    (tmp_path / "rows.csv").write_text("x,price\n" + "".join(f"{n},{n % 2}\n" for n in range(100)))
    report, splits = execute(tmp_path / "rows.csv", label="price")
    assert splits["train"][0]["label"] in (b"0", b"1")
    assert report.label_ranges == {}
    assert "label_ranges" not in json.loads((tmp_path / "out" / "ingest_report" / "report.json").read_text())


def test_a_decimal_comma_of_all_numbers(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x;n;price\n0,5;1;2,25\n;2;1e2\n1.5;3;4\n-,5;16777217,0;7\n")
    table, faults = read(path, delimiter=";", decimal=",", types={"n": "int"})
    assert table.to_pydict() == {"x": [0.5, None, -0.5], "n": [1, 2, 16777217], "label": [2.25, 100.0, 7.0]}
    assert faults == {2: "x: '1.5' is no number"}


def test_rows_of_numbers_with_commas_have_no_header(tmp_path):
    (tmp_path / "rows.csv").write_text("0,5;2,5\n1,5;3,5\n")
    table, _ = read(tmp_path / "rows.csv", delimiter=";", decimal=",", columns=("x", "price"))
    assert table.to_pydict() == {"x": [0.5, 1.5], "label": [2.5, 3.5]}


def test_commas_in_quotes_between_commas(tmp_path):
    (tmp_path / "rows.csv").write_text('x,price\n"0,5","2,5"\n"1,5",3\n')
    table, _ = read(tmp_path / "rows.csv", decimal=",")
    assert table.to_pydict() == {"x": [0.5, 1.5], "label": [2.5, 3.0]}
