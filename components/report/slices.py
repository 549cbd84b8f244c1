"""Orders the slices of an evaluation for a reader: the worst first, those that tell nothing folded."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from components.metric_text import LOWER_IS_BETTER, metric_text
from components.report.charts import Chart
from components.report.review import EvaluationReview, SliceResult

MOST_DRAWN = 40
ROW_PIXELS, LEAST_PIXELS, FRAME_PIXELS = 26, 220, 90


def worst_first(evaluation: EvaluationReview) -> list[SliceResult]:
    """Returns all examples, then the slices by their first metric, the worst first; those without a value last."""
    overall, *others = evaluation.slices
    return [overall, *sorted(others, key=lambda each: _rank(each, evaluation.first_metric))]


def one_valued(evaluation: EvaluationReview) -> list[str]:
    """Returns the slices that hold all examples, since their feature has one value."""
    overall, *others = evaluation.slices
    values = Counter(_feature(each) for each in others)
    return [each.name for each in others if each.count == overall.count and values[_feature(each)] == 1]


def slice_chart(evaluation: EvaluationReview | None) -> Chart | None:
    """Returns the first metric by slice, with intervals and bounds; None where there is nothing to compare."""
    if not evaluation:
        return None
    metric, folded = evaluation.first_metric, one_valued(evaluation)
    valued = [each for each in worst_first(evaluation) if each.name not in folded and _value(each, metric) is not None]
    if len(valued) < 2:
        return None
    shown = valued[: MOST_DRAWN + 1]
    title = "Mean absolute error" if evaluation.label else "Accuracy"
    names = [f"{each.name} ({each.count:,})" for each in shown]
    traces = [_points(shown, names, metric)]
    if any(metric in each.baseline for each in shown):
        traces.append(_marks("baseline", [each.baseline.get(metric) for each in shown], names, "diamond-open"))
    bounds = [_bound(each.name, metric, evaluation) for each in shown]
    if any(bound is not None for bound in bounds):
        traces.append(_marks("bound", bounds, names, "line-ns-open"))
    overall = _value(shown[0], metric) or 0.0
    dotted = {"type": "line", "x0": overall, "x1": overall, "yref": "paper", "y0": 0, "y1": 1}
    worst = next((each for each in shown if each.name != evaluation.slices[0].name), shown[0])
    left_out = f" {len(valued) - len(shown):,} better slices aren't drawn." if len(valued) > len(shown) else ""
    return Chart(
        name="slices",
        title=f"{title} by slice, the worst first, with 95 % intervals",
        summary=f"{title} of {len(shown)} slices; the worst is {worst.name} with "
        f"{metric_text(metric, _value(worst, metric) or 0.0)}. The dotted line is that of all examples.{left_out}",
        traces=tuple(traces),
        layout={
            "yaxis": {"autorange": "reversed", "automargin": True, "type": "category"},
            "legend": {"orientation": "h", "y": 1, "yanchor": "bottom"},
            "height": max(LEAST_PIXELS, FRAME_PIXELS + ROW_PIXELS * len(shown)),
            "shapes": [dotted | {"line": {"dash": "dot", "width": 1}}],
        },
    )


def _feature(found: SliceResult) -> str:
    return found.name.partition("=")[0]


def _value(found: SliceResult, metric: str) -> float | None:
    return found.metrics[metric].value if metric in found.metrics else None


def _rank(found: SliceResult, metric: str) -> tuple[bool, float, str]:
    value = _value(found, metric)
    if value is None:
        return True, 0.0, found.name
    return False, -value if metric in LOWER_IS_BETTER else value, found.name


def _bound(name: str, metric: str, evaluation: EvaluationReview) -> float | None:
    """What a check asks of the value itself; of a change there is no bound to draw."""
    kind = "at_most" if metric in LOWER_IS_BETTER else "at_least"
    bounds = [
        check.bound
        for check in evaluation.decision.checks
        if check.slice == name and check.metric == metric and check.kind == kind
    ]
    strictest = min if metric in LOWER_IS_BETTER else max
    return strictest(bounds, default=None)


def _points(shown: Sequence[SliceResult], names: Sequence[str], metric: str) -> dict[str, Any]:
    bounds = [each.metrics[metric] for each in shown]
    values = [each.value or 0.0 for each in bounds]
    trace: dict[str, Any] = _marks("candidate", values, names, "circle") | {"marker": {"size": 9}}
    if any(each.high is not None for each in bounds):
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": [(each.high or value) - value for each, value in zip(bounds, values, strict=True)],
            "arrayminus": [
                value - (each.low if each.low is not None else value)
                for each, value in zip(bounds, values, strict=True)
            ],
        }
    return trace


def _marks(name: str, values: Sequence[float | None], names: Sequence[str], symbol: str) -> dict[str, Any]:
    marker = {"size": 11, "symbol": symbol, "line": {"width": 2}}
    return {"type": "scatter", "mode": "markers", "name": name, "x": list(values), "y": list(names), "marker": marker}
