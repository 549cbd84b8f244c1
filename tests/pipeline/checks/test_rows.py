import gzip

import pytest

from components.arrow import pa, parquet
from components.csv_example_gen.config import CsvData
from components.data_gate.config import GateRules
from components.evaluator.config import Evaluation, Threshold
from components.transform.config import Category, CountPositive, Date, Number, Quantiles, RowTransform, Text
from pipeline.checks.rows import look_at_rows
from pipeline.config import RowPipeline


@pytest.fixture
def look(tmp_path):
    """A function that writes lines to a file and looks at it."""

    def look(lines, file="rows.csv", transform=None, gate=None, **settings):
        content = "".join(f"{line}\n" for line in lines).encode()
        (tmp_path / file).write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
        return look_at_rows(pipeline(tmp_path / file, transform, gate, **settings))

    return look


def pipeline(path, transform=None, gate=None, **settings):
    return RowPipeline(
        name="rows",
        data=CsvData(path=str(path), **settings),
        transform=transform or RowTransform(),
        evaluation=Evaluation(thresholds=(Threshold(metric="auc", at_least=0),)),
        gate=gate or GateRules(),
    )


def texts(look, subject, level="ok"):
    return [finding.text for finding in look.findings if (finding.subject, finding.level) == (subject, level)]


HEADER = "x,colour,label"
ROWS = [f"{number},red,{number % 2}" for number in range(100)]


@pytest.mark.parametrize("file", ["rows.csv", "rows.csv.gz"])
def test_columns_types_and_classes_of_a_file(look, file):
    found = look([HEADER, *ROWS], file)
    assert {finding.level for finding in found.findings} == {"ok"}
    assert texts(found, "data")[0].endswith("1 file, 100 rows")
    (text,) = texts(found, "columns")
    assert "and 2 more (1 float, 1 string), of which 1 are features; " in text
    assert text.endswith("not learned from: colour (the same value in every row)")
    assert texts(found, "classes") == ["2 classes (0: 50, 1: 50)"]
    assert texts(found, "splits") == ["By hash"]
    assert (found.classes, found.columns) == ({"0", "1"}, ("x", "colour"))


def test_parquet(tmp_path):
    table = pa.table({"x": [1.0, 2.0] * 20, "label": ["a", "b"] * 20})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=10)
    found = look_at_rows(pipeline(tmp_path / "rows.parquet"))
    assert texts(found, "data")[0].endswith("1 file, 40 rows")
    assert texts(found, "classes", "ok") == ["2 classes (a: 20, b: 20)"]
    assert found.classes == {"a", "b"}


def test_of_a_large_file_some_is_looked_at(look, monkeypatch):
    monkeypatch.setattr("pipeline.profile.rows.SAMPLE_BYTES", 600)
    found = look([HEADER, *ROWS * 10])
    assert texts(found, "data")[0].endswith("1 file, 1,000 rows")
    (text,) = texts(found, "classes", "ok")
    assert text.startswith("2 classes (0: ")
    assert text.endswith(" rows that were read)")
    assert found.classes is None  # the others weren't looked at


def test_no_label_column_gets_the_nearest(look):
    (text,) = texts(look([HEADER, *ROWS], label="lable"), "data", "fault")
    assert "There is no column 'lable' (did you mean 'label'?)" in text


def test_settings_that_name_no_column_or_a_column_of_text(look):
    transform = RowTransform(
        features=("x", "y"), slices={"a": Quantiles(column="colour"), "b": CountPositive(columns=("x", "colr"))}
    )
    found = look([HEADER, *ROWS], transform=transform)
    assert texts(found, "columns", "fault") == [
        "transform.features names 'y', which is no column",
        "transform.slices.a names 'colour' for the kind number, and it is text.",
        "transform.slices.b names 'colr', which is no column (did you mean 'colour'?)",
    ]


def test_settings_that_name_kinds_which_a_column_cannot_be(look):
    features = {"x": Category(), "colour": Date(), "y": Number()}
    found = look([HEADER, *ROWS], transform=RowTransform(features=features))
    assert texts(found, "columns") == ["Label label, and 2 more (1 float, 1 string), of which 3 are features"]
    assert texts(found, "columns", "fault") == [
        "transform.features names 'colour' for the kind date, and it is text.",
        "transform.features names 'y', which is no column",
    ]


def test_no_column_of_numbers_is_a_fault(look):
    assert texts(look(["a,label", "red,1", "red,0"]), "columns", "fault")


def test_one_class_alone_is_a_fault(look):
    assert texts(look([HEADER, "1,red,0", "2,red,0"]), "classes", "fault") == ["There is one class alone (0: 2)."]


def test_a_class_that_no_row_has(look):
    found = look([HEADER, *ROWS], classes=("0", "1", "2"))
    assert texts(found, "classes", "warning") == ["There is no row of 2, which data.classes names."]
    assert found.classes == {"0", "1", "2"}


def test_rows_that_go_to_quarantine_are_told_with_their_line(look):
    found = look([HEADER, *ROWS, "x,red,1", ""])
    assert texts(found, "rows", "warning") == [
        "1 of 101 rows can't be used (1.0%): rows.csv, line 102: x: 'x' is no number."
    ]
    found = look([HEADER, *ROWS, *["x,red,1"] * 10])
    (text,) = texts(found, "rows", "fault")
    assert text.startswith("10 of 110 rows can't be used (9.1%)")
    assert text.endswith(" and 7 more; more than gate.max_quarantined = 5.0% stops the run.")
    assert [finding.cure for finding in found.findings if finding.level == "fault"] == [
        "Fix them, or leave them out with --set gate.max_quarantined=0.1."
    ]


def test_so_many_rows_are_counted_and_not_all_told(look):
    (text,) = texts(look([HEADER, *ROWS, *["1,red,1,1"] * 300]), "rows", "fault")
    assert "300 of 400 rows can't be used (75.0%): rows.csv, line 102: it has 4 cells instead of 3" in text
    assert " and 297 more; " in text


def test_rows_that_are_the_same_in_train_and_test_are_a_fault_unless_the_gate_lets_them_pass(look, tmp_path):
    rows = [HEADER, *ROWS, *ROWS[50:53]]
    by_rows = {"by": "rows", "eval_rows": 10, "test_rows": 10}
    (text,) = texts(look(rows, split=by_rows), "splits", "fault")
    assert text == "3 rows are the same in train and test, so the test would be too optimistic."
    assert texts(look(rows, split=by_rows, gate=GateRules(fail_on_leak=False)), "splits", "warning") == [text]
    assert texts(look(rows), "splits", "fault") == []  # by hash copies stay together
    assert texts(look([HEADER, *ROWS], split=by_rows), "splits", "fault") == []
    (tmp_path / "rows.csv").unlink()
    for split, lines in (("train", ROWS), ("validation", ROWS[:2]), ("test", ["7,red,1", "900,red,1"])):
        (tmp_path / f"{split}.csv").write_text("\n".join([HEADER, *lines]))
    (text,) = texts(look_at_rows(pipeline(tmp_path)), "splits", "fault")
    assert text.startswith("1 row is the same in train and test")


def test_a_split_that_asks_for_more_rows_than_there_are(look):
    assert "There are 100 rows" in texts(look([HEADER, *ROWS], split={"by": "rows"}), "splits", "fault")[0]


def test_a_label_of_numbers_is_doubted(look):
    found = look([HEADER, *(f"1,red,{number}" for number in range(1_001))])
    assert "1,001 unique values" in texts(found, "classes", "warning")[-1]


def test_a_file_that_isnt_parquet(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"text")
    assert texts(look_at_rows(pipeline(tmp_path / "rows.parquet")), "data", "fault")


CONFLICTING = [f"{number % 50},red,{number // 50}" for number in range(100)]
COUNTED = {"by": "hash", "key": ("x",), "count_conflicts": True}


def test_rows_in_conflict_are_counted_where_the_split_asks_for_it(look):
    assert texts(look([HEADER, *CONFLICTING]), "conflicts", "warning") == []
    (text,) = texts(look([HEADER, *CONFLICTING], split=COUNTED), "conflicts", "warning")
    assert text.startswith("100 of 100 records (100.0%) conflict")
    assert texts(look([HEADER, *ROWS], split=COUNTED), "conflicts") == [
        "No two rows with the same inputs have different labels"
    ]


def test_more_conflicts_than_the_gate_allows_are_a_fault(look):
    found = look([HEADER, *CONFLICTING], split=COUNTED, gate=GateRules(max_conflicts=0.3))
    (text,) = texts(found, "conflicts", "fault")
    assert text.endswith("for more than 50.0% of the records; gate.max_conflicts = 30.0% stops the run.")


def test_a_class_with_too_few_rows_for_each_split(look):
    rows = [HEADER, *ROWS, "7,red,2", "8,red,2"]
    text = "Too few rows to be in train, eval and test: 2: 2"
    assert texts(look(rows), "splits", "warning") == [f"{text}."]
    found = look(rows, gate=GateRules(fail_on_missing_class=True))
    assert texts(found, "splits", "fault") == [f"{text}; gate.fail_on_missing_class stops the run."]


def test_a_note_beside_the_rows_is_told(look, tmp_path):
    (tmp_path / "SOURCE.txt").write_text("Fetched today.\n")
    (tmp_path / "rows.csv").write_text("\n".join([HEADER, *ROWS]))
    found = look_at_rows(pipeline(tmp_path))
    assert "Not read, since this is no data: SOURCE.txt" in texts(found, "data")


def test_a_column_of_numbers_here_and_text_there_is_told_with_the_files(tmp_path):
    (tmp_path / "train.csv").write_text("\n".join([HEADER, *ROWS]))
    (tmp_path / "test.csv").write_text("\n".join([HEADER, *(f"high,red,{number % 2}" for number in range(20))]))
    found = look_at_rows(pipeline(tmp_path))
    (text,) = texts(found, "columns", "warning")
    assert text == "'x' is of numbers in train.csv and of text in test.csv: it is read as text."


def numbers(label, rows=100):
    return ["x,price", *(f"{number % 7}.25,{label(number)}" for number in range(rows))]


def of_number(tmp_path, lines, **trainer):
    (tmp_path / "rows.csv").write_text("".join(f"{line}\n" for line in lines))
    config = pipeline(tmp_path / "rows.csv", label="price")
    given = {"task": "regression", "trainer": config.trainer.model_copy(update=trainer)}
    return look_at_rows(config.model_copy(update=given))


def test_a_number_to_predict_is_described(tmp_path):
    found = of_number(tmp_path, numbers(lambda number: number / 4))
    assert {finding.level for finding in found.findings} == {"ok"}
    (text,) = texts(found, "label")
    assert text == "To predict: price, from 0 to 24.75, mean 12.38, standard deviation 7.217"
    assert texts(found, "classes") == []
    assert found.classes is None


def test_labels_of_which_there_is_no_logarithm(tmp_path):
    lines = numbers(lambda number: number / 4)
    (text,) = texts(of_number(tmp_path, lines, label_scale="log"), "label", "fault")
    assert text.startswith("trainer.label_scale is log, and the label price is 0 in a row")
    positive = numbers(lambda number: number / 4 + 1)
    assert texts(of_number(tmp_path, positive, label_scale="log"), "label", "fault") == []


def test_a_number_that_never_differs_and_one_of_few_values(tmp_path):
    assert "there is nothing to learn" in texts(of_number(tmp_path, numbers(lambda _: 3)), "label", "fault")[0]
    (text,) = texts(of_number(tmp_path, numbers(lambda number: number % 3)), "label", "warning")
    assert text == "The label price has only 3 different values."


def test_rows_whose_label_is_no_number_are_counted(tmp_path):
    lines = numbers(lambda number: "much" if number == 7 else number / 4)
    (text,) = texts(of_number(tmp_path, lines), "rows", "warning")
    assert "1 of 100 rows can't be used" in text
    assert "price: 'much' is no number" in text


def test_a_few_cells_that_are_too_long_for_a_name_are_warned_of_unless_they_are_letters(look):
    rows = [f"{number}.5,{'x' * 300 if number == 40 else 'red'},{number % 2}" for number in range(100)]
    kinds = {"x": Number(), "colour": Category()}
    (text,) = texts(look([HEADER, *rows], transform=RowTransform(features=kinds)), "columns", "warning")
    assert text.startswith(
        "1 cell of the column 'colour', of 100, is too long for the name of a category, up to 300 bytes"
    )
    assert text.endswith("rows.csv, line 42.")
    letters = RowTransform(features={**kinds, "colour": Text()})
    assert texts(look([HEADER, *rows], transform=letters), "columns", "warning") == []
