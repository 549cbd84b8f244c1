"""Shows the models that the Tuner compared: charts of their curves, and a table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from components.report.charts import Chart, short
from components.report.review import TrainingReview
from components.trainer.curves import LearningCurves
from components.trainer.model_summary import ModelSummary

SIZES = ("tiny", "small", "medium", "large")
REGULARISED = ("tiny", "l2", "l1", "dropout", "combined")
NEEDED = {*SIZES, *REGULARISED} - {"l1"}
"""The models of TensorFlow's tutorial "Overfit and underfit", which compares sizes, then regularisers."""

MANY_EPOCHS = 100
"""From so many on, charts begin at the tutorial's fifth epoch, and are smoothed as there unless one asks otherwise."""

FIRST_OF_MANY = 5
SMOOTHING = 10
"""The tutorial's: a standard deviation, in epochs."""

POINTS = 100
CLOSE = 0.02
NAME_HEIGHT = 0.06
"""Of a name beside a curve, as a share of the chart's height."""

Curves = Mapping[str, LearningCurves]


class ComparedModel(NamedTuple):
    """A row of the table.

    Attributes:
        name: The model's.
        parameters: Of a network; None for trees, and where that isn't known.
        size: The same in words, or how many leaves trees have.
        best: The epoch that validated best.
        epochs: All that there were.
        unit: What an epoch is.
        loss: The lowest validation loss.
        seconds: Of the training.
        is_chosen: Whether the Trainer took it.
    """

    name: str
    parameters: int | None
    size: str
    best: int
    epochs: int
    unit: str
    loss: float
    seconds: float
    is_chosen: bool


def compared_models(training: TrainingReview) -> list[ComparedModel]:
    """Returns the models, the best first."""
    rows = [
        _row(name, curves, training.summaries.get(name), name == training.curves.model)
        for name, curves in training.compared.items()
    ]
    return sorted(rows, key=lambda row: row.loss if math.isfinite(row.loss) else math.inf)


def smoothing(compared: Curves) -> int:
    """Returns by how much curves are smoothed unless one asks otherwise, as a standard deviation in epochs."""
    return SMOOTHING if _longest(compared) >= MANY_EPOCHS else 0


def compared_charts(compared: Curves) -> Iterator[Chart]:
    """Yields one chart of all models, or one of sizes and one of regularisers where they are the tutorial's."""
    if not NEEDED.issubset(compared):
        yield _chart("compared", "of the models compared", compared)
        return
    yield _chart("compared-sizes", "by size", {name: compared[name] for name in SIZES})
    regularised = {name: compared[name] for name in REGULARISED if name in compared}
    yield _chart("compared-regularisers", "by regulariser", regularised)
    others = {name: curves for name, curves in compared.items() if name not in {*SIZES, *REGULARISED}}
    if others:
        yield _chart("compared-others", "of the other models", others)


def loss_title(curves: LearningCurves) -> str:
    """Returns what the loss without penalties is called."""
    match curves.crossentropy:
        case "loss":
            return "Loss"
        case "mse":
            return "Mean squared error, of what is learned"
        case _:
            return "Cross-entropy"


def _row(name: str, curves: LearningCurves, summary: ModelSummary | None, is_chosen: bool) -> ComparedModel:
    values = _validation(curves)
    lowest = min((value for value in values if math.isfinite(value)), default=math.inf)
    parameters, size = None, ""
    if summary and summary.trees:
        size = f"{summary.trees.leaves:,} leaves of {summary.trees.trees:,} trees"
    elif summary:
        parameters, size = summary.parameters, f"{summary.parameters:,}"
    return ComparedModel(
        name=name,
        parameters=parameters,
        size=size,
        best=values.index(lowest) + 1 if lowest in values else 0,
        epochs=len(values),
        unit=curves.unit,
        loss=lowest,
        seconds=sum(curves.metrics.get("seconds", ())),
        is_chosen=is_chosen,
    )


def _chart(name: str, about: str, compared: Curves) -> Chart:
    first = FIRST_OF_MANY if _longest(compared) >= MANY_EPOCHS else 1
    low, high = _focus(compared, first)
    title = loss_title(next(iter(compared.values())))
    what = title[0].lower() + title[1:]
    best = sorted((min(_validation(curves)), model) for model, curves in compared.items())
    ends = [math.log10(first), math.log10(max(_longest(compared), first + 1))]
    words = ", ".join(f"{model} {value:.4f}" for value, model in best)
    return Chart(
        name=name,
        title=f"{title} {about} (solid: training, dashed: validation)",
        summary=f"Lowest validation {what} by model, best first: {words}.",
        traces=tuple(_traces(compared)),
        layout={
            "xaxis": {"type": "log", "title": {"text": "epoch (logarithmic)"}, "dtick": "D2", "range": ends},
            "yaxis": {"title": {"text": what}, "range": [low, high]},
            "annotations": _names_at_the_ends(compared, first, low, high),
            "height": 460,
            "margin": {"l": 56, "r": 84, "t": 24, "b": 48},
        },
    )


def _traces(compared: Curves) -> Iterator[dict[str, Any]]:
    """Two lines of one colour a model, of which the legend has one."""
    for number, (name, curves) in enumerate(compared.items()):
        for split, prefix, dash in (("training", "", "solid"), ("validation", "val_", "dash")):
            values = curves.metrics[prefix + curves.crossentropy]
            yield epoch_line(f"{name}, {split}", values, dash) | {
                "meta": {"colour": number, "smooth": True},
                "legendgroup": name,
                "showlegend": split == "validation",
            }


def epoch_line(name: str, values: Sequence[float], dash: str, first: int = 1) -> dict[str, Any]:
    """Returns a line of one value an epoch.

    Args:
        name: The line's.
        values: One an epoch.
        dash: "solid" or "dash".
        first: Number of the first epoch.
    """
    # What isn't finite, JSON doesn't know, and a chart leaves out.
    shown = [short(value) if math.isfinite(value) else None for value in values]
    return {
        "type": "scatter",
        "mode": "lines" if len(shown) > 1 else "markers",
        "name": name,
        "x0": first,
        "dx": 1,
        "y": shown,
        "line": {"dash": dash},
    }


def _focus(compared: Curves, first: int) -> tuple[float, float]:
    """The part of the axis that is drawn: where validation is, but for curves that ran away.

    From the lowest value to Tukey's upper fence (Exploratory Data Analysis, 1977: one and a half times the distance
    of the quartiles above the upper one), or to the highest value where that is below. Each curve has the same weight,
    and as much for an epoch as that takes of the logarithmic axis.
    """
    drawn = np.array([value for curves in compared.values() for value in _on_the_axis(_validation(curves), first)])
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return 0.0, 1.0
    lower, upper = np.percentile(drawn, [25, 75])
    lowest = min(value for curves in compared.values() for value in _validation(curves) if math.isfinite(value))
    highest = float(drawn[drawn <= upper + 1.5 * (upper - lower)].max())
    margin = max(0.05 * (highest - lowest), CLOSE / 2 * abs(highest))
    return lowest - margin, highest + margin


def _on_the_axis(values: Sequence[float], first: int) -> list[float]:
    """Values at places that are evenly spaced on a logarithmic axis."""
    places = np.geomspace(min(first, len(values)), len(values), POINTS)
    return [values[round(place) - 1] for place in places.tolist()]


def _names_at_the_ends(compared: Curves, first: int, low: float, high: float) -> list[dict[str, Any]]:
    """Each model's name where its validation curve ends or leaves the chart, moved up where it would cover another."""
    ends = {}
    for name, curves in compared.items():
        values = _validation(curves)
        inside = [place for place, value in enumerate(values, 1) if low <= value <= high and place >= first]
        if inside:
            ends[name] = (inside[-1], values[inside[-1] - 1])
    names, height = [], -math.inf
    for name, (epoch, value) in sorted(ends.items(), key=lambda item: item[1][1]):
        height = max(value, height + NAME_HEIGHT * (high - low))
        at = {"x": math.log10(epoch), "y": height}
        names.append(at | {"text": name, "showarrow": False, "xanchor": "left"})
    return names


def _validation(curves: LearningCurves) -> tuple[float, ...]:
    return curves.metrics[f"val_{curves.crossentropy}"]


def _longest(compared: Curves) -> int:
    return max(len(_validation(curves)) for curves in compared.values())
