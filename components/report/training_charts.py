"""Builds the charts of the training, as TensorFlow's tutorials draw them: training solid, validation dashed."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from components.report.charts import Chart, mark, short
from components.report.compared import CLOSE, compared_charts, epoch_line, loss_title
from components.report.review import TrainingReview
from components.trainer.curves import LearningCurves

RATE = "learning_rate"
SPLITS = (("training", "", "solid"), ("validation", "val_", "dash"))
BESIDE = (("accuracy", "accuracy"), ("mae", "mean absolute error, of what is learned"))


def training_charts(training: TrainingReview) -> Iterator[Chart]:
    """Yields the curves: of all models compared, then of the one that was trained in the end."""
    if training.compared:
        yield from compared_charts(training.compared)
    curves = training.curves
    title = loss_title(curves)
    yield _curves("loss", title[0].lower() + title[1:], curves, curves.crossentropy)
    for name, title in BESIDE:
        if name in curves.metrics:
            yield _curves(name, title, curves, name)
    yield from _learning_rate(curves)
    if "seconds" in curves.metrics:
        yield _seconds(curves)


def _curves(name: str, title: str, curves: LearningCurves, metric: str) -> Chart:
    of_photos = not curves.model
    traces = []
    for split, prefix, dash in SPLITS:
        values = curves.metrics[prefix + metric]
        # A logarithmic axis has no epoch 0.
        before = [curves.initial[prefix + metric]] if of_photos and prefix + metric in curves.initial else []
        traces.append(epoch_line(split, [*before, *values], dash, first=0 if before else 1))
    kept = ""
    if curves.best_epoch:
        value = curves.metrics[f"val_{metric}"][curves.best_epoch - 1]
        traces.append(_kept(curves, value))
        kept = f" Kept was {curves.unit} {curves.best_epoch}, with validation {value:.4f}."
    layout = _layout(curves)
    if not of_photos:
        layout["xaxis"] |= {"type": "log", "dtick": 1, "title": {"text": f"{curves.unit} (logarithmic)"}}
    drawn = [value for trace in traces for value in trace["y"] if value is not None]
    layout["yaxis"] = _axis_of_photos(metric, drawn) if of_photos else {"range": _not_too_close(drawn)}
    begins = curves.fine_tuning_starts_at
    last = f"training {curves.metrics[metric][-1]:.4f}, validation {curves.metrics[f'val_{metric}'][-1]:.4f}"
    phases = f"; fine tuning starts after epoch {begins}" if begins else ""
    return Chart(
        name=f"training-{name}",
        title=f"Training and validation {title}",
        summary=f"{title[0].upper()}{title[1:]} over {len(curves.epochs)} {curves.unit}s{phases}. In the last "
        f"{curves.unit}: {last}.{kept}",
        traces=tuple(traces),
        layout=layout,
    )


def _kept(curves: LearningCurves, value: float) -> dict[str, Any]:
    """The point of the epoch whose weights were kept."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"kept: {curves.unit} {curves.best_epoch}",
        "x": [curves.best_epoch],
        "y": [short(value) if math.isfinite(value) else None],
        "marker": {"symbol": "star", "size": 12},
    }


def _axis_of_photos(metric: str, drawn: Sequence[float]) -> dict[str, Any]:
    """As the tutorial has it: the loss from 0, the accuracy up to 1."""
    if not drawn:
        return {}
    low, high = min(drawn), max(drawn)
    if metric != "accuracy":
        return {"range": [0, high * (1 + CLOSE) or 1]}
    return {"range": [low - max(0.05 * (1 - low), CLOSE), 1]}


def _not_too_close(drawn: Sequence[float]) -> list[float] | None:
    """The range of an axis on which a difference of a hundredth doesn't look like a cliff; None for Plotly's own."""
    if not drawn or max(drawn) - min(drawn) > CLOSE * max(drawn):
        return None
    return [min(drawn) - CLOSE * max(drawn), max(drawn) + CLOSE * max(drawn)]


def _learning_rate(curves: LearningCurves) -> Iterator[Chart]:
    """The whole schedule, whenever the training ended; nothing of trees and of a rate that never changes."""
    recorded = list(zip(curves.epochs, curves.metrics.get(RATE, ()), strict=False))
    points = [*curves.schedule] or recorded
    if len({rate for _, rate in points}) < 2:
        return
    layout = _layout(curves)
    ended = curves.epochs[-1]
    said = ""
    if curves.schedule and ended < points[-1][0]:
        mark(layout, ended, "training ended")
        said = f" Training ended after epoch {ended:,}."
    layout["yaxis"] = {"exponentformat": "power", "rangemode": "tozero"}
    first, last = points[0][1], points[-1][1]
    yield Chart(
        name=f"training-{RATE}",
        title="Learning rate",
        summary=f"Over the whole schedule of {points[-1][0]:,.0f} epochs: first {first:.3g}, last {last:.3g}.{said}",
        traces=(
            {
                "type": "scatter",
                "mode": "lines",
                "name": "learning rate",
                "x": [epoch for epoch, _ in points],
                "y": [float(f"{rate:.4g}") for _, rate in points],
                "line": {"dash": "solid", **({} if curves.schedule else {"shape": "vh"})},
            },
        ),
        layout=layout,
    )


def _seconds(curves: LearningCurves) -> Chart:
    values = curves.metrics["seconds"]
    return Chart(
        name="training-seconds",
        title=f"Seconds per {curves.unit}",
        summary=f"First {values[0]:.3g}, last {values[-1]:.3g}, {math.fsum(values):,.1f} in all.",
        traces=(epoch_line("seconds", values, "solid"),),
        layout=_layout(curves) | {"yaxis": {"rangemode": "tozero"}},
    )


def _layout(curves: LearningCurves) -> dict[str, Any]:
    layout: dict[str, Any] = {"xaxis": {"title": {"text": curves.unit}}, "shapes": [], "annotations": []}
    if curves.fine_tuning_starts_at:
        # The last epoch before it, which both phases share in the chart.
        mark(layout, curves.fine_tuning_starts_at, "fine tuning starts")
    return layout
