import json
import math

import numpy as np
import pytest
from PIL import Image
from small_models import save_row_model

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.image_example_gen.config import ImageData
from components.intervals import share_interval
from pipeline.prediction.evaluate import evaluate
from pipeline.prediction.pushed_model import PushedModel

ROWS = CsvData(label="class", header="yes")
# a - 2 b, whose sigmoid is the probability of yes, is 3, 1, -1, -2, 2.
KNOWN = "yes,3,0\nno,1,0\nyes,-1,0\nno,-2,0\nyes,2,0\n"


@pytest.fixture
def measure(tmp_path, row_model):
    """Writes a file of rows, evaluates the model on it, and returns what came out and what was told."""

    def run(content, data=ROWS, model=row_model):
        (tmp_path / "rows.csv").write_text(content)
        told = []
        return evaluate(data, [str(tmp_path / "rows.csv")], model, told.append), told

    return run


def test_rows_whose_metrics_are_worked_out_by_hand(measure):
    result, told = measure("class,a,my b\n" + KNOWN)
    assert (result.evaluated, result.quarantined, told) == (5, 0, [])
    assert result.accuracy == pytest.approx(3 / 5)
    assert result.accuracy_low < 0.6 < result.accuracy_high
    assert result.confusion == ((1, 1), (1, 2))
    no, yes = result.classes
    assert (no.name, no.count, no.predicted, no.precision, no.recall) == ("no", 2, 2, 1 / 2, 1 / 2)
    assert (yes.name, yes.count, yes.predicted, yes.precision, yes.recall) == ("yes", 3, 3, 2 / 3, 2 / 3)
    assert result.auc == pytest.approx(5 / 6)  # of six pairs, only (-1, 1) is in the wrong order
    own = [1 / (1 + math.exp(-x)) for x in (3, -1, -1, 2, 2)]
    assert result.crossentropy == pytest.approx(-np.log(own).mean(), abs=1e-6)


def test_classes_are_told_apart_by_the_cut_of_the_model(measure, tmp_path):
    save_row_model(tmp_path / "7", cut=0.1)
    result, _ = measure("class,a,my b\n" + KNOWN, model=PushedModel(str(tmp_path / "7")))
    assert result.confusion == ((0, 2), (0, 3))  # the least probability of yes is that of -2: 0.12
    assert result.accuracy == pytest.approx(3 / 5)
    assert result.auc == pytest.approx(5 / 6)


def test_what_cannot_be_evaluated_is_named_and_counted(measure, tmp_path):
    bad = "maybe,1,0\n,1,0\nyes,x,0\nyes,1\nyes,1,\n"
    result, told = measure("class,a,my b\n" + KNOWN + bad)
    assert (result.evaluated, result.quarantined) == (5, 5)
    assert result.confusion == ((1, 1), (1, 2))
    assert {each.place.removeprefix(f"{tmp_path}/"): each.reason for each in told} == {
        "rows.csv, row 6": "the model doesn't know the class 'maybe': no, yes",
        "rows.csv, line 8": "the label class is missing",
        "rows.csv, line 9": "a: 'x' is no number",
        "rows.csv, line 10": "it has 2 cells instead of 3",
        "rows.csv, line 11": "there is no value of my b, which training never lacked",
    }


WEIGHTED = ROWS.model_copy(update={"weight": "w"})


def test_rows_count_by_their_weights(measure):
    result, told = measure("class,a,my b,w\nyes,3,0,1\nno,1,0,2\nyes,-1,0,0.5\nno,-2,0,4\nyes,2,0,0\n", WEIGHTED)
    assert (result.evaluated, result.quarantined, result.weight, told) == (5, 0, 7.5, [])
    assert result.accuracy == pytest.approx(5 / 7.5)
    assert (result.accuracy_low, result.accuracy_high) == share_interval(5 / 7.5, 7.5**2 / (1 + 4 + 0.25 + 16))
    assert result.confusion == ((1, 1), (1, 2))
    no, yes = result.classes
    assert (no.count, no.predicted, no.precision, no.recall) == (2, 2, pytest.approx(4 / 4.5), pytest.approx(4 / 6))
    assert (yes.count, yes.predicted, yes.precision, yes.recall) == (3, 3, pytest.approx(1 / 3), pytest.approx(1 / 1.5))
    # Of pairs (yes, no): 3 is above 1 and -2, -1 above -2 alone.
    assert result.auc == pytest.approx((1 * 6 + 0.5 * 4) / (1.5 * 6))
    own = [1 / (1 + math.exp(-x)) for x in (3, -1, -1, 2, 2)]
    expected = np.average(-np.log(own), weights=[1, 2, 0.5, 4, 0])
    assert result.crossentropy == pytest.approx(expected, abs=1e-6)


def test_weights_that_are_none_or_absent_are_named(measure, tmp_path):
    result, told = measure("class,a,my b,w\nyes,3,0,2\nno,1,0,\nyes,-1,0,-1\n", WEIGHTED)
    assert (result.evaluated, result.quarantined, result.weight, result.accuracy) == (1, 2, 2.0, 1.0)
    assert [each.reason for each in told] == ["the weight w is missing", "the weight w is -1, which is below 0"]
    _, (fault,) = measure("class,a,my b\nyes,3,0\n", WEIGHTED)
    assert fault.reason == "The file lacks the columns w."


def test_rows_that_all_weigh_nothing_have_no_metrics(measure):
    result, _ = measure("class,a,my b,w\nyes,3,0,0\nno,1,0,0\n", WEIGHTED)
    assert (result.evaluated, result.weight, result.accuracy, result.auc, result.crossentropy) == (
        2,
        0,
        None,
        None,
        None,
    )


def test_lines_of_json_have_weights_too(tmp_path, row_model):
    rows = [{"class": "yes", "a": 3, "my b": 0, "w": 2}, {"class": "no", "a": 1, "my b": 0, "w": 1}]
    bad = [{"class": "no", "a": 1, "my b": 0}, {"class": "no", "a": 1, "my b": 0, "w": -0.5}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows + bad))
    told = []
    result = evaluate(WEIGHTED, [str(tmp_path / "rows.jsonl")], row_model, told.append)
    assert (result.evaluated, result.quarantined, result.weight) == (2, 2, 3)
    assert result.accuracy == pytest.approx(2 / 3)
    assert [each.reason for each in told] == ["the weight w is missing", "the weight w is -0.5, which is below 0"]


@pytest.mark.parametrize("label", ["1", "1.0", " 1 "])
def test_labels_are_read_as_at_ingestion(measure, tmp_path, label):
    save_row_model(tmp_path / "7", ("0", "1"))
    result, _ = measure(f"my b,class,a\n0,{label},3\n0,0,-1\n", model=PushedModel(str(tmp_path / "7")))
    assert (result.evaluated, result.accuracy) == (2, 1.0)


def test_classes_that_only_look_like_numbers_are_read_as_text(measure, tmp_path):
    save_row_model(tmp_path / "7", ("01", "02"))
    result, told = measure("my b,class,a\n0,02,3\n0, 01 ,-1\n0,2,3\n", model=PushedModel(str(tmp_path / "7")))
    assert (result.evaluated, result.accuracy) == (2, 1.0)
    assert [each.reason for each in told] == ["the model doesn't know the class '2': 01, 02"]


@pytest.mark.parametrize("classes", [("0", "1"), ("False", "True"), ("false", "true")])
@pytest.mark.parametrize("texts", [("False", "True"), ("false", "true"), ("FALSE", "TRUE"), ("0", "1"), ("0.0", "1.0")])
def test_booleans_are_the_classes_however_both_are_written(measure, tmp_path, classes, texts):
    save_row_model(tmp_path / "7", classes)
    content = f"my b,class,a\n0,{texts[1]},3\n0,{texts[0]},-1\n"
    result, told = measure(content, model=PushedModel(str(tmp_path / "7")))
    assert (result.evaluated, result.accuracy, told) == (2, 1.0, [])


@pytest.mark.parametrize("classes", [("0", "1"), ("False", "True"), ("false", "true")])
def test_booleans_of_parquet_and_json_are_the_classes(tmp_path, classes):
    save_row_model(tmp_path / "7", classes)
    rows = [{"class": True, "a": 3.0, "my b": 0.0}, {"class": False, "a": -1.0, "my b": 0.0}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    for data in (ROWS, ROWS.model_copy(update={"types": {"class": "string"}})):
        paths = [str(tmp_path / name) for name in ("rows.jsonl", "rows.parquet")]
        result = evaluate(data, paths, PushedModel(str(tmp_path / "7")), print)
        assert (result.evaluated, result.quarantined, result.accuracy) == (4, 0, 1.0)


def test_without_a_header(measure):
    data = CsvData(label="class", header="no", columns=("class", "a", "my b"))
    result, _ = measure(KNOWN, data)
    assert (result.evaluated, result.accuracy) == (5, pytest.approx(3 / 5))


def test_no_label_at_all(measure):
    result, (fault,) = measure("a,my b\n1,2\n")
    assert (result.evaluated, result.quarantined, result.accuracy, result.auc) == (0, 1, None, None)
    assert fault.reason == "The file lacks the columns class."
    assert [each.recall for each in result.classes] == [None, None]


def test_records_of_one_class_have_no_auc(measure):
    result, _ = measure("class,a,my b\nyes,3,0\nyes,-1,0\n")
    assert (result.accuracy, result.auc) == (0.5, None)
    assert [(each.precision, each.recall) for each in result.classes] == [(0.0, None), (1.0, 0.5)]


def test_photos_by_their_class_folders(tmp_path, photo_model):
    for place, brightness in {"light/a.png": 250, "light/b.png": 10, "dark/c.png": 20, "grey/d.png": 99}.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        Image.new("L", (8, 8), brightness).save(tmp_path / place)
    (tmp_path / "dark" / "e.png").write_bytes(b"text")
    (tmp_path / "f.png").write_bytes(b"outside")
    told = []
    paths = [str(tmp_path), str(tmp_path / "absent")]
    result = evaluate(ImageData(), paths, photo_model, told.append)
    assert (result.evaluated, result.quarantined) == (3, 4)
    assert result.accuracy == pytest.approx(2 / 3)
    assert result.confusion == ((1, 0), (1, 1))
    reasons = {each.place: each.reason for each in told}
    assert reasons["grey/d.png"] == "the model doesn't know the class 'grey': dark, light"
    assert "not a photo but text" in reasons["dark/e.png"]
    assert reasons["f.png"] == "outside of every class folder"
    assert reasons[f"{tmp_path}/absent"] == "There is no such file or folder."


def test_the_users_own_names_of_classes(tmp_path, photo_model):
    (tmp_path / "bright").mkdir()
    Image.new("L", (8, 8), 250).save(tmp_path / "bright" / "a.png")
    data = ImageData(class_aliases={"bright": "light"})
    assert evaluate(data, [str(tmp_path)], photo_model, print).accuracy == 1.0
