"""Rows with columns of every type: from CSV, Parquet, lines of JSON and data frames, with the same answers."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest
from small_models import save_column_model

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from components.ingest.report import Quarantined
from pipeline.prediction.evaluate import evaluate
from pipeline.prediction.frames import predict as predict_frame
from pipeline.prediction.novelties import WatchedModel
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.rows import predict_rows

DATA = CsvData(label="class", header="yes", dates={"day": "%d.%m.%Y"})
DAY, OTHER = datetime.date(2024, 2, 29), datetime.date(2024, 3, 1)
ROWS = [
    {"size": 1.0, "code": 7, "colour": "red", "day": DAY},
    {"size": None, "code": 7, "colour": "green", "day": None},
    {"size": 2.5, "code": None, "colour": None, "day": OTHER},
]
ANSWERS = [0.9 - 0.05 + 0.001, 0.6, 0.1 + 0.0025]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed") / "1"
    save_column_model(folder)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return PushedModel(str(folder))


def predicted(model, path, data=DATA):
    found = [each for batch in predict_rows([str(path)], data, model) for each in batch]
    done = {each.row: each.scores["yes"] for each in found if not isinstance(each, Quarantined)}
    return done, {each.place.rpartition("/")[2]: each.reason for each in found if isinstance(each, Quarantined)}


def as_csv(rows):
    def cell(value):
        return "" if value is None else f"{value:%d.%m.%Y}" if isinstance(value, datetime.date) else str(value)

    return "".join(",".join(map(cell, row)) + "\n" for row in [tuple(ROWS[0]), *(row.values() for row in rows)])


def as_json(rows):
    return "".join(json.dumps(row, default=lambda date: f"{date:%d.%m.%Y}") + "\n" for row in rows)


def test_csv_parquet_json_and_frames_are_answered_alike(model, tmp_path):
    (tmp_path / "rows.csv").write_text(as_csv(ROWS))
    (tmp_path / "rows.jsonl").write_text(as_json(ROWS))
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    expected = dict(enumerate(map(pytest.approx, ANSWERS), 1))
    for name in ("rows.csv", "rows.jsonl", "rows.parquet"):
        assert predicted(model, tmp_path / name) == (expected, {}), name
    frame = pd.DataFrame(ROWS, index=[5, 6, 7])
    for day in (frame.day, pd.to_datetime(frame.day), ["29.02.2024", None, "01.03.2024"]):
        found = predict_frame(DATA, frame.assign(day=day), model)
        assert list(found.yes) == list(expected.values())
        assert list(found.index) == [5, 6, 7]


def test_a_name_that_json_lacks_is_missing_and_others_are_left_alone(model, tmp_path):
    (tmp_path / "rows.ndjson").write_text('{"colour": "red", "shape": "round"}\n{"size": NaN, "code": 7.0}\n')
    assert predicted(model, tmp_path / "rows.ndjson") == ({1: pytest.approx(0.6), 2: pytest.approx(0.6)}, {})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"size": "big"}', 'size: "big" is no number'),
        ('{"size": true}', "size: true is no number"),
        ('{"size": 1e39}', "size: 1e+39 is no number"),
        ('{"code": 1.5}', "code: 1.5 is no whole number"),
        ('{"code": -9223372036854775808}', "code: -9223372036854775808 is no whole number"),
        ('{"day": true}', "day: true is no date"),
        ('{"colour": ["red"]}', 'colour: ["red"] is no text'),
        ('{"colour": "\\ud800"}', r'colour: "\ud800" is no text'),
        ('{"day": "\\ud800"}', r'day: "\ud800" is no date'),
        ('{"day": "30.02.2024"}', 'day: "30.02.2024" is no date of the form %d.%m.%Y'),
        ('{"size": 1', "it isn't JSON: Expecting ',' delimiter"),
        ("[1, 2]", "it is no JSON object, which has a value under each column's name"),
        ("{}", "there is no value in any column that the model learned from"),
    ],
)
def test_a_line_of_json_that_is_no_row_is_told(model, tmp_path, line, reason):
    (tmp_path / "rows.jsonl").write_text(f'{{"code": 7}}\n{line}\n{{"code": 7}}\n')
    done, faults = predicted(model, tmp_path / "rows.jsonl")
    assert list(done) == [1, 3]
    assert faults == {"rows.jsonl, line 2": reason}


def test_numbers_are_texts_where_the_column_is_of_texts(model, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"colour": 3}\n')
    assert predicted(model, tmp_path / "rows.jsonl")[0] == {1: pytest.approx(0.1)}


def test_a_number_for_no_value_is_none_in_json(model, tmp_path):
    (tmp_path / "rows.jsonl").write_text(as_json([{**ROWS[0], "size": None}, {**ROWS[0], "size": -99.5}]))
    data = DATA.model_copy(update={"missing": ("", "-99.5")})
    answers = predicted(model, tmp_path / "rows.jsonl", data)[0]
    assert answers[1] == answers[2]
    with_it = predicted(model, tmp_path / "rows.jsonl")[0]
    assert with_it[1] != with_it[2]


def test_false_of_json_is_no_zero_that_stands_for_none(tmp_path):
    save_column_model(tmp_path / "1", {"colour": {"missing": 0.0, "values": ["false"]}})
    model = WatchedModel(str(tmp_path / "1"))
    (tmp_path / "rows.jsonl").write_text(as_json([{"size": 1, "colour": False}]))
    predicted(model, tmp_path / "rows.jsonl", DATA.model_copy(update={"missing": ("", "0")}))
    assert not [line for line in model.novelties.lines() if "colour" in line]


def test_values_of_json_and_frames_are_written_as_training_wrote_them(tmp_path):
    save_column_model(tmp_path / "1", {"colour": {"missing": 0.0, "values": ["true", "false", "3.0"]}})
    model = WatchedModel(str(tmp_path / "1"))
    given = [True, False, 3.0, "?"]
    (tmp_path / "rows.jsonl").write_text(as_json([{"size": 1, "colour": value} for value in given]))
    data = DATA.model_copy(update={"missing": ("?",)})
    assert len(predicted(model, tmp_path / "rows.jsonl", data)[0]) == len(given)
    predict_frame(data, pd.DataFrame({"size": 1, "code": None, "colour": given, "day": None}), model)
    assert model.novelties.unseen_share("colour") == 0
    assert [line for line in model.novelties.lines() if "colour" in line] == [
        "'colour' has no value in 2 of 8 rows (25.0%), and in no training row."
    ]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"code": True}, {"code": 1}),
        ({"code": False}, {"code": 0}),
        ({"day": 20240229}, {"day": "20240229"}),
        ({"day": 20240229.0}, {"day": "20240229"}),
        ({"size": 2**60}, {"size": float(2**60)}),
        ({"code": 7.0}, {"code": 7}),
        ({"colour": "-999"}, {"colour": None}),
        ({"colour": -999.0}, {"colour": None}),
        ({"size": 1e99}, {"size": None}),
        ({"day": "31129999"}, {"day": None}),
    ],
)
def test_a_value_of_json_is_taken_as_another_that_says_the_same(model, tmp_path, given, taken):
    data = DATA.model_copy(update={"dates": {"day": "%Y%m%d"}, "missing": ("", "-999", "1e99", "31129999")})
    rows = [{"size": 1.5, "code": 7, "colour": "red", "day": "20240301"} | each for each in (given, taken)]
    (tmp_path / "rows.jsonl").write_text(as_json(rows))
    answers, faults = predicted(model, tmp_path / "rows.jsonl", data)
    assert faults == {}
    assert answers[1] == answers[2]


def test_labels_of_json_are_written_as_training_wrote_them(tmp_path):
    save_column_model(tmp_path / "1", classes=("0.00001", "1.5e-7"))
    (tmp_path / "rows.jsonl").write_text(as_json([{"size": 1, "class": 1e-5}, {"size": 1, "class": 1.5e-7}]))
    told = []
    result = evaluate(DATA, [str(tmp_path / "rows.jsonl")], PushedModel(str(tmp_path / "1")), told.append)
    assert (result.evaluated, told) == (2, [])


def test_labelled_lines_of_json_are_evaluated(model, tmp_path):
    rows = [{**row, "class": label} for row, label in zip(ROWS, ("yes", "no", "perhaps"), strict=True)]
    (tmp_path / "rows.jsonl").write_text(as_json([*rows, ROWS[0]]))
    told = []
    result = evaluate(DATA, [str(tmp_path / "rows.jsonl")], model, told.append)
    assert (result.evaluated, result.quarantined, result.accuracy) == (2, 2, 0.5)
    assert [each.reason for each in told] == [
        "the model doesn't know the class 'perhaps': no, yes",
        "the label class is missing",
    ]


def test_a_text_that_utf_8_cannot_have_is_told(model):
    frame = pd.DataFrame([*ROWS, {"colour": "\ud800"}])
    with pytest.raises(TransferlineError, match=r"The column 'colour' has '\\ud800', which is no text") as caught:
        predict_frame(DATA, frame, model)
    assert caught.value.place == "index 3"


def test_a_frame_with_a_date_that_is_none(model):
    with pytest.raises(TransferlineError, match="The column 'day' has 'soon', which is no date"):
        predict_frame(DATA, pd.DataFrame(ROWS).assign(day="soon"), model)


def test_texts_of_a_frame_have_the_decimal_comma_of_the_data(model):
    data = DATA.model_copy(update={"decimal": ","})
    sizes = ["1,0", None, " 2,5"]
    frame = pd.DataFrame(ROWS).assign(size=sizes, code=["7,0", "7", None])
    assert list(predict_frame(data, frame, model).yes) == list(map(pytest.approx, ANSWERS))
    assert list(predict_frame(data, pd.DataFrame(ROWS), model).yes) == list(map(pytest.approx, ANSWERS))


def test_a_decimal_comma_that_the_data_does_not_have_is_told(model):
    with pytest.raises(TransferlineError, match="The column 'size' has '1,5', which is no number") as caught:
        predict_frame(DATA, pd.DataFrame(ROWS).assign(size="1,5"), model)
    assert 'set data.decimal to ","' in caught.value.cure
    with pytest.raises(TransferlineError) as caught:
        predict_frame(DATA, pd.DataFrame(ROWS).assign(size="big"), model)
    assert "data.decimal" not in caught.value.cure


def test_a_frame_of_missing_values_alone_is_not_predicted(model):
    frame = pd.DataFrame({"size": [np.nan], "code": [None], "colour": [None], "day": [pd.NaT]})
    found = predict_frame(DATA, frame, model)
    assert list(found.fault) == ["there is no value in any column that the model learned from"]
