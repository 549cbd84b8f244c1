import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small_models import save_photo_model, save_row_model

import transferline
from pipeline.runs.home import owner_in
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.state import state_of
from transferline import TransferlineError

HEAVY = {"tensorflow", "tfx", "apache_beam", "pandas"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """An output folder in which a model of rows and one of photos are pushed."""
    folder = tmp_path_factory.mktemp("out")
    save_row_model(folder / "higgs_toy" / "pushed" / "7", ("0", "1"), ("m_bb", "m_jj"))
    save_photo_model(folder / "photos" / "pushed" / "3")
    return folder


@pytest.fixture
def rows(out):
    return transferline.load("higgs_toy", output_dir=out)


def one(m_bb, m_jj):
    return pytest.approx(1 / (1 + math.exp(2 * m_jj - m_bb)), abs=1e-6)


def test_importing_and_loading_wait_for_nothing_that_takes_seconds():
    code = f"import sys, transferline; transferline.load('digits'); sys.exit(bool({HEAVY} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_settings_by_key_and_folders_by_name(tmp_path):
    pipeline = transferline.load("digits", {"trainer.seed": 3, "evaluation.slices": []}, output_dir=tmp_path)
    assert (pipeline.config.trainer.seed, pipeline.config.evaluation.slices) == (3, ())
    assert pipeline.config.output_dir == str(tmp_path)
    assert transferline.load("photos", data_dir="~/pets").config.data.path == str(Path.home() / "pets")
    with pytest.raises(
        TransferlineError, match=r"seed: there is no such setting \(did you mean 'trainer.seed' or 'yardstick.seed'\?\)"
    ):
        transferline.load("digits", {"seed": 3})
    with pytest.raises(TransferlineError, match=r"did you mean 'digits'"):
        transferline.load("digit")


def test_a_data_frame_in_and_out(rows):
    frame = pd.DataFrame({"m_jj": [1, 1, 0], "note": "x", "m_bb": [3.0, None, -1]}, index=["a", "b", "c"])
    found = rows.predict(frame)
    assert list(found.columns) == ["label", "probability", "0", "1", "fault"]
    assert list(found.index) == ["a", "b", "c"]
    assert list(found.label) == ["1", "0", "0"]
    assert list(found["1"]) == [one(3, 1), one(0, 1), one(-1, 0)]
    assert list(found["0"]) == pytest.approx(list(1 - found["1"]))
    assert list(found.probability) == [found["1"]["a"], found["0"]["b"], found["0"]["c"]]
    assert list(found.fault) == ["", "", ""]


@pytest.mark.parametrize("kind", ["float64", "float32", "Int64", "bool", "object", "string", "category"])
def test_columns_of_every_kind_of_number(rows, kind):
    frame = pd.DataFrame({"m_bb": pd.Series([1, 0]).astype(kind), "m_jj": [0, 0]})
    assert list(rows.predict(frame)["1"]) == [one(1, 0), one(0, 0)]


def test_a_value_that_training_never_lacked(rows):
    found = rows.predict(pd.DataFrame({"m_bb": [1, 1], "m_jj": [np.nan, 1]}))
    assert found.label[0] is None
    assert np.isnan(found.probability[0])
    assert np.isnan(found["1"][0])
    assert list(found.fault) == ["there is no value of m_jj, which training never lacked", ""]


def test_values_are_read_as_the_models_run_read_its_own_unless_it_is_said(tmp_path):
    pushed = tmp_path / "higgs_toy" / "pushed" / "7"
    save_row_model(pushed, ("0", "1"), ("m_bb", "m_jj"))
    run = transferline.load("higgs_toy", {"data.missing": ["", "-9"]}, output_dir=tmp_path).config
    record = RunRecord(run_id="r1", status="pushed", model_uri=str(pushed), config=run.model_dump(mode="json"))
    RunStore(run.home).save(record)
    frame = pd.DataFrame({"m_bb": [-9], "m_jj": [1]})
    with pytest.warns(UserWarning, match=r'read its own.* by data.missing=\["", "-9"\]'):
        found = transferline.load("higgs_toy", output_dir=tmp_path).predict(frame)
    assert list(found["1"]) == [one(0, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = transferline.load("higgs_toy", {"data.missing": [""]}, output_dir=tmp_path).predict(frame)
    assert list(found["1"]) == [one(-9, 1)]


def test_no_rows_at_all(rows):
    assert rows.predict(pd.DataFrame({"m_bb": [], "m_jj": []})).shape == (0, 5)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"m_jj": [1], "m_lv": [1]}, "The data frame lacks the columns m_bb"),
        ({"m_bb": [1, "high"], "m_jj": [1, 2]}, "The column 'm_bb' has 'high', which is no number"),
        ({"m_bb": [1.0, 1e300], "m_jj": [1, 2]}, r"The column 'm_bb' has 1e\+300"),
        ({"m_bb": pd.to_datetime(["2020-01-01"]), "m_jj": [1]}, "The column 'm_bb' has Timestamp"),
    ],
)
def test_a_data_frame_that_is_none_for_the_model(rows, frame, message):
    with pytest.raises(TransferlineError, match=message):
        rows.predict(pd.DataFrame(frame))


def test_a_column_that_is_there_twice(rows):
    frame = pd.DataFrame([[1, 2, 3]], columns=["m_bb", "m_jj", "m_bb"])
    with pytest.raises(TransferlineError, match="has more than one column m_bb"):
        rows.predict(frame)


def test_files_of_rows(rows, tmp_path):
    (tmp_path / "rows.csv").write_text("m_bb,m_jj\n3,1\nx,1\n0,1\n")
    found = rows.predict(tmp_path / "rows.csv")
    assert list(found.columns) == ["file", "row", "label", "probability", "0", "1", "fault"]
    assert list(found.row) == [1, 2, 3]
    assert list(found.label) == ["1", None, "0"]
    (fault,) = found[found.fault != ""].itertuples()
    assert (fault.file, fault.fault) == (f"{tmp_path}/rows.csv, line 3", "m_bb: 'x' is no number")


def test_photos(out, tmp_path):
    Image.new("L", (8, 8), 250).save(tmp_path / "a.png")
    photos = transferline.load("photos", output_dir=out)
    found = photos.predict([tmp_path / "a.png", str(tmp_path / "absent.png")])
    assert list(found.columns) == ["file", "label", "probability", "dark", "light", "fault"]
    by_file = found.set_index("file")
    assert (by_file.label[str(tmp_path / "a.png")], by_file.fault[str(tmp_path / "a.png")]) == ("light", "")
    assert by_file.label[str(tmp_path / "absent.png")] is None
    assert by_file.fault[str(tmp_path / "absent.png")] == "the file is missing"
    with pytest.raises(TransferlineError, match="takes photos, and a data frame holds rows"):
        photos.predict(pd.DataFrame({"a": [1]}))


def test_nothing_pushed_is_said(tmp_path):
    with pytest.raises(TransferlineError, match="No model of 'digits' has been pushed yet"):
        transferline.load("digits", output_dir=tmp_path).predict("photo.png")


def test_a_run_that_cannot_start_is_said(tmp_path):
    with pytest.raises(TransferlineError, match="in files of a local folder"):
        transferline.load("digits", output_dir="gs://bucket").run()


def test_where_nothing_changed_the_last_run_comes_back_and_the_folder_is_claimed(tmp_path):
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.png").write_bytes(b"a photo")
    settings = {"trainer.weights": None}
    photos = transferline.load("photos", settings, data_dir=tmp_path / "data", output_dir=tmp_path / "out")
    model = Path(photos.config.pushed_dir) / "7"
    model.mkdir(parents=True)
    Path(photos.config.metadata_path).touch()
    digest = state_of(photos.config).digest
    record = RunRecord(run_id="20260101T000000-00001", status="pushed", model_uri=str(model), state=digest)
    RunStore(photos.config.home).save(record)
    assert photos.run() == record
    assert owner_in(photos.config.home).built_in == "photos"


def test_a_run_that_fails_comes_back_with_its_reason(tmp_path):
    record = transferline.load("photos", data_dir=tmp_path / "absent", output_dir=tmp_path / "out").run()
    assert record.status == "failed"
    assert record.error is not None
    assert "absent" in record.error.place
