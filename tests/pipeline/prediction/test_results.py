import io
import json

import numpy as np

from pipeline.prediction.output import writer
from pipeline.prediction.results import TableLines, prediction

CLASSES = ("a'b", "ü", "cat", "dog")


def test_json_lines():
    each = prediction("folder/x\n.jpg", None, np.array([0.1, 0.2, 0.6, 0.1], np.float32), CLASSES)
    line = each.as_json()
    assert "\n" not in line
    assert json.loads(line) == {
        "file": "folder/x\\n.jpg",
        "label": "cat",
        "scores": {"a'b": 0.1, "ü": 0.2, "cat": 0.6, "dog": 0.1},
    }
    assert json.loads(prediction("rows.csv", 7, np.array([1, 0, 0, 0], np.float32), CLASSES).as_json())["row"] == 7


def test_table_lines_are_aligned():
    table = TableLines(CLASSES, ("a.jpg",), rows=False)
    one = prediction("a.jpg", None, np.array([0.1, 0.2, 0.6, 0.1], np.float32), CLASSES)
    long = prediction("folder/" * 20 + "b.jpg", None, np.array([0.7, 0.2, 0.1, 0], np.float32), CLASSES)
    lines = [table.header(), table.line(one), table.line(long)]
    assert {line.index("probability") if "probability" in line else line.index("0.") - 5 for line in lines} == {
        lines[0].index("probability")
    }
    assert lines[1].endswith("cat 0.6000, ü 0.2000, a'b 0.1000")


def test_rows_have_their_number():
    table = TableLines(CLASSES, ("rows.csv",), rows=True)
    line = table.line(prediction("rows.csv", 1234, np.array([0.1, 0.2, 0.6, 0.1], np.float32), CLASSES))
    assert line.split()[:3] == ["rows.csv", "1,234", "cat"]


def test_keys_stand_beside_the_number_of_the_row():
    scores = np.array([0.1, 0.2, 0.6, 0.1], np.float32)
    each = prediction("rows.csv", 7, scores, CLASSES, key={"n": "007", "to\nwn": ""})
    assert json.loads(each.as_json())["id"] == {"n": "007", "to\\nwn": ""}
    table = TableLines(CLASSES, ("rows.csv",), rows=True, ids=("n", "town"))
    assert table.header().split()[:5] == ["file", "row", "n", "town", "label"]
    assert table.line(each).index("cat") == table.header().index("label")


def test_keys_are_columns_of_the_file_that_is_written():
    stream = io.StringIO()
    write = writer(stream, ".csv", CLASSES, rows=True, ids=("row", "cat", "n"))
    scores = np.array([0.1, 0.2, 0.6, 0.1], np.float32)
    write([prediction("rows.csv", 7, scores, CLASSES, key={"row": "a", "cat": "b", "n": "c"})])
    header, line = stream.getvalue().splitlines()
    assert header == "file,row,id row,id cat,n,label,probability,a'b,ü,cat,dog"
    assert line == "rows.csv,7,a,b,c,cat,0.6,0.1,0.2,0.6,0.1"
