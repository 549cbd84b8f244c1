"""What is counted in the columns of the training split is what pandas counts in its records."""

import csv
import gzip
import io
import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import value_table
from components.arrow import pa, parquet
from components.contract import LABEL
from components.csv_example_gen import blocks, column_counts, tally
from components.csv_example_gen.beam_pipeline import Plan, finish, number_rows
from components.csv_example_gen.column_counts import ColumnCounts, read_columns
from components.csv_example_gen.config import CsvData
from components.csv_example_gen.files import list_files
from components.csv_example_gen.layout import find_layout
from components.csv_example_gen.splits import make_rule
from components.csv_example_gen.tally import Tallies, add_up, summed

TYPES = {"x": "float", "code": "float", "n": "int", "text": "string", LABEL: "string"}


def expected(records, name):
    """What pandas finds in a feature of the records."""
    kind = TYPES[name]
    values = pd.Series([record.get(name) for record in records], dtype=object).dropna()
    counts = values.value_counts()
    most = column_counts.MOST_DISTINCT[kind]
    counted = {} if len(counts) > most else counts.to_dict()
    order = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    if kind == "string":
        order = [(value.decode(), n) for value, n in order if len(value) <= column_counts.LONGEST_VALUE]
    elif len(order) > tally.LISTED_VALUES:
        order = []
    numbers = kind != "string" and len(values) > 0
    return ColumnCounts(
        name=name,
        type=kind,
        rows=len(records),
        missing=len(records) - len(values),
        distinct=min(len(counts), most),
        more_distinct=len(counts) > most,
        values={as_text(value): n for value, n in order[: tally.LISTED_VALUES]},
        lowest=values.min() if numbers else None,
        highest=values.max() if numbers else None,
    )


def as_text(value):
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else str(np.float32(value))


def assert_equal(found, wanted):
    assert found == wanted
    assert list(found.values.items()) == list(wanted.values.items())  # the order too


@pytest.fixture
def count(tmp_path, decode, monkeypatch):
    """Counts the columns of rows, range by range; returns what was counted, and the records of the training split."""

    def run(rows, piece):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", piece)
        text = io.StringIO()
        csv.writer(text).writerows([TYPES, *rows])
        path = tmp_path / "rows.csv"
        path.write_bytes(text.getvalue().encode())
        data = CsvData(path=str(path), types=TYPES)
        layout = find_layout(list_files(data.path), data, {})
        plan = Plan(layout, data, make_rule(data.split, layout, data.label, data.no_inputs))
        parts = blocks.ranges_of(0, layout.files[0], whole=False, range_bytes=3 * piece)
        numbering = number_rows([(part, plan.reader.count(part)) for part in parts])
        records, ranges, too_many = [], [], frozenset()
        for part in parts:
            columns: Tallies = {}
            for block in plan.reader.pieces(part):
                done = finish(block, part, plan, numbering, too_many=too_many)
                add_up(columns, done.columns.get("train", {}))
                too_many |= {name for name, each in columns.items() if each.too_many}
                records.append(done.records.get("train", b""))
            ranges.append(columns)
        target = tmp_path / "train.gz"
        target.write_bytes(b"".join(records))
        stored = tf.data.TFRecordDataset(str(target), compression_type="GZIP") if any(records) else []
        names = {name for columns in ranges for name in columns}
        found = {name: summed([columns[name] for columns in ranges if name in columns]).counts(name) for name in names}
        return found, [decode(record.numpy()) for record in stored]

    return run


CODES = st.sampled_from(["0", "1", "1.0", "-0.0", "2.5", ""])
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False).map(str) | CODES
WHOLE = st.integers(-(10**17), 10**17).map(str) | st.sampled_from(["3", "7", ""])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.sampled_from(["a", "b", "c" * 300, ""])
ROWS = st.tuples(NUMBERS, CODES, WHOLE, TEXTS, st.sampled_from(["yes", "no"]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROWS, min_size=1, max_size=40),
    piece=st.sampled_from([64, 10**6]),
    most=st.sampled_from([3, 10**5]),
    listed=st.sampled_from([2, 10**4]),
    waiting=st.sampled_from([1, 10**6]),
)
def test_any_table_is_counted_as_pandas_does(count, monkeypatch, rows, piece, most, listed, waiting):
    for kind in ("string", "int", "float"):
        monkeypatch.setitem(column_counts.MOST_DISTINCT, kind, most)
    monkeypatch.setattr(tally, "LISTED_VALUES", listed)
    monkeypatch.setattr(value_table, "ADDED_UP_AT_ONCE", waiting)
    found, records = count(rows, piece)
    assert set(found) == (set(TYPES) if records else set())
    for name, counts in found.items():
        assert_equal(counts, expected(records, name))


def as_csv(rows):
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return "".join(",".join(line) + "\n" for line in [TYPES, *cells])


def test_files_of_each_kind_and_many_ranges_are_counted_by_the_workers_together(execute, tmp_path, monkeypatch):
    monkeypatch.setitem(blocks.ranges_of.__kwdefaults__, "range_bytes", 2_000)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 700)
    monkeypatch.setitem(column_counts.MOST_DISTINCT, "float", 100)
    rows = [
        (i / 7, i % 2, i * 10**9, ["Rome", "Oslo", None][i % 3], ["yes", "no"][i % 5 == 0]) for i in range(600)
    ]  # fmt: skip
    (tmp_path / "data").mkdir()
    texts = [as_csv(rows[:300]), as_csv(rows[300:400])]
    (tmp_path / "data" / "a.csv").write_text(texts[0])
    (tmp_path / "data" / "b.csv.gz").write_bytes(gzip.compress(texts[1].encode()))
    table = pa.table({name: [row[at] for row in rows[400:]] for at, name in enumerate(TYPES)})
    parquet.write_table(table, tmp_path / "data" / "c.parquet", row_group_size=50)
    report, splits = execute(tmp_path / "data", types={"x": "float", "code": "float", "n": "int"})
    found = read_columns(str(tmp_path / "out" / "ingest_report"))
    assert report.found == 600
    assert list(found) == list(TYPES)
    for name, counts in found.items():
        assert_equal(counts, expected(splits["train"], name))
    assert found["x"].more_distinct
    assert found["code"].values.keys() == {"0", "1"}
    assert found["text"].missing > 0


def test_a_table_without_rows_has_columns_without_counts(execute, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,label\noops,1\n,\n")
    execute(path, types={"x": "float"})
    file = tmp_path / "out" / "ingest_report" / column_counts.COLUMNS_FILE
    assert [(column["name"], column["rows"]) for column in json.loads(file.read_text())] == [("x", 0), (LABEL, 0)]
