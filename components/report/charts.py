"""Builds the charts as Plotly figures; the page's script adds the colours.

Every chart says in words what it shows. What matters differs in shape too (dashes, symbols), never by colour alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.calibration import Calibration
from components.metric_text import digits_of
from components.outcome import Step
from components.report.review import (
    DataReview,
    Errors,
    EvaluationReview,
    FeatureStatistics,
    Metric,
    PooledValues,
    SlicePlots,
)
from components.settings import Settings

SIGNIFICANT = 6
SPREAD = 100
"""Numbers whose greatest is more than so many times the least are drawn on a logarithmic axis."""

ROW_PIXELS, LEAST_PIXELS = 26, 220


class Chart(Settings):
    """One figure.

    Attributes:
        name: Unique on the page.
        title: Above it.
        summary: What it shows, for whoever doesn't see it.
        traces: Plotly's data.
        layout: Plotly's layout.
    """

    name: str
    title: str
    summary: str
    traces: tuple[dict[str, Any], ...]
    layout: dict[str, Any]

    def figure(self) -> dict[str, Any]:
        """Returns what Plotly draws. It reads tags, entities, `%{...}` in texts: here all are escaped."""
        return {"traces": _to_the_letter(self.traces), "layout": _to_the_letter(self.layout)}


def evaluation_charts(evaluation: EvaluationReview) -> Iterator[Chart]:
    """Yields the charts of all examples, where classes are predicted: ROC, precision-recall, calibration."""
    if not evaluation.plots:
        return
    overall = evaluation.plots[0]
    if overall.thresholds:
        yield _roc(overall, evaluation.slices[0].metrics)
        yield _precision_recall(overall, evaluation.slices[0].metrics)
    if overall.calibration:
        yield _calibration(overall, evaluation.class_names[1], "weight" if evaluation.is_weighted else "examples")
    if evaluation.answering.calibration:
        yield _reliability(evaluation.answering.calibration)


def error_charts(errors: Errors, label: str) -> Iterator[Chart]:
    """Yields what was predicted against the actual number, and the differences.

    Args:
        errors: Of the test split.
        label: The name of the number's column.
    """
    if not errors.seen:
        return
    yield _predicted_against_actual(errors, label)
    yield _residuals(errors)


def label_by_split(statistics: Sequence[FeatureStatistics], label: str) -> Chart | None:
    """Returns how the number to predict is spread in each split; None where that isn't known."""
    splits = [each for each in statistics if each.histogram and each.present]
    if not splits:
        return None
    traces = []
    for each, dash in zip(splits, ("solid", "dash", "dot"), strict=False):
        middles = [(bar.low + bar.high) / 2 for bar in each.histogram]
        traces.append(_line(each.split, middles, [bar.count / each.present for bar in each.histogram], dash=dash))
    words = "; ".join(
        f"{each.split}: {digits_of(each.lowest or 0.0)} to {digits_of(each.highest or 0.0)}, median "
        f"{digits_of(each.median or 0.0)}, mean {digits_of(each.mean or 0.0)}"
        for each in splits
    )
    return Chart(
        name="label",
        title=f"{label} by split",
        summary=words,
        traces=tuple(traces),
        layout={"xaxis": {"title": {"text": label}}, "yaxis": {"title": {"text": "share of the rows"}}},
    )


def pooled_values(pooled: PooledValues) -> Chart:
    """Returns the histogram of what a network is given, of all columns together."""
    bars = pooled.bars
    values, most = sum(bar.count for bar in bars), max(bars, key=lambda bar: bar.count)
    trace = {
        "type": "bar",
        "name": "values",
        # Bars of one width: so many numbers needn't be told one by one.
        "x0": short((bars[0].low + bars[0].high) / 2),
        "dx": (bars[-1].high - bars[0].low) / len(bars),
        "y": [bar.count for bar in bars],
    }
    return Chart(
        name="pooled",
        title="What a network is given: values of all columns together",
        summary=f"{values:,.0f} values of the first {pooled.rows:,} training rows, as Transform makes them, from "
        f"{digits_of(bars[0].low)} to {digits_of(bars[-1].high)} in {len(bars)} bars; the most, {most.count:,.0f}, are "
        f"between {digits_of(most.low)} and {digits_of(most.high)}. Networks learn well from values of about the same "
        "size, not far from 0.",
        traces=(trace,),
        layout={"xaxis": {"title": {"text": "value"}}, "yaxis": {"title": {"text": "values"}}, "bargap": 0},
    )


def class_balance(data: DataReview) -> Chart:
    """Returns examples by class, one bar per split."""
    labels = sorted({label for counts in data.counts.values() for label in counts})
    traces = tuple(
        {
            "type": "bar",
            "name": split,
            "x": labels,
            "y": [counts.get(label, 0) for label in labels],
            "marker": {"pattern": {"shape": shape}},
        }
        for (split, counts), shape in zip(data.counts.items(), ("", "/", "."), strict=False)
    )
    words = "; ".join(f"{split}: {_listed(counts)}" for split, counts in data.counts.items())
    layout = {"barmode": "group", "xaxis": {"type": "category"}, "yaxis": {"title": {"text": "examples"}}}
    return Chart(name="class-balance", title="Examples by class", summary=words, traces=traces, layout=layout)


def waterfall(steps: Sequence[Step]) -> Chart:
    """Returns the steps by the time they started and took."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": [step.name for step in steps],
        "x": [max(step.seconds, 0.05) for step in steps],
        "base": [step.started for step in steps],
        "text": ["cached" if step.cached else f"{step.seconds:.1f} s" for step in steps],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [step.reason for step in steps],
        "marker": {"pattern": {"shape": ["/" if step.cached else "" for step in steps]}},
    }
    longest = max(steps, key=lambda step: step.seconds)
    return Chart(
        name="waterfall",
        title="Time by step",
        summary=f"{len(steps)} steps; the longest is {longest.name} with {longest.seconds:.1f} seconds.",
        traces=(trace,),
        layout={
            "xaxis": {"title": {"text": "seconds since the start"}, "rangemode": "tozero"},
            "yaxis": {"autorange": "reversed", "automargin": True},
            "height": _height(len(steps)),
        },
    )


def _predicted_against_actual(errors: Errors, label: str) -> Chart:
    points = {
        "type": "scatter",
        "mode": "markers",
        "name": "test rows",
        "x": [short(predicted) for predicted, _ in errors.points],
        "y": [short(actual) for _, actual in errors.points],
        "marker": {"size": 5, "opacity": 0.5},
    }
    tenths = _line(
        "mean of a tenth, by prediction",
        [short(each.predicted) for each in errors.tenths],
        [each.actual for each in errors.tenths],
        mode="lines+markers",
    )
    tenths["marker"] = {"symbol": "diamond", "size": 9}
    ends = [choose(min_or_max for point in errors.points for min_or_max in point) for choose in (min, max)]
    right = _line("right", ends, ends, dash="dot")
    axis = {"type": "log"} if ends[0] > 0 and ends[1] > SPREAD * ends[0] else {}
    shown = "" if len(errors.points) == errors.seen else f", {len(errors.points):,} of them drawn"
    means = "; ".join(f"{digits_of(each.predicted)}, {digits_of(each.actual)}" for each in errors.tenths)
    return Chart(
        name="predicted-actual",
        title="Predicted and actual" + (" (logarithmic)" if axis else ""),
        summary=f"{errors.seen:,} test rows{shown}; on the dotted line predictions are right. Mean prediction and mean "
        f"label of each tenth of the rows, by prediction: {means}.",
        traces=(points, tenths, right),
        layout={
            "xaxis": {"title": {"text": f"predicted {label}"}, **axis},
            "yaxis": {"title": {"text": f"actual {label}"}, **axis},
            "height": 420,
        },
    )


def _residuals(errors: Errors) -> Chart:
    bars, most = errors.bars, max(errors.bars, key=lambda bar: bar.count)
    trace = {
        "type": "bar",
        "name": "test rows",
        "x": [short((bar.low + bar.high) / 2) for bar in bars],
        "width": [short(bar.high - bar.low) for bar in bars],
        "y": [bar.count for bar in bars],
    }
    beyond = f" {errors.beyond:,} rows that are farther out aren't drawn." if errors.beyond else ""
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "prediction - label"}},
        "yaxis": {"title": {"text": "test rows"}},
        "height": 420,
        "bargap": 0,
        "shapes": [],
        "annotations": [],
    }
    mark(layout, 0, "right")
    return Chart(
        name="residuals",
        title="Errors: prediction less label",
        summary=f"From {digits_of(bars[0].low)} to {digits_of(bars[-1].high)}; the most rows, {most.count:,.0f}, are "
        f"between {digits_of(most.low)} and {digits_of(most.high)}.{beyond}",
        traces=(trace,),
        layout=layout,
    )


def mark(layout: dict[str, Any], x: float, text: str) -> None:
    """Adds a vertical line with a name to a layout that has `shapes` and `annotations`."""
    layout["shapes"].append(
        {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": {"dash": "dash", "width": 1}}
    )
    layout["annotations"].append(
        {"x": x, "yref": "paper", "y": 1, "text": text, "showarrow": False} | {"xanchor": "left", "yanchor": "bottom"}
    )


def _roc(plots: SlicePlots, metrics: Mapping[str, Metric]) -> Chart:
    rates = [
        (
            _ratio(point.false_positives, point.false_positives + point.true_negatives),
            _ratio(point.true_positives, point.true_positives + point.false_negatives),
        )
        for point in plots.thresholds
    ]
    curve = _line("model", [x for x, _ in rates], [y for _, y in rates])
    chance = _line("chance", [0, 1], [0, 1], dash="dot")
    return Chart(
        name="roc",
        title="ROC",
        summary=f"True positive rate by false positive rate, over all thresholds{_area(metrics, 'auc')}.",
        traces=(curve, chance),
        layout={
            "xaxis": {"title": {"text": "false positive rate"}},
            "yaxis": {"title": {"text": "true positive rate"}},
        },
    )


def _precision_recall(plots: SlicePlots, metrics: Mapping[str, Metric]) -> Chart:
    points = [
        (
            _ratio(point.true_positives, point.true_positives + point.false_negatives),
            _ratio(point.true_positives, point.true_positives + point.false_positives),
        )
        for point in plots.thresholds
        if point.true_positives + point.false_positives
    ]
    one = " The curve is a single point: no threshold tells the examples apart." if len(set(points)) == 1 else ""
    return Chart(
        name="precision-recall",
        title="Precision and recall",
        summary=f"Precision by recall, over all thresholds{_area(metrics, 'auc_precision_recall')}.{one}",
        traces=(
            _line("model", [x for x, _ in points], [y for _, y in points], mode="lines+markers" if one else "lines"),
        ),
        layout={
            "xaxis": {"title": {"text": "recall"}, "range": [0, 1.02]},
            "yaxis": {"title": {"text": "precision"}, "range": [0, 1.02]},
        },
    )


def _calibration(plots: SlicePlots, name: str, counted: str) -> Chart:
    merged = list(_merged(plots))
    trace = _line("model", [x for x, _, _ in merged], [y for _, y, _ in merged], mode="lines+markers")
    trace["text"] = [f"{counted}: {examples:,.0f}" for _, _, examples in merged]
    most = max((examples for _, _, examples in merged), default=1.0)
    trace["marker"] = {"size": [5 + 15 * math.sqrt(examples / most) for _, _, examples in merged]}
    listed = "; ".join(f"{x:.2f}, {y:.2f}, {examples:,.0f}" for x, y, examples in merged)
    return Chart(
        name="calibration",
        title="Calibration",
        summary=f"Share of {name} among examples of about the same predicted probability; a larger mark stands for "
        f"more of them. Predicted, observed, {counted}: {listed}.",
        traces=(trace, _line("perfect", [0, 1], [0, 1], dash="dot")),
        layout={
            "xaxis": {"title": {"text": "predicted probability"}},
            "yaxis": {"title": {"text": "observed share"}},
        },
    )


def _reliability(calibration: Calibration) -> Chart:
    sets = {"before": (calibration.before, "dash"), "after": (calibration.after, "solid")}
    lines = [
        _line(
            name,
            [each.confidence for each in found.bins],
            [each.accuracy for each in found.bins],
            mode="lines+markers",
            dash=dash,
        )
        for name, (found, dash) in sets.items()
    ]
    words = "; ".join(
        f"{name}: " + ", ".join(f"{each.confidence:.2f} {each.accuracy:.2f}" for each in found.bins)
        for name, (found, _) in sets.items()
    )
    return Chart(
        name="reliability",
        title="Reliability on the validation split",
        summary="Share of right answers among examples of about the same confidence, before and after calibration by "
        f"a temperature of {calibration.temperature:.3f}. Confidence and share, {words}.",
        traces=(*lines, _line("perfect", [0, 1], [0, 1], dash="dot")),
        layout={"xaxis": {"title": {"text": "confidence"}}, "yaxis": {"title": {"text": "share of right answers"}}},
    )


def _to_the_letter(value: Any) -> Any:
    match value:
        case str():
            return value.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "&#37;{")
        case Mapping():
            return {key: _to_the_letter(each) for key, each in value.items()}
        case list() | tuple():
            return [_to_the_letter(each) for each in value]
        case _:
            return value


def _area(metrics: Mapping[str, Metric], name: str) -> str:
    value = metrics[name].value if name in metrics else None
    return "" if value is None else f"; the area below is {value:.4f}"


def _merged(plots: SlicePlots, bins: int = 10) -> Iterator[tuple[float, float, float]]:
    """TFMA's thousand buckets in ten of equal width, weighted by their examples."""
    for number in range(bins):
        inside = [each for each in plots.calibration if min(int(each.predicted * bins), bins - 1) == number]
        examples = sum(each.examples for each in inside)
        if examples:
            predicted = sum(each.predicted * each.examples for each in inside) / examples
            yield predicted, sum(each.observed * each.examples for each in inside) / examples, examples


def _line(
    name: str,
    x: Sequence[object],
    y: Sequence[float],
    *,
    dash: str = "solid",
    mode: str = "lines",
) -> dict[str, Any]:
    trace: dict[str, Any] = {"type": "scatter", "mode": mode, "name": name, "x": list(x), "line": {"dash": dash}}
    # What isn't finite, JSON doesn't know, and a chart leaves out.
    trace["y"] = [short(value) if math.isfinite(value) else None for value in y]
    return trace


def short(value: float) -> float:
    """Returns a number with no more digits than a chart can show."""
    return float(f"{value:.{SIGNIFICANT}g}")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _height(rows: int) -> int:
    return max(LEAST_PIXELS, 90 + ROW_PIXELS * rows)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {count:,}" for label, count in counts.items()) or "none"
