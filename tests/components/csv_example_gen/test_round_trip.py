"""Any table written as CSV comes back from the TFRecords equal, or its rows are quarantined."""

import csv
import io
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.contract import LABEL
from components.csv_example_gen import blocks

ODD_NUMBERS = {
    "": None, "abc": math.nan, "1e5": 1e5, " 7 ": 7.0, "+3": 3.0, "0x10": math.nan, "1_000": math.nan, "1,5": math.nan,
    "nan": math.nan, "-inf": math.nan, "1.": 1.0, ".5": 0.5, "\u0663": math.nan,
}  # fmt: skip
"""What a cell of numbers may say, and what it is: None is missing, NaN a fault."""

NUMBERS = st.one_of(st.floats(width=32), st.floats(), st.integers(-(2**60), 2**60), st.sampled_from([*ODD_NUMBERS]))
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(',"\n\r; '), max_size=12
)
LABELS = st.sampled_from(["0", "1", "1.0", "2", "", " 1 ", "no"])
TABLES = st.lists(st.tuples(NUMBERS, TEXTS, LABELS), min_size=1, max_size=25)
BLANKS = (" ", "\t ", "\r", "\n", "\x1c", "\x1f", "\x85", "\u00a0", "\u2003", "\u3000 ", "\x01", "\u200b", "\ufeff")
LINE_ENDS = st.sampled_from(["\n", "\r\n"])


@pytest.fixture
def ingest(tmp_path, take, monkeypatch):
    """Takes rows through a CSV file and TFRecords; returns what is stored, found and quarantined."""

    def run(rows, newlines_in_values, line_end, piece):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", piece)
        text = io.StringIO()
        # csv itself quotes a carriage return only where it ends lines.
        quoting = csv.QUOTE_ALL if any("\r" in row[1] for row in rows) else csv.QUOTE_MINIMAL
        writer = csv.writer(text, lineterminator=line_end, quoting=quoting)
        writer.writerows([("x", "text", "y"), *rows])
        path = tmp_path / "rows.csv"
        path.write_bytes(text.getvalue().encode())
        types = {"x": "float", "text": "string", "y": "float"}
        return take(path, 3 * piece, label="y", types=types, newlines_in_values=newlines_in_values)

    return run


def expected(number, text, label):
    """The record of a row, or None if it is to be quarantined."""
    value = ODD_NUMBERS[number] if isinstance(number, str) else float(number)
    if not label.strip() or label == "no":
        return None
    record = {LABEL: str(int(float(label))).encode()}
    if value is not None:
        with np.errstate(over="ignore"):
            record["x"] = float(np.float32(value))
        if not math.isfinite(record["x"]):
            return None
    return record | ({"text": text.encode()} if text.strip() else {})


def frozen(records):
    return Counter(tuple(sorted(record.items())) for record in records if record is not None)


PROPERTY = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(rows=TABLES, line_end=LINE_ENDS, piece=st.sampled_from([64, 10**6]))
@example(rows=[(1.0, "a\n\nb\n", "0")] * 3, line_end="\r\n", piece=16)
@example(rows=[(1.0, "a\rb", "0"), (2.0, 'q"', "1")], line_end="\n", piece=16)
@example(rows=[(1.0, blank, "0") for blank in BLANKS], line_end="\n", piece=10**6)
def test_any_table_comes_back_or_is_quarantined(ingest, rows, line_end, piece):
    stored, found, faults = ingest(rows, True, line_end, piece)
    assert found == len(rows) == len(stored) + len(faults)
    assert frozen(stored) == frozen(expected(*row) for row in rows)


@PROPERTY
@given(rows=TABLES, line_end=LINE_ENDS, piece=st.sampled_from([64, 10**6]))
@example(rows=[(1.0, "a\n5,b,0\nc", "0")], line_end="\n", piece=10**6)
def test_without_line_breaks_in_cells_any_table_does_and_with_them_no_row_is_made_up(ingest, rows, line_end, piece):
    stored, found, faults = ingest(rows, False, line_end, piece)
    assert found == len(stored) + len(faults)
    should = frozen(expected(*row) for row in rows)
    if any("\n" in text or "\r" in text for _, text, _ in rows):
        assert frozen(stored) <= should or piece < 10**6
    else:
        assert frozen(stored) == should
