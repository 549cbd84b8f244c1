"""The models that the Tuner compared, with curves as those of TensorFlow's tutorial "Overfit and underfit"."""

import itertools
import math

import numpy as np
import pytest
from report_samples import curves

from components.report.compared import NEEDED, compared_charts, compared_models, smoothing
from components.report.review import TrainingReview
from components.trainer.model_summary import LayerSummary, ModelSummary, TreesSummary


def of_model(name, validation, training=None, **changes):
    training = validation if training is None else training
    metrics = {
        "loss": tuple(training),
        "val_loss": tuple(validation),
        "accuracy": (0.5,) * len(training),
        "val_accuracy": (0.5,) * len(training),
        "seconds": (0.5,) * len(training),
    }
    settings = {"metrics": metrics, "epochs": tuple(range(1, len(training) + 1)), "fine_tuning_starts_at": None}
    return curves(**{**settings, "model": name, **changes})


def falling(best, epochs, begins=0.69):
    """Falls quickly at first, as a loss does."""
    return best + (begins - best) * np.exp(-np.arange(epochs) / 20)


def of_the_tutorial():
    """Small models take thousands of epochs; the large one has learned its rows by heart after 100."""
    best = {"tiny": 0.59, "small": 0.6, "medium": 0.61, "l2": 0.58, "dropout": 0.57, "combined": 0.56}
    found = {name: of_model(name, falling(value, 2000)) for name, value in best.items()}
    large = np.concatenate([falling(0.61, 12), np.geomspace(0.62, 1.8, 200)])
    return found | {"large": of_model("large", large, np.geomspace(0.69, 1e-4, 212))}


def range_of(compared):
    return [chart.layout["yaxis"]["range"] for chart in compared_charts(compared)]


def test_what_a_large_model_has_learned_by_heart_flattens_nothing():
    for low, high in range_of(of_the_tutorial()):
        assert 0.5 < low < 0.6
        assert 0.66 < high < 0.8


@pytest.mark.parametrize(
    "compared",
    [
        {"a": falling(0.56, 60), "b": falling(0.58, 300)},
        {"a": falling(0.155, 400), "b": falling(0.16, 40)},
        {"a": falling(0.5, 60), "b": falling(0.5, 60), "c": falling(0.5, 60), "lost": np.full(60, 9.0)},
        {"a": np.array([0.6]), "b": np.array([0.5])},
    ],
    ids=["much alike", "falling far", "one far off", "one epoch"],
)
def test_the_axis_has_what_is_compared(compared):
    """From where it begins on, and down to the lowest; of what is far off nothing, and not much besides."""
    ((low, high),) = range_of({name: of_model(name, values) for name, values in compared.items()})
    drawn = [values[4:] if max(map(len, compared.values())) >= 100 else values for values in compared.values()]
    values = np.concatenate(drawn)
    lowest, highest = values.min(), values[values < 9].max()
    margin = 0.1 * (highest - lowest)
    assert lowest - margin <= low < lowest
    assert highest < high <= highest + margin


def test_a_curve_that_is_no_number_leaves_the_axis_to_the_others():
    (found,) = range_of({"a": of_model("a", falling(0.5, 60)), "b": of_model("b", [0.7, math.nan, math.inf])})
    assert np.isfinite(found).all()
    (found,) = range_of({"b": of_model("b", [math.nan, math.inf])})
    assert found == [0, 1] or found[0] < found[1]


def test_sizes_and_regularisers_are_two_charts_and_what_else_there_is_a_third():
    compared = of_the_tutorial()
    sizes, regularisers = compared_charts(compared)
    assert (sizes.name, regularisers.name) == ("compared-sizes", "compared-regularisers")
    assert [trace["legendgroup"] for trace in sizes.traces[::2]] == ["tiny", "small", "medium", "large"]
    assert [trace["legendgroup"] for trace in regularisers.traces[::2]] == ["tiny", "l2", "dropout", "combined"]
    more = {"l1": of_model("l1", falling(0.58, 9)), "trees": of_model("trees", falling(0.55, 9), unit="iteration")}
    _, regularisers, others = compared_charts(compared | more)
    assert "l1" in {trace["legendgroup"] for trace in regularisers.traces}
    assert {trace["legendgroup"] for trace in others.traces} == {"trees"}
    for lacking in NEEDED:
        (whole,) = compared_charts({name: each for name, each in compared.items() if name != lacking})
        assert whole.name == "compared"


def test_training_is_solid_and_validation_dashed_and_the_legend_has_a_line_a_model():
    (chart,) = compared_charts(
        {"a": of_model("a", falling(0.5, 9), falling(0.4, 9)), "b": of_model("b", falling(0.6, 9))}
    )
    assert [(trace["name"], trace["line"]["dash"], trace["showlegend"]) for trace in chart.traces] == [
        ("a, training", "solid", False),
        ("a, validation", "dash", True),
        ("b, training", "solid", False),
        ("b, validation", "dash", True),
    ]
    assert [trace["meta"]["colour"] for trace in chart.traces] == [0, 0, 1, 1]
    assert chart.traces[0]["y"][0] == pytest.approx(0.69)
    assert chart.traces[0]["x0"] == 1


@pytest.mark.parametrize(("epochs", "first", "deviation"), [(99, 1, 0), (100, 5, 10)])
def test_many_epochs_begin_at_the_fifth_and_are_smoothed_as_the_tutorials(epochs, first, deviation):
    compared = {"a": of_model("a", falling(0.5, epochs)), "b": of_model("b", falling(0.5, 3))}
    (chart,) = compared_charts(compared)
    assert chart.layout["xaxis"]["range"] == pytest.approx([math.log10(first), math.log10(epochs)])
    assert smoothing(compared) == deviation


def test_names_of_curves_that_end_together_do_not_cover_each_other():
    ending = {"a": 0.60, "b": 0.601, "c": 0.60}
    compared = {name: of_model(name, [0.7, end]) for name, end in ending.items()}
    (chart,) = compared_charts(compared)
    heights = sorted(each["y"] for each in chart.layout["annotations"])
    low, high = chart.layout["yaxis"]["range"]
    assert all(after - before > 0.05 * (high - low) for before, after in itertools.pairwise(heights))
    assert {each["text"] for each in chart.layout["annotations"]} == set(ending)


def test_the_name_of_a_curve_that_leaves_the_chart_is_where_it_leaves():
    sizes, _ = compared_charts(of_the_tutorial())
    places = {each["text"]: each for each in sizes.layout["annotations"]}
    assert 10 ** places["large"]["x"] < 60
    assert 10 ** places["tiny"]["x"] == pytest.approx(2000)


def test_the_table_has_what_one_chooses_by():
    layer = LayerSummary(name="a", kind="Dense", output=(1,), parameters=1234, trained=(1234,))
    training = TrainingReview(
        curves=of_model("trees", falling(0.5, 4)),
        compared={
            "lost": of_model("lost", [math.nan] * 2),
            "net": of_model("net", [0.7, 0.6, 0.65]),
            "trees": of_model("trees", [0.55, 0.5], unit="iteration"),
        },
        summaries={
            "net": ModelSummary(phases=("training",), layers=(layer,)),
            "trees": ModelSummary(trees=TreesSummary(trees=63, leaves=1953, depth=9)),
        },
    )
    trees, net, lost = compared_models(training)
    assert (trees.name, trees.size, trees.is_chosen) == ("trees", "1,953 leaves of 63 trees", True)
    assert (net.size, net.parameters, net.best, net.epochs, net.loss) == ("1,234", 1234, 2, 3, 0.6)
    assert (net.seconds, net.is_chosen) == (1.5, False)
    assert (lost.name, lost.size, lost.loss, lost.best) == ("lost", "", math.inf, 0)
