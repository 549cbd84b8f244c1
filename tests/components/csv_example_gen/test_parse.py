"""Rows and cells in all the forms that CSV has."""

import re

import numpy as np
import pytest
from bounded import at_most, in_a_child
from row_reading import outcome

from components.csv_example_gen import parse
from components.csv_example_gen.blocks import Block
from components.csv_example_gen.config import CsvData


def test_without_a_header(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("1.000000000000000000e+00,0.5,2\n0.000000000000000000e+00,1.5,3\n" * 50)
    stored, found, faults = take(path, columns=("target", "a", "b"), label="target", classes=("0", "1"))
    assert (found, faults) == (100, [])
    assert {(row["label"], row["a"], row["b"]) for row in stored} == {(b"1", 0.5, 2), (b"0", 1.5, 3)}


def test_bom_windows_line_ends_quoted_and_padded_numbers_and_no_last_line_end(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'\xef\xbb\xbf"x",y,label\r\n"0.5",+1,"0"\r\n 1.5 ,"2 ",1\r\n2.5,.3e1,0')
    stored, found, faults = take(path)
    assert (found, faults) == (3, [])
    assert sorted((row["x"], row["y"], row["label"]) for row in stored) == [
        (0.5, 1, b"0"),
        (1.5, 2, b"1"),
        (2.5, 3, b"0"),
    ]


def test_a_missing_value_is_a_feature_that_the_example_lacks(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,city,label\n1.5,,0\n,Rome,1\n")
    stored, _, faults = take(path)
    assert faults == []
    assert sorted(stored, key=len) == [{"x": 1.5, "label": b"0"}, {"city": b"Rome", "label": b"1"}]


def test_what_the_user_calls_missing(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,label\n" + "NA,0\n?,0\n1.5,1\n2.5,1\n" * 10)
    stored, found, faults = take(path, missing=("", "NA"))
    assert (found, len(faults)) == (40, 10)
    assert {(fault.place, fault.reason) for fault in faults[:1]} == {("rows.csv, line 3", "x: '?' is no number")}
    assert sorted({row.get("x", -1.0) for row in stored}) == [-1.0, 1.5, 2.5]


def test_a_fault_in_another_column_leaves_whole_numbers_of_64_bits_as_they_are(take, tmp_path):
    largest = 2**63 - 1
    cells = ["1234567890123456789", str(largest), str(1 - 2**63), f"000{largest}", f"+{largest}", f"{largest}.0"]
    larger = ["9223372036854775808", "9999999999999999999", "-9223372036854775809", "1" * 20]
    path = tmp_path / "rows.csv"
    path.write_text("n,x,label\n1,oops,b\n" + "".join(f"{cell},1.5,a\n" for cell in [*cells, *larger]))
    stored, _, faults = take(path, types={"n": "int", "x": "float"})
    assert sorted(row["n"] for row in stored) == [1 - 2**63, 1234567890123456789, *[largest] * 4]
    reasons = ["x: 'oops' is no number", *(f"n: '{cell}' is no whole number" for cell in larger)]
    assert [fault.reason for fault in faults] == reasons


def test_booleans_are_whole_numbers_where_others_have_them_so(take, tmp_path):
    """A column of Parquet's booleans is of whole numbers; a CSV of the same rows says True."""
    path = tmp_path / "rows.csv"
    cells = ["True", "true", " TRUE ", "False", "false", "FALSE", "1", "", "yes", "Truer"]
    path.write_text("flag,x,label\n" + "".join(f"{cell},{number},a\n" for number, cell in enumerate(cells)))
    stored, _, faults = take(path, types={"flag": "int"})
    assert [row.get("flag") for row in sorted(stored, key=lambda row: row["x"])] == [1, 1, 1, 0, 0, 0, 1, None]
    assert [fault.reason for fault in faults] == [f"flag: '{cell}' is no whole number" for cell in ("yes", "Truer")]
    path.write_text("flag,label\nTrue,a\n1.5,b\n")
    _, _, faults = take(path, types={"flag": "float"})
    assert [fault.reason for fault in faults] == ["flag: 'True' is no number"]


@pytest.mark.parametrize(
    ("text", "decimal", "hint"),
    [
        ("1,5", ".", '; if its comma stands before a fraction, set data.decimal to ","'),
        ("0,123", ".", '; if its comma stands before a fraction, set data.decimal to ","'),
        ("1,234", ".", "; if it has thousands separators, write it without them"),
        ("1,234,567.50", ".", "; if it has thousands separators, write it without them"),
        ("1.234", ",", "; if it has thousands separators, write it without them"),
        (" 1.234.567,5 ", ",", "; if it has thousands separators, write it without them"),
        ("1.5", ",", ""),
        ("12,34,567", ".", ""),
    ],
)
def test_what_to_do_about_a_number_with_commas_or_points(text, decimal, hint):
    data = CsvData(decimal=decimal)
    assert parse.no_number("price", text, "number", data) == f"price: {parse.quoted(text)} is no number{hint}"


def test_line_breaks_in_cells(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('text,x,label\n"one\ntwo",0.5,0\n"said ""so"", yes",1.5,1\nplain,oops,0\n"a\n\nb",2.5,1\n')
    stored, found, faults = take(path, newlines_in_values=True)
    assert (found, [fault.place for fault in faults]) == (4, ["rows.csv, line 5"])
    assert {row["text"] for row in stored} == {b"one\ntwo", b'said "so", yes', b"a\n\nb"}


def test_how_many_lines_a_quote_that_isnt_closed_takes_in_is_told(take, tmp_path):
    path = tmp_path / "rows.csv"
    settings = {"newlines_in_values": True, "types": {"label": "string"}}
    for after, cause in (("", "a quote isn't closed"), ('5",0,1\n', "it has 3 cells instead of 2")):
        path.write_text('text,label\n"a\nb",1\n"red,0\n' + "plain,1\n" * 200 + after)
        stored, found, faults = take(path, **settings)
        assert (found, len(stored)) == (2, 1)
        lines = 200 + bool(after)
        assert [(each.place, each.reason) for each in faults] == [
            ("rows.csv, line 4", f"{cause}; it takes in {lines} more lines")
        ]


def test_inches_are_no_open_quote(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('text,x,label\n5" pipe,0.5,0\nplain,1.5,1\n7" pipe,2.5,0\n')
    stored, found, faults = take(path)
    assert (found, faults) == (3, [])
    assert {row["text"] for row in stored} == {b'5" pipe', b"plain", b'7" pipe'}


def test_quotes_that_are_closed_in_another_line_dont_hide_what_is_between(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('a,label\nb,1\n5","6\nc,2\n7","8\nd,3\n')
    stored, found, faults = take(path, types={"label": "string"})
    assert (found, faults) == (5, [])
    assert {(row["a"], row["label"]) for row in stored} == {
        *((b"b", b"1"), (b'5"', b"6"), (b"c", b"2"), (b'7"', b"8"), (b"d", b"3"))
    }


def test_lines_that_only_arrow_reads_otherwise_are_told_apart(take, tmp_path, monkeypatch):
    monkeypatch.setattr(parse, "_is_open", lambda text, data: False)
    path = tmp_path / "rows.csv"
    path.write_text("a,label\n" + "b,1\n" * 300 + '5","6\n' * 2 + "c,2\n" * 300)
    stored, found, faults = take(path, types={"label": "string"})
    assert (found, len(stored), faults) == (602, 602, [])
    path.write_text("a,label\n" + '5","6\n' * 1000)
    stored, found, faults = take(path, types={"label": "string"})
    assert found == len(stored) + len(faults) == 1000
    assert {fault.reason for fault in faults} == {"its quotes, or those of a line near it, don't enclose whole cells"}
    assert len(stored) > 30


def test_the_time_of_quotes_across_lines_grows_with_the_lines():
    block = Block(b'5","6\n' * 100_000, line=0, row=0)  # 100 s once
    with at_most():
        rows = parse.parse(block, ("a", "label"), {"a": "string", "label": "string"}, CsvData())
    assert (rows.count, rows.table.num_rows, rows.faults) == (100_000, 100_000, [])


def test_an_open_quote_before_a_long_cell_takes_little_memory(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'a,label\n1,0\n2,"' + b"x" * (30 * 2**20) + b"\n3,1\n")
    ((found, mebibytes),) = in_a_child(outcome, [path])
    assert found == (
        "2 written, 1 quarantined: a quote isn't closed; cells with line breaks need data.newlines_in_values=true"
    )
    assert mebibytes < 400


def test_a_quote_is_open_where_a_pattern_says_so():
    """The pattern is what was meant at first; it took 4 GB for a line of 30 MiB."""
    pattern = re.compile(rb'(?:^|[^"\w\s.])\s*"(?:[^"]|"")*$')
    random = np.random.default_rng(0)
    found = set()
    for _ in range(5_000):
        line = bytes(random.choice(list(b'"",; a.\n\xe9'), random.integers(0, 12)).tolist())
        is_open = bool(pattern.search(line))
        found.add(is_open)
        assert parse._ends_within_quotes(line) == is_open, line
    assert found == {True, False}


def test_a_line_of_a_million_cells_is_told_by_their_number():
    """Arrow 18, beside TensorFlow, ended the process when it told of 50,000."""
    texts = b'"' + b"," * 50_000 + b'",4\n'
    block = Block(b"1,2\n" + b"," * 1_000_000 + b"\n" + texts + b"5,6\n", line=0, row=0)
    rows = parse.parse(block, ("a", "label"), {"a": "string", "label": "string"}, CsvData())
    assert [(fault.line, fault.reason) for fault in rows.faults] == [(1, "it has 1000001 cells instead of 2")]
    assert (rows.count, rows.table["label"].to_pylist()) == (4, ["2", "4", "6"])
