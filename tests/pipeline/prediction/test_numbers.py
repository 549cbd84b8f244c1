"""A number is predicted: from CSV, Parquet, lines of JSON and data frames, on the screen and into files."""

import csv
import datetime
import json
import math

import numpy as np
import pandas as pd
import pytest
from small_models import save_number_model

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.ingest.report import Quarantined
from pipeline.prediction.frames import predict as predict_frame
from pipeline.prediction.novelties import WatchedModel
from pipeline.prediction.predict import predict_and_print, predict_and_write
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.rows import predict_rows

DATA = CsvData(label="price", header="yes", dates={"day": "iso"}, id=("prediction",))
DAY = datetime.date(2024, 2, 29)
ROWS = [
    {"prediction": "a", "size": 1.1, "day": DAY, "price": 95.5},
    {"prediction": "b", "size": None, "day": datetime.date(2024, 3, 1), "price": 99.0},
    {"prediction": "c", "size": None, "day": None, "price": 1.0},
    {"prediction": "d", "size": 2e38, "day": DAY, "price": 2.0},
]
ANSWERS = {1: np.float32(100 + np.float32(1.1)) - np.float32(7.5), 2: np.float32(100)}
FAULTS = {
    3: "there is no value in any column that the model learned from",
    4: "the model's answer is no finite number",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed") / "1"
    save_number_model(folder)
    return str(folder)


@pytest.fixture
def files(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    lines = (json.dumps({**row, "day": row["day"] and row["day"].isoformat()}) + "\n" for row in ROWS)
    (tmp_path / "rows.jsonl").write_text("".join(lines))
    return {name: str(tmp_path / f"rows.{name}") for name in ("csv", "parquet", "jsonl")}


def test_csv_parquet_json_and_frames_are_answered_alike(folder, files):
    model = PushedModel(folder)
    for name, path in files.items():
        found = [each for batch in predict_rows([path], DATA, model, labelled=True) for each in batch]
        done = [each for each in found if not isinstance(each, Quarantined)]
        assert {each.row: np.float32(each.value) for each in done} == ANSWERS, name
        assert [(each.key, each.actual_value, each.label, each.scores) for each in done] == [
            ({"prediction": "a"}, 95.5, "", {}),
            ({"prediction": "b"}, 99.0, "", {}),
        ]
        assert {each.reason for each in found if isinstance(each, Quarantined)} == set(FAULTS.values())
    frame = predict_frame(DATA, pd.DataFrame(ROWS, index=[5, 6, 7, 8]), PushedModel(folder))
    assert list(frame.columns) == ["prediction", "fault"]
    assert list(frame.index) == [5, 6, 7, 8]
    assert frame.prediction.dtype == np.float32
    assert frame.prediction[:2].tolist() == list(ANSWERS.values())
    assert frame.prediction[2:].isna().all()
    assert frame.fault.tolist() == ["", "", *FAULTS.values()]


def test_files_in_python_have_file_row_key_and_prediction(folder, files):
    found = predict_frame(DATA, files["csv"], PushedModel(folder))
    assert list(found.columns) == ["file", "row", "id prediction", "prediction", "fault"]
    assert found.prediction.dropna().tolist() == list(ANSWERS.values())
    assert found["id prediction"].dropna().tolist() == ["a", "b"]


def test_a_label_that_is_no_number_is_not_evaluated(folder, tmp_path):
    (tmp_path / "rows.csv").write_text('prediction,size,day,price\na,1,,"1,5"\nb,1,,nan\n')
    (tmp_path / "rows.jsonl").write_text('{"size": 1, "price": "cheap"}\n{"size": 1}\n')
    model = PushedModel(folder)
    paths = [str(tmp_path / f"rows.{name}") for name in ("csv", "jsonl")]
    found = [each.reason for batch in predict_rows(paths, DATA, model, labelled=True) for each in batch]
    assert found == [
        "price: '1,5' is no number; if its comma stands before a fraction, set data.decimal to \",\"",
        "the label price is nan",
        'price: "cheap" is no number',
        "the label price is missing",
    ]


def test_a_line_of_json_and_a_row_of_csv_have_the_number_as_the_model_gave_it(folder, files, tmp_path, capsys):
    outcome = predict_and_print(DATA, [files["csv"]], WatchedModel(folder), as_json=True)
    assert (outcome.predicted, outcome.quarantined) == (2, 2)
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        {"file": files["csv"], "row": 1, "id": {"prediction": "a"}, "prediction": 93.6},
        {"file": files["csv"], "row": 2, "id": {"prediction": "b"}, "prediction": 100.0},
    ]
    assert [np.float32(each["prediction"]) for each in shown] == list(ANSWERS.values())
    for name in ("out.csv", "out.jsonl"):
        predict_and_write(DATA, [files["csv"]], WatchedModel(folder), tmp_path / name)
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == shown
    with (tmp_path / "out.csv").open() as stream:
        header, first, _ = csv.reader(stream)
    assert header == ["file", "row", "id prediction", "prediction"]
    assert first == [files["csv"], "1", "a", "93.6"]


def test_the_table_has_a_column_for_it(folder, files, capsys):
    predict_and_print(DATA, [files["csv"]], WatchedModel(folder), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["prediction", "93.6", "100"]
    assert len({len(line) for line in lines}) == 1
    assert math.isfinite(float(lines[1].split()[-1]))
