"""What rows have, or lack, that training didn't is counted and told."""

import numpy as np
import pytest
from small_models import save_column_model

from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from pipeline.prediction.novelties import Novelties, TrainedColumn, WatchedModel
from pipeline.prediction.predict import predict_and_print, predict_and_write

TRAINED = {
    "age": TrainedColumn(missing=0.0),
    "fare": TrainedColumn(missing=0.2),
    "town": TrainedColumn(missing=0.0, values=("Bonn", "Rome")),
    "code": TrainedColumn(missing=0.0, values=("1", "2.5")),
    "level": TrainedColumn(missing=0.0, values=("1", str(2**40))),
}
USUAL = {
    "age": np.array([1, 2, 3, 4], np.float32),
    "fare": np.array([1, 2, 3, np.nan], np.float32),
    "town": np.array(["Bonn", "Rome", "Bonn", "Rome"], object),
    "code": np.array([1, 2.5, 1, 2.5], np.float32),
    "level": np.array([1, 2**40, 1, 1], np.float64),
}


def told(*batches, trained=TRAINED):
    found = Novelties(trained)
    for batch in batches:
        found.add(USUAL | batch)
    return found


def test_rows_like_those_of_training_are_nothing_new():
    found = told({}, {})
    assert found.lines() == []
    found.check(0.0)


def test_new_values_are_counted_over_all_batches_and_the_most_frequent_are_named():
    new = {
        "town": np.array(["Oslo", "", "Wien", "Oslo"], object),
        "code": np.array([3.5, 1, np.nan, 1], np.float32),
        "level": np.array([1, 7, 1, 1], np.float64),
    }
    lines = told({}, new).lines()
    assert lines == [
        "'town' has a value that training didn't have in 3 of 7 rows (42.9%), such as 'Oslo', 'Wien'.",
        "'town' has no value in 1 of 8 rows (12.5%), and in no training row.",
        "'code' has a value that training didn't have in 1 of 7 rows (14.3%), such as '3.5'.",
        "'code' has no value in 1 of 8 rows (12.5%), and in no training row.",
        "'level' has a value that training didn't have in 1 of 8 rows (12.5%), such as '7'.",
    ]


@pytest.mark.parametrize("code", [1_000_003, 16_777_217])
def test_whole_numbers_are_told_with_all_their_digits(code):
    (line,) = told({"level": np.array([code, 1, 1, 1], np.float64)}).lines()
    assert line.endswith(f"such as '{code}'.")


def test_fractions_are_told_as_short_as_tells_them_apart():
    (line,) = told({"code": np.array([1234567.1, 0.1, 1, 1], np.float32)}).lines()
    assert line.endswith("such as '1234567.1', '0.1'.")


def test_holes_are_told_where_there_are_more_than_chance_would_have_it():
    half, nothing = ({"fare": np.array([1.0] * (4 - n) + [np.nan] * n, np.float32)} for n in (2, 4))
    assert told({}, half).lines() == []
    assert told(nothing, nothing).lines() == [
        "'fare' has no value in 8 of 8 rows (100.0%), and in 20.0% of the training rows."
    ]


def test_too_many_new_values_are_an_error_that_names_the_columns():
    found = told({}, {"town": np.array(["Oslo", "Rome", "Rome", "Rome"], object)})
    found.check(0.125)
    with pytest.raises(TransferlineError, match=r"More than 12.0% .*: town \(12.5%\)"):
        found.check(0.12)


def test_of_a_model_that_does_not_say_what_it_was_trained_on_nothing_is_told():
    assert told({"town": np.array(["Oslo"] * 4, object)}, trained={}).lines() == []


def test_without_rows_nothing_is_told():
    assert Novelties(TRAINED).lines() == []


@pytest.fixture
def column_model(tmp_path):
    """Saves a model by columns that has in its inputs what training had."""

    def save(trained):
        save_column_model(tmp_path / "1", trained)
        return str(tmp_path / "1")

    return save


def no_values_to_compare_with(data, file, folder, tmp_path, capsys):
    """Whether a bound is refused, before anything is predicted or written, and nothing but a bound is."""
    out = tmp_path / "out.csv"
    with pytest.raises(TransferlineError, match="says of no column which values training had") as printed:
        predict_and_print(data, [file], WatchedModel(folder), as_json=False, max_unseen=0.5)
    with pytest.raises(TransferlineError, match="says of no column which values training had"):
        predict_and_write(data, [file], WatchedModel(folder), out, 0.5)
    assert "--max-unseen" in str(printed.value.place)
    return not out.exists() and not capsys.readouterr().out


@pytest.mark.parametrize("trained", [{}, {"colour": {"missing": 0.0, "values": None}}])
def test_a_bound_where_no_column_has_values_is_an_error(column_model, tmp_path, capsys, trained):
    folder = column_model(trained)
    (tmp_path / "rows.csv").write_text("size,code,colour,day\n1,7,green,\n")
    data, file = CsvData(label="class", header="yes"), str(tmp_path / "rows.csv")
    assert no_values_to_compare_with(data, file, folder, tmp_path, capsys)
    assert predict_and_print(data, [file], WatchedModel(folder), as_json=False).predicted == 1


def test_a_bound_for_models_without_columns_that_tell_is_an_error(row_model, photo_model, tmp_path, capsys):
    data = CsvData(label="class", header="yes")
    assert no_values_to_compare_with(data, "rows.csv", row_model.folder, tmp_path, capsys)
    assert no_values_to_compare_with(ImageData(), "a.jpg", photo_model.folder, tmp_path, capsys)


def test_a_bound_holds_where_a_column_has_values(column_model, tmp_path):
    folder = column_model({"colour": {"missing": 0.0, "values": ["red"]}})
    (tmp_path / "rows.csv").write_text("size,code,colour,day\n1,7,green,\n1,7,red,\n")
    data, file = CsvData(label="class", header="yes"), str(tmp_path / "rows.csv")
    assert predict_and_print(data, [file], WatchedModel(folder), as_json=False, max_unseen=0.5).predicted == 2
    with pytest.raises(TransferlineError, match=r"colour \(50.0%\)"):
        predict_and_print(data, [file], WatchedModel(folder), as_json=False, max_unseen=0.4)
