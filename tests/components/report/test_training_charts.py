import pytest
from report_samples import curves

from components.report.review import TrainingReview
from components.report.training_charts import training_charts

ROWS = {"fine_tuning_starts_at": None, "model": "small"}


def charts_of(**changes):
    return {chart.name: chart for chart in training_charts(TrainingReview(curves=curves(**changes)))}


def test_training_is_solid_and_validation_dashed():
    for name in ("training-loss", "training-accuracy"):
        lines = charts_of()[name].traces
        assert [(line["name"], line["line"]["dash"]) for line in lines] == [
            ("training", "solid"),
            ("validation", "dash"),
        ]


def test_the_curves_of_photos_begin_before_the_first_step():
    training, validation = charts_of(initial={"val_loss": 0.9, "val_accuracy": 0.4})["training-loss"].traces
    assert (validation["x0"], validation["y"][:2]) == (0, [0.9, 0.7])
    assert (training["x0"], training["y"][0]) == (1, 0.8)


def test_the_epoch_that_was_kept_is_marked_where_validation_was():
    assert len(charts_of()["training-loss"].traces) == 2
    for name, value in (("training-loss", 0.4), ("training-accuracy", 0.75)):
        chart = charts_of(best_epoch=3)[name]
        mark = chart.traces[2]
        assert (mark["name"], mark["x"], mark["y"], mark["mode"]) == ("kept: epoch 3", [3], [value], "markers")
        assert chart.summary.endswith(f"Kept was epoch 3, with validation {value:.4f}.")


def test_a_logarithmic_axis_has_no_epoch_0():
    chart = charts_of(**ROWS, initial={"val_loss": 0.9, "loss": 0.9})["training-loss"]
    assert chart.layout["xaxis"]["type"] == "log"
    assert {line["x0"] for line in chart.traces} == {1}


def test_the_start_of_fine_tuning_is_marked_at_the_last_epoch_before_it():
    for chart in charts_of().values():
        if chart.name != "training-seconds":
            assert [each["x"] for each in chart.layout["annotations"]] == [2]
            assert chart.layout["annotations"][0]["text"] == "fine tuning starts"


def test_the_axes_of_photos_are_the_tutorials():
    found = charts_of()
    assert found["training-loss"].layout["yaxis"]["range"] == pytest.approx([0, 0.816])
    low, high = found["training-accuracy"].layout["yaxis"]["range"]
    assert high == 1
    assert 0.4 < low < 0.5


def test_a_loss_that_hardly_moves_looks_like_what_it_is():
    flat = {"loss": (0.6932, 0.6931), "val_loss": (0.6931, 0.6932), "accuracy": (0.5, 0.5), "val_accuracy": (0.5, 0.5)}
    for changes in ({}, ROWS):
        chart = charts_of(metrics=flat, epochs=(1, 2), **{"fine_tuning_starts_at": None, **changes})["training-loss"]
        low, high = chart.layout["yaxis"]["range"]
        assert high - low > 0.02


def test_the_learning_rate_is_drawn_over_its_whole_schedule():
    schedule = tuple((float(epoch), 1e-3 / (1 + epoch / 1000)) for epoch in range(0, 10_001, 1000))
    chart = charts_of(**ROWS, schedule=schedule)["training-learning_rate"]
    assert chart.traces[0]["x"] == [epoch for epoch, _ in schedule]
    assert chart.traces[0]["y"][0] == 1e-3
    assert chart.layout["yaxis"]["rangemode"] == "tozero"
    assert "type" not in chart.layout["yaxis"]
    assert [(each["text"], each["x"]) for each in chart.layout["annotations"]] == [("training ended", 4)]
    assert "whole schedule of 10,000 epochs: first 0.001, last 9.09e-05" in chart.summary


def test_a_rate_that_never_changes_has_no_chart():
    assert "training-learning_rate" in charts_of()
    still = {**curves().metrics, "learning_rate": (0.1,) * 4}
    assert "training-learning_rate" not in charts_of(metrics=still)
