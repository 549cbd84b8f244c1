"""Numbers that stand for no value, and are written in another way or have a type of their own."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.missing import numbers_for_none, stand_for_none

MISSING = ("", "NA", "-999", "9,5", "1e3", "nan", "inf", "1_0", " -7 ", "9" * 400, "9" * 5_000)


def test_texts_that_write_a_number_are_one():
    assert numbers_for_none(CsvData()) == ()
    assert numbers_for_none(CsvData(missing=MISSING)) == (-999, 1000.0)
    assert numbers_for_none(CsvData(missing=MISSING, decimal=",")) == (-999, 9.5, 1000.0)


def test_zeros_before_a_number_make_it_a_code():
    """As a number 00 would make all zeros missing."""
    assert numbers_for_none(CsvData(missing=("00", "01", "-007", "00.5", "+01"))) == ()
    assert numbers_for_none(CsvData(missing=("0", "0.0", "-0.50", ".5", "+7", "1."))) == (0, 0, -0.5, 0.5, 7, 1)


@pytest.mark.parametrize(
    ("column", "missing", "expected"),
    [
        (pa.array([-999, 1, None, 1000]), ("-999", "1e3"), [True, False, False, True]),
        (pa.array([-99.9, 1, None, float("nan")], pa.float32()), ("-99.9",), [True, False, False, False]),
        (pa.array([-99.9, -99.9000000001]), ("-99.9",), [True, False]),
        (pa.array([0.0, -0.0, 1.0]), ("0",), [True, True, False]),
        (pa.array([Decimal("-999.00"), None, Decimal("9.50")]), ("-999", "9.5"), [True, False, True]),
        (pa.array([Decimal("0.3"), Decimal("0.4")]), ("0.3", "0.25", "1e30"), [True, False]),
        (pa.array([2**63 - 1, 2**63 - 2]), (str(2**63 - 1), str(2**64)), [True, False]),
        (pa.array([255, 1], pa.uint8()), ("-1", "300", "1.5"), [False, False]),
        (pa.array([], pa.int64()), ("1",), []),
    ],
    ids=["int64", "float32", "double", "zero", "decimal", "no double", "largest", "of no such number", "empty"],
)
def test_numbers_are_compared_as_precisely_as_a_column_has_them(column, missing, expected):
    assert stand_for_none(column, CsvData(missing=missing)).to_pylist() == expected


CELLS = ("-999", "-999.0", " -999.00 ", '"-999.0"', "-9.99e2", "-998", "1.0")


@pytest.mark.parametrize("fault", ["", "oops"], ids=["at once", "again, as text"])
@pytest.mark.parametrize(
    ("cells", "settings", "kept"),
    [
        (CELLS, {"types": {"x": "float"}}, [-998, 1]),
        (CELLS[:4] + CELLS[5:], {"types": {"x": "int"}}, [-998, 1]),
        (["-999,0", "-999", "1,5"], {"decimal": ",", "delimiter": ";"}, [1.5]),
        (["-999.0", "-999", "Rome"], {"types": {"x": "string"}}, [b"-999.0", b"Rome"]),
        (["nan", " NaN ", '"NaN "', "NaN", "2.5"], {}, [2.5]),
        (["0", "0.0", "00", " 7", "007"], {"types": {"x": "int"}}, [0, 0, 7]),
    ],
    ids=["float", "int", "decimal comma", "text", "nan", "code"],
)
def test_a_cell_of_csv_that_is_a_number_for_none_is_missing(take, tmp_path, cells, settings, kept, fault):
    """So pandas writes a column of floats: -999.0."""
    path = tmp_path / "rows.csv"
    settings = {"delimiter": ",", "types": {}, **settings}
    sep, types = settings["delimiter"], {"y": "float", "label": "string", **settings["types"]}
    lines = [f"{cell}{sep}1{sep}a\n" for cell in cells]
    path.write_text(f"x{sep}y{sep}label\n{''.join(lines)}" + f"3{sep}{fault}{sep}b\n" * bool(fault))
    stored, found, faults = take(path, missing=("", "-999", "NaN", "00", "007"), **{**settings, "types": types})
    assert (found, len(faults)) == (len(cells) + bool(fault), bool(fault))
    assert sorted((row["x"] for row in stored if "x" in row), key=str) == sorted(kept, key=str)


def test_a_label_of_csv_can_be_a_number_for_none(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,label\n1.5,0\n2.5,-1.0\n3.5,1\n4.5,-1\n")
    stored, found, faults = take(path, missing=("", "-1"))
    assert (found, len(stored)) == (4, 2)
    assert [fault.reason for fault in faults] == ["the label label is missing"] * 2


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


@pytest.mark.parametrize(
    ("days", "missing"),
    [
        (pa.array([date(9999, 12, 31), date(2024, 2, 29), None]), "9999-12-31"),
        (pa.array([datetime(9999, 12, 31), datetime(2024, 2, 29), None], pa.timestamp("us")), "31.12.9999"),
        (pa.array(["31.12.9999", "29.02.2024", None]), "9999-12-31"),
        (pa.array(["31.12.9999", "29.02.2024", None]), "31.12.9999"),
    ],
    ids=["days", "times", "text", "the same text"],
)
def test_a_date_that_stands_for_none_is_missing(take, tmp_path, days, missing):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"day": days, "label": ["a", "b", "a"]}), path)
    stored, found, faults = take(path, dates={"day": "%d.%m.%Y"}, missing=("", "NA", missing))
    assert (found, faults) == (3, [])
    assert sorted(row.get("day", 0) for row in stored) == [0, 0, 1_709_164_800]
