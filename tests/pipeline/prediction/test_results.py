import json

import numpy as np

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
