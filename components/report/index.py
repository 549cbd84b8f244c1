"""Renders the page over all runs of a pipeline, and the one over all pipelines."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from components.metric_text import first_metrics, metric_text
from components.report.charts import Chart
from components.report.run_view import PipelineLine, RunLine
from components.report.templating import embedded, template
from components.report.words import metric_title

ALSO_DRAWN = ("auc", "auc_macro", "balanced_accuracy", "f1", "f1_macro", "mae")
"""Beside what is looked at first and what a check bounds."""

UNBALANCED, MOST_COLUMNS = "balanced_accuracy", 2
SYMBOLS = {"served": "star", "rolled back": "x"}
SMALL, LARGE = 8, 16
HEIGHT, MOST_TICKS = 300, 6
LEAST_SPAN = 0.05
"""Of an axis, as a part of its highest value: on it, a difference of a hundredth doesn't look like a cliff."""


def render_index(pipeline: str, runs: Sequence[RunLine], served: str = "") -> str:
    """Returns the page over all runs of a pipeline.

    Args:
        pipeline: Its name.
        runs: The newest first.
        served: Which version is served and why: a sentence; "" where none is.
    """
    drawn = {chart.name: chart for chart in history(list(reversed(runs)))}
    return template("index.html.j2").render(
        pipeline=pipeline,
        runs=runs,
        served=served,
        metrics=_columns(runs),
        bounded={name for run in runs for name in run.bounds},
        charts=drawn,
        figures=embedded({name: chart.figure() for name, chart in drawn.items()}),
        data=embedded({run.run_id: run.model_dump() for run in runs}),
        made=_now(),
    )


def render_overview(pipelines: Sequence[PipelineLine]) -> str:
    """Returns the page over all pipelines of an output folder.

    Args:
        pipelines: By name.
    """
    return template("overview.html.j2").render(
        pipelines=[(each, _columns([each.last])[0]) for each in pipelines], figures=embedded({}), made=_now()
    )


def history(runs: Sequence[RunLine]) -> Iterator[Chart]:
    """Yields a chart for each metric that is looked at over the runs of a pipeline, where there are two or more.

    Args:
        runs: The oldest first.
    """
    bounded = {name for run in runs for name in run.bounds}
    every = dict.fromkeys(name for run in runs for name in run.metrics)
    wanted = {*first_metrics(every), *bounded, *ALSO_DRAWN}
    for metric in (name for name in every if name in wanted):
        measured = [run for run in runs if metric in run.metrics]
        if len(measured) > 1:
            yield _history(metric, measured)


def _history(metric: str, runs: Sequence[RunLine]) -> Chart:
    places = list(range(len(runs)))
    values = [run.metrics[metric] for run in runs]
    ends = [run.intervals.get(metric, (value, value)) for run, value in zip(runs, values, strict=True)]
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "with its 95 % interval",
        "x": places,
        "y": values,
        "text": [f"{run.time}{f', {run.mark}' if run.mark else ''}" for run in runs],
        "marker": {
            "size": [LARGE if run.mark in SYMBOLS else SMALL for run in runs],
            "symbol": [SYMBOLS.get(run.mark, "circle") for run in runs],
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [max(high - value, 0.0) for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [max(value - low, 0.0) for value, (low, _) in zip(values, ends, strict=True)],
        },
    }
    traces, bounds = [trace], [run.bounds.get(metric) for run in runs]
    if any(bound is not None for bound in bounds):
        line = {"dash": "dash", "shape": "hvh", "width": 1}
        traces.append(
            {"type": "scatter", "mode": "lines+markers", "name": "bound", "x": places, "y": bounds, "line": line}
        )
        traces[-1]["marker"] = {"symbol": "line-ew-open", "size": 11}
    ticks = places[:: max(1, len(places) // MOST_TICKS)]
    every = [*values, *(end for pair in ends for end in pair), *(bound for bound in bounds if bound is not None)]
    served = next((run for run in reversed(runs) if run.mark == "served"), None)
    stars = f" A star is the model that is served, from {served.time}." if served else ""
    crosses = " A cross was rolled back." if any(run.mark == "rolled back" for run in runs) else ""
    return Chart(
        name=f"history-{metric}",
        title=metric_title(metric),
        summary=f"{len(values)} runs: first {metric_text(metric, values[0])}, last {metric_text(metric, values[-1])}."
        f"{stars}{crosses}",
        traces=tuple(traces),
        layout={
            "xaxis": {"tickvals": ticks, "ticktext": [runs[at].time.removesuffix(" UTC") for at in ticks]}
            | {"range": [-0.5, len(places) - 0.5]},
            "yaxis": {"range": _range(every)},
            "height": HEIGHT,
        },
    )


def _columns(runs: Sequence[RunLine]) -> list[str]:
    """The metrics of the table: what is looked at first, and what checks bound.

    Where one class has most of the examples, guessing is held against the balanced accuracy, which then comes first.
    """
    measured = dict.fromkeys(name for run in runs for name in run.metrics)
    bounded = [name for name in measured if any(name in run.bounds for run in runs)]
    names = dict.fromkeys([*first_metrics(measured), *bounded])
    return sorted(names, key=lambda name: name != UNBALANCED or name not in bounded)[:MOST_COLUMNS]


def _range(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    reach = max((high - low) * 1.1, LEAST_SPAN * max(abs(low), abs(high))) / 2
    return [(low + high) / 2 - reach, (low + high) / 2 + reach]


def _now() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC"
