import gzip
import math
import shutil

import pandas as pd
import pytest
import tensorflow as tf
from hostile_parquet import run_command, write_hostile
from small_models import save_row_model

from components.arrow import pa, parquet
from components.csv_example_gen import blocks
from components.csv_example_gen import parquet as parquet_rows
from components.csv_example_gen.config import CsvData
from components.ingest.report import Quarantined
from pipeline.prediction import json_rows
from pipeline.prediction import rows as rows_module
from pipeline.prediction.frames import predict as predict_frame
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import QuarantinedRow
from pipeline.prediction.rows import predict_rows

NAMED = CsvData(label="class", header="yes")
UNNAMED = CsvData(label="class", header="no", columns=("class", "a", "note", "my b"))


@pytest.fixture
def predict(tmp_path, row_model):
    """Writes a file, predicts its rows, and returns what came of each."""

    def run(content, data=NAMED, name="rows.csv"):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [each for batch in predict_rows([str(path)], data, row_model) for each in batch]

    return run


def yes(a, b):
    return pytest.approx(1 / (1 + math.exp(2 * b - a)), abs=1e-5)


def test_columns_by_name_in_any_order_without_a_label(predict, tmp_path):
    first, second = predict("note,my b,a\nx,1,3\ny,1,0\n")
    assert first.file == str(tmp_path / "rows.csv")
    assert [(each.row, each.label, each.scores["yes"]) for each in (first, second)] == [
        (1, "yes", yes(3, 1)),
        (2, "no", yes(0, 1)),
    ]


@pytest.mark.parametrize("cut", [0.2, 0.8])
def test_the_class_is_that_of_the_model_s_cut(tmp_path, cut):
    save_row_model(tmp_path / "7", cut=cut)
    (tmp_path / "rows.csv").write_text("a,my b\n1,0\n-1,0\n-2,0\n2,0\n")
    model = PushedModel(str(tmp_path / "7"))
    found = [each for batch in predict_rows([str(tmp_path / "rows.csv")], NAMED, model) for each in batch]
    rows = tf.constant([[1, 0], [-1, 0], [-2, 0], [2, 0]], tf.float32)
    served = tf.saved_model.load(model.folder).signatures["rows"](rows=rows)
    assert [each.label.encode() for each in found] == served["label"].numpy().tolist()
    assert [each.label for each in found] == ["yes" if each.scores["yes"] > cut else "no" for each in found]
    frame = predict_frame(NAMED, pd.DataFrame({"a": [1, -1, -2, 2], "my b": 0}), model)
    assert frame["label"].tolist() == [each.label for each in found]
    assert frame["probability"].tolist() == pytest.approx([each.scores[each.label] for each in found])


def test_a_label_and_other_columns_do_not_matter(predict):
    (found,) = predict("class,a,my b,when\nnobody knows,3,1,2020-01-01\n")
    assert found.scores["yes"] == yes(3, 1)


@pytest.mark.parametrize("line", ["yes,3,x,1", "3,x,1"])
def test_without_a_header_with_and_without_the_label(predict, line):
    (found,) = predict(f"{line}\n", UNNAMED)
    assert found.scores["yes"] == yes(3, 1)
    assert found.row == 1


def test_a_first_row_of_text_is_no_header_where_columns_are_named(predict):
    found = predict("yes,3,x,1\nno,0,y,1\n", UNNAMED.model_copy(update={"header": "auto"}))
    assert [each.label for each in found] == ["yes", "no"]


def test_gzip_and_delimiter_and_missing(predict):
    data = NAMED.model_copy(update={"delimiter": ";", "missing": ("", "NA")})
    found = predict(gzip.compress(b"a;my b\nNA;1\n2;0.5\n"), data, "rows.csv.gz")
    assert [each.scores["yes"] for each in found] == [yes(0, 1), yes(2, 0.5)]


def test_parquet(predict, tmp_path):
    table = pa.table({"note": ["x"] * 5, "my b": [1.0] * 5, "a": pa.array([3, None, 0, 1, 2]), "flag": [True] * 5})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=2)
    found = predict(None, name="rows.parquet")
    assert [each.row for each in found] == [1, 2, 3, 4, 5]
    assert [each.scores["yes"] for each in found] == [yes(3, 1), yes(0, 1), yes(0, 1), yes(1, 1), yes(2, 1)]


def test_rows_that_cannot_be_read_are_told_with_their_line(predict, tmp_path):
    found = predict("a,my b\n1,1\nx,1\n1\n2,\n3,1\n")
    faults = [each for each in found if isinstance(each, Quarantined)]
    assert {fault.place.rpartition(" ")[2]: fault.reason for fault in faults} == {
        "3": "a: 'x' is no number",
        "4": "it has 1 cells instead of 2",
        "5": "there is no value of my b, which training never lacked",
    }
    assert all(fault.place.startswith(f"{tmp_path}/rows.csv, line") for fault in faults)
    assert [each.row for each in found if not isinstance(each, Quarantined)] == [1, 5]


def test_many_rows_come_in_batches_and_ranges(predict, monkeypatch):
    monkeypatch.setattr(rows_module, "BATCH", 100)
    plain = blocks.ranges_of
    monkeypatch.setattr(blocks, "ranges_of", lambda *args, whole: plain(*args, whole=whole, range_bytes=1000))
    found = predict("a,my b\n" + "".join(f"{n / 100},0\n" for n in range(1000)))
    assert [each.row for each in found] == list(range(1, 1001))
    assert [each.scores["yes"] for each in found] == [yes(n / 100, 0) for n in range(1000)]


WRONG = {1, 2, 7, 100, 101, 250, 300}
"""Rows that are wrong: the first ones, the last one, and on both sides of a batch's end."""


def with_wrong_rows(right, wrong):
    return "".join(f"{wrong if row in WRONG else right}\n" for row in range(1, 301))


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("rows.csv", "a,my b\n" + with_wrong_rows("1,0", "x,0"), NAMED),
        ("rows.csv", "a,my b\n" + with_wrong_rows("1,0", ""), NAMED),
        ("rows.csv", "a,my b\n" + with_wrong_rows("1,0", ","), NAMED),
        ("rows.csv.gz", "a,my b\n" + with_wrong_rows("1,0", "1"), NAMED),
        (
            "rows.csv",
            "a,my b,note\n" + with_wrong_rows('1,0,"two\nlines"', 'x,0,"two\nlines"'),
            NAMED.model_copy(update={"newlines_in_values": True}),
        ),
        ("rows.jsonl", with_wrong_rows('{"a": 1, "my b": 0}', '{"a": "x"}'), NAMED),
        ("rows.jsonl", with_wrong_rows('{"a": 1, "my b": 0}', ""), NAMED),
    ],
)
def test_rows_and_faults_come_in_the_order_of_the_file(predict, monkeypatch, name, content, data):
    monkeypatch.setattr(rows_module, "BATCH", 50)
    monkeypatch.setattr(json_rows, "AT_ONCE", 80)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)
    plain = blocks.ranges_of
    monkeypatch.setattr(blocks, "ranges_of", lambda *args, whole: plain(*args, whole=whole, range_bytes=500))
    found = predict(gzip.compress(content.encode()) if name.endswith(".gz") else content, data, name)
    assert [each.row for each in found] == list(range(1, 301))
    assert {each.row for each in found if isinstance(each, Quarantined)} == WRONG


def test_rows_of_parquet_and_faults_come_in_the_order_of_the_file(predict, tmp_path, monkeypatch):
    monkeypatch.setattr(rows_module, "BATCH", 50)
    monkeypatch.setattr(parquet_rows, "BATCH_ROWS", 80)
    texts = ["x" if row in WRONG else "1" for row in range(1, 301)]
    parquet.write_table(pa.table({"a": texts, "my b": [0.0] * 300}), tmp_path / "rows.parquet", row_group_size=130)
    found = predict(None, name="rows.parquet")
    assert [each.row for each in found] == list(range(1, 301))
    assert {each.row for each in found if isinstance(each, Quarantined)} == WRONG


def test_a_frame_of_files_has_a_row_for_each_of_theirs(row_model, tmp_path):
    (tmp_path / "a.csv").write_text("a,my b\nx,0\n1,0\n\n2,0\n3\n")
    (tmp_path / "b.csv").write_text("a,c\n1,0\n")
    frame = predict_frame(NAMED, [str(tmp_path / name) for name in ("a.csv", "b.csv")], row_model)
    assert frame["row"].astype(object).tolist() == [1, 2, 3, 4, 5, pd.NA]
    assert frame["label"].tolist() == [None, "yes", None, "yes", None, None]
    assert [bool(fault) for fault in frame["fault"]] == [True, False, True, False, True, True]


@pytest.mark.parametrize(
    ("content", "data", "reason"),
    [
        ("a,c\n1,2\n", NAMED, "The file lacks the columns my b."),
        ("1,2\n", UNNAMED, "The first line has 2 cells; 4 are expected, or 3 without the label."),
        ("", NAMED, "The file is empty."),
        (None, NAMED, "There is no such file or folder."),
    ],
)
def test_a_file_that_is_no_such_table(predict, content, data, reason):
    (fault,) = predict(content, data)
    assert fault.reason == reason


def test_the_command_reads_a_hostile_parquet_file_and_never_runs_it(row_model, tmp_path):
    shutil.copytree(row_model.folder, tmp_path / "out" / "higgs_toy" / "pushed" / "1")
    write_hostile(tmp_path / "rows.parquet", tmp_path / "it_ran")
    done = run_command("predict", "higgs_toy", tmp_path / "rows.parquet", "--output-dir", tmp_path / "out")
    assert not (tmp_path / "it_ran").exists()
    assert done.returncode == 1
    assert done.stderr.startswith("rows.parquet: ")
    assert "arrow.py_extension_type" in done.stderr
    assert done.stderr.endswith("0 predicted, 1 couldn't be\n")


KEYED = NAMED.model_copy(update={"id": ("n", "town")})


def test_the_key_of_a_row_goes_with_its_prediction(predict):
    found = predict("n,a,my b,town\n007,3,1,Rome\n008,2,1,\n", KEYED)
    assert [each.key for each in found] == [{"n": "007", "town": "Rome"}, {"n": "008", "town": ""}]
    assert [each.row for each in found] == [1, 2]
    (found,) = predict("a,my b\n3,1\n", KEYED)
    assert found.key == {"n": "", "town": ""}


def test_a_row_without_any_value_is_named_and_not_predicted(predict, tmp_path):
    first, fault, last = predict("a,note,my b\n3,x,1\n,nothing else,\n1,x,1\n")
    assert (first.row, last.row) == (1, 3)
    assert fault == QuarantinedRow(
        place=f"{tmp_path}/rows.csv, line 3",
        reason="there is no value in any column that the model learned from",
        row=2,
    )


def test_dates_are_read_as_training_read_them(predict):
    data = NAMED.model_copy(update={"dates": {"a": "%d.%m.%Y"}})
    found = predict("a,my b\n01.01.1970,1\n30.02.1970,1\n", data)
    assert found[0].scores["yes"] == yes(0, 1)
    assert found[1].reason == "a: '30.02.1970' is no date of the form %d.%m.%Y"
