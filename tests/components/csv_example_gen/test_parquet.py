"""Parquet files that were made to take memory, damaged ones, and columns of all types."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from bounded import in_a_child
from row_reading import outcome

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.parquet import _typed_column as typed_column
from components.errors import TransferlineError


def test_a_long_text_in_a_dictionary_takes_little_memory(tmp_path):
    """It is 96 KiB in the file, and would be 1.5 GiB of a batch of rows."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 16_384, pa.int32()), ["x" * 98_304])
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"a": texts.cast(pa.string()), "label": [0, 1] * 8_192}), path)
    assert path.stat().st_size < 100_000
    ((found, mebibytes),) = in_a_child(outcome, [path])
    assert found == "16384 written, 0 quarantined: "
    assert mebibytes < 600


@pytest.mark.parametrize("texts", [["x", None, "y" * 200_000, "z"] * 200, ["x" * 1000] * 800])
def test_smaller_batches_have_the_same_rows(take, tmp_path, texts):
    path = tmp_path / "rows.parquet"
    numbers = list(range(len(texts)))
    parquet.write_table(pa.table({"a": texts, "x": numbers, "label": ["0", "1"] * (len(texts) // 2)}), path)
    stored, found, faults = take(path)
    assert (found, faults) == (len(texts), [])
    assert {int(row["x"]): row.get("a") for row in stored} == {
        number: text and text.encode() for number, text in zip(numbers, texts, strict=True)
    }


def test_text_that_isnt_utf8_is_quarantined(take, tmp_path):
    path = tmp_path / "rows.parquet"
    texts = pa.array([b"a", b"\xff\xfe", None, b"b"]).view(pa.string())
    parquet.write_table(pa.table({"a": texts, "label": ["0", "1", "0", "1"]}), path)
    stored, found, faults = take(path)
    assert (found, len(stored)) == (4, 3)
    assert [(fault.place, fault.reason) for fault in faults] == [
        ("rows.parquet, row 2", "a: it isn't UTF-8 text, or of more than 32 MiB")
    ]


@pytest.mark.parametrize(
    ("values", "kept", "reason"),
    [
        (pa.array([1.0, float("nan"), 3.0, 4.0]), [1, None, 3, 4], ""),
        (pa.array([1.0, 2.5, 3.0, float("nan")]), [1, 3, None], "x: 2.5 is no int64"),
        (pa.array([1.0, 1e30, None, 4.0]), [1, None, 4], "x: 1e+30 is no int64"),
        (pa.array([1, 2**63, 3, 4], pa.uint64()), [1, 3, 4], "x: 9223372036854775808 is no int64"),
        (pa.array([Decimal("1.0"), Decimal("2.5"), None, Decimal(4)]), [1, None, 4], "x: Decimal('2.5') is no int64"),
    ],
    ids=["nan", "fraction", "too large", "uint64", "decimal"],
)
def test_a_number_that_is_no_whole_one_is_missing_or_quarantined(take, tmp_path, values, kept, reason):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": values, "label": ["a", "b", "a", "b"]}), path)
    stored, found, faults = take(path, types={"x": "int"})
    assert found == 4
    assert [fault.reason for fault in faults] == ([reason] if reason else [])
    assert sorted(row.get("x", 0) for row in stored) == sorted(value or 0 for value in kept)


@pytest.mark.parametrize("kind", ["float", "string"])
def test_nan_of_parquet_is_a_missing_value(take, tmp_path, kind):
    """Pandas, polars and Spark write it for one."""
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": [1.5, float("nan"), None, 4.5], "label": ["a", "b", "a", "b"]}), path)
    stored, found, faults = take(path, types={"x": kind})
    assert (found, len(stored), faults) == (4, 4, [])
    assert sorted(float(row["x"]) for row in stored if "x" in row) == [1.5, 4.5]


def test_a_label_or_weight_that_is_nan_is_missing_and_infinity_no_number(take, tmp_path):
    path = tmp_path / "rows.parquet"
    nan, infinity = float("nan"), float("inf")
    table = {"x": [1.0, 2.0, infinity, 4.0], "w": [1.0, nan, 1.0, 1.0], "label": [0.0, 1.0, 0.0, nan]}
    parquet.write_table(pa.table(table), path)
    stored, _, faults = take(path, weight="w")
    assert len(stored) == 1
    assert [fault.reason for fault in faults] == [
        "the weight w is missing",
        "x is inf, or too large for a float32",
        "the label label is missing",
    ]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([Decimal(123), None, Decimal(-7)], pa.decimal128(38, 0)), ["123", None, "-7"]),
        (pa.array([Decimal(2**64), Decimal(1)], pa.decimal128(38, 0)), [str(2**64), "1"]),
        (pa.array([Decimal("1.50"), None, Decimal("-0.05")]), ["1.50", None, "-0.05"]),
    ],
    ids=["whole", "beyond 64 bits", "fractions"],
)
def test_decimals_can_be_text(values, texts):
    assert typed_column("x", values, "string", CsvData(), {}).to_pylist() == texts


def test_decimals_can_be_dates():
    dates = pa.array([Decimal(20240229), None], pa.decimal128(38, 0))
    settings = CsvData(dates={"day": "%Y%m%d"})
    assert typed_column("day", dates, "date", settings, {}).to_pylist() == [1_709_164_800, None]


def test_a_decimal_is_the_nearest_number_of_32_bits():
    values = [Decimal(number) / 100 for number in range(0, 100_000, 7)]
    stored = typed_column("x", pa.array(values, pa.decimal128(12, 2)), "float", CsvData(), {})
    assert stored.equals(pa.array([np.float32(float(value)) for value in values], pa.float32()))


@pytest.mark.skipif(int(pa.__version__.split(".")[0]) < 15, reason="Arrow reads no float16")
def test_numbers_of_16_bits_can_stand_for_none():
    halves = pa.array(np.array([1.5, -999, np.nan], np.float16))
    assert typed_column("x", halves, "float", CsvData(missing=("", "-999")), {}).to_pylist() == [1.5, None, None]


@pytest.mark.parametrize(
    ("column", "kind", "cause"),
    [
        (pa.array([1, 2], pa.duration("s")), None, r"'x' holds duration\[s\], which is no number and no text"),
        (pa.array([date(2024, 2, 29)] * 2), "float", r"'x' holds date32\[day\], which can't be read as float"),
    ],
    ids=["duration", "date"],
)
def test_a_type_that_cant_be_taken_is_no_damage(take, tmp_path, column, kind, cause):
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": column, "label": ["a", "b"]}), path)
    with pytest.raises(TransferlineError, match=cause) as caught:
        take(path, types={"x": kind} if kind else {})
    assert caught.value.place == "rows.parquet"


@pytest.mark.parametrize("least", [7, 2**63], ids=["some", "all"])
def test_whole_numbers_beyond_64_bits_with_a_sign_are_text(take, tmp_path, least):
    path = tmp_path / "rows.parquet"
    keys = pa.array([least, 2**64 - 1, None, least + 1], pa.uint64())
    small = pa.array([1, 2, None, 3], pa.uint64())
    parquet.write_table(pa.table({"small": small, "key": keys, "label": list("abab")}), path, row_group_size=1)
    stored, found, faults = take(path)
    assert (found, faults) == (4, [])
    assert {row.get("key") for row in stored} == {
        str(least).encode(),
        str(2**64 - 1).encode(),
        None,
        str(least + 1).encode(),
    }
    assert {row.get("small") for row in stored} == {1, 2, None, 3}


def test_what_comes_before_a_damage_is_kept(tmp_path):
    path = tmp_path / "rows.parquet"
    numbers = list(range(60_000))
    table = pa.table({"x": numbers, "label": [number % 2 for number in numbers]})
    parquet.write_table(table, path, use_dictionary=False, compression="gzip", data_page_size=2**15)
    content = bytearray(path.read_bytes())
    column = parquet.ParquetFile(path).metadata.row_group(0).column(0)
    at = column.data_page_offset + column.total_compressed_size // 2
    content[at : at + 2000] = b"\xff" * 2000
    path.write_bytes(content)
    found = outcome(path)
    assert "1 quarantined: the file is damaged or ends in the middle: " in found
    assert not found.startswith("0 written")


@pytest.mark.parametrize("columns", [[1], [0, 1]])
def test_columns_that_are_shorter_than_the_file_says_are_told(tmp_path, columns):
    """Arrow 10 ends the process where it reads columns of several lengths together."""
    path = tmp_path / "rows.parquet"
    parquet.write_table(pa.table({"x": [1.5] * 50, "label": [*range(40), *[None] * 10]}), path)
    group = parquet.ParquetFile(path).metadata.row_group(0)
    header, values = b"\x2c\x15", {50: b"\x64", 9: b"\x12"}  # a data page's, of Thrift, and how many values it has
    content = path.read_bytes()
    for column in columns:
        at = content.index(header + values[50], group.column(column).data_page_offset) + len(header)
        content = content[:at] + values[9] + content[at + 1 :]
    path.write_bytes(content)
    ((found, _),) = in_a_child(outcome, [path])
    assert "1 quarantined: the file is damaged or ends in the middle: " in found
