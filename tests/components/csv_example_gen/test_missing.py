"""Numbers that stand for no value, where numbers have a type of their own."""

from decimal import Decimal

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.missing import numbers_for_none, stand_for_none

MISSING = ("", "NA", "-999", "9,5", "1e3", "nan", "inf", "1_0", " -7 ", "9" * 5_000)


def test_texts_that_write_a_number_are_one():
    assert numbers_for_none(CsvData()) == ()
    assert numbers_for_none(CsvData(missing=MISSING)) == (-999, 1000.0)
    assert numbers_for_none(CsvData(missing=MISSING, decimal=",")) == (-999, 9.5, 1000.0)


@pytest.mark.parametrize(
    ("column", "missing", "expected"),
    [
        (pa.array([-999, 1, None, 1000]), ("-999", "1e3"), [True, False, False, True]),
        (pa.array([-99.9, 1, None, float("nan")], pa.float32()), ("-99.9",), [True, False, False, False]),
        (pa.array([-99.9, -99.9000000001]), ("-99.9",), [True, False]),
        (pa.array([Decimal("-999.00"), None, Decimal("9.50")]), ("-999", "9.5"), [True, False, True]),
        (pa.array([2**63 - 1, 2**63 - 2]), (str(2**63 - 1), str(2**64)), [True, False]),
        (pa.array([255, 1], pa.uint8()), ("-1", "300", "1.5"), [False, False]),
        (pa.array([], pa.int64()), ("1",), []),
    ],
    ids=["int64", "float32", "double", "decimal", "largest", "of no such number", "empty"],
)
def test_numbers_are_compared_as_precisely_as_a_column_has_them(column, missing, expected):
    assert stand_for_none(column, CsvData(missing=missing)).to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "kind"),
    [([-999, 1, 2, None], "float"), ([-999.0, 1.0, 2.0, None], "int"), ([-999, 1, 2, None], "string")],
)
def test_parquet_lacks_what_the_data_says_is_missing(take, tmp_path, values, kind):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": values, "label": ["a", "b", "a", "b"]}), path)
    stored, found, faults = take(path, types={"x": kind}, missing=("", "-999"))
    assert (found, faults) == (4, [])
    assert sorted(str(row.get("x", "none")) for row in stored) == sorted(
        ["none", "none", *({"float": ["1.0", "2.0"], "int": ["1", "2"], "string": ["b'1'", "b'2'"]}[kind])]
    )


def test_a_label_of_parquet_can_be_missing(take, tmp_path):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": [1.0, 2.0, 3.0], "label": [0, -1, 1]}), path)
    stored, found, faults = take(path, missing=("", "-1"))
    assert (found, len(stored)) == (3, 2)
    assert [fault.reason for fault in faults] == ["the label label is missing"]
