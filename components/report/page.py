"""Renders the page: one HTML file that needs nothing beside it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from components.column_roles import not_learned_text
from components.contract import LABEL
from components.metric_text import LOWER_IS_BETTER, digits_of, first_metrics, metric_text
from components.report import charts, words
from components.report.charts import Chart
from components.report.review import DataReview, EvaluationReview, FeatureStatistics, HistogramBar, Review
from components.report.run_view import RunView

SPARK_WIDTH, SPARK_HEIGHT = 120, 24
MAX_SLICE_POINTS = 200


def render(review: Review, run: RunView | None = None) -> str:
    """Returns the report of a run.

    Args:
        review: What its artifacts say.
        run: What the orchestrator says; None where only the artifacts are known.
    """
    run = run or RunView()
    state, sentence = words.verdict(review, run)
    drawn = _charts(review, run)
    return _template("report.html.j2").render(
        review=review,
        run=run,
        state=state,
        sentence=sentence,
        checks=[(check, words.check_sentence(check)) for check in _by_failure(review.evaluation)],
        headline=words.headline(review),
        warnings=[*words.warnings(review.evaluation), *words.error_warnings(review)] if review.evaluation else [],
        data_warnings=words.data_warnings(review.data) if review.data else [],
        not_learned=not_learned_text(review.data.columns) if review.data else "",
        uses={column.name: column.text for column in review.data.columns} if review.data else {},
        notes=words.notes(review) if review.evaluation else [],
        worst=words.worst_slices(review.evaluation) if review.evaluation else [],
        worst_otherwise=words.worst_by_other_metrics(review.evaluation) if review.evaluation else [],
        beside=_beside(review),
        answering=words.answering(review.evaluation) if review.evaluation else [],
        misses=words.misses(review),
        overfitting=words.overfitting(review.training) if review.training else [],
        sampled=words.sampled(review.training) if review.training else [],
        weighted_loss=words.weighted_loss(review.training) if review.training else "",
        metrics=_metric_names(review.evaluation),
        charts=drawn,
        figures=_embedded({name: chart.model_dump() for name, chart in drawn.items()}),
        thresholds=_embedded(_threshold_data(review.evaluation)),
        made=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
    )


def render_index(pipeline: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """Returns the page over all runs of a pipeline.

    Args:
        pipeline: Its name.
        runs: Newest first: `run_id`, `status`, `seconds`, `metrics`, `counts`, `settings`, `report` (a relative link).
    """
    oldest_first = [(str(run["run_id"]), run["metrics"]) for run in reversed(runs) if run["metrics"]]
    drawn = {chart.name: chart for chart in charts.history(oldest_first)}
    return _template("index.html.j2").render(
        pipeline=pipeline,
        runs=runs,
        metrics=first_metrics(name for run in runs for name in run["metrics"]),
        charts=drawn,
        figures=_embedded({name: chart.model_dump() for name, chart in drawn.items()}),
        data=_embedded({str(run["run_id"]): dict(run) for run in runs}),
        made=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
    )


def sparkline(bars: Sequence[HistogramBar]) -> Markup:
    """Returns a histogram as a small picture."""
    highest = max((bar.count for bar in bars), default=0.0)
    if not highest:
        return Markup("")
    width = SPARK_WIDTH / len(bars)
    drawn = "".join(
        f'<rect x="{number * width:.1f}" y="{SPARK_HEIGHT * (1 - bar.count / highest):.1f}" '
        f'width="{max(width - 1, 1):.1f}" height="{SPARK_HEIGHT * bar.count / highest:.1f}"/>'
        for number, bar in enumerate(bars)
    )
    label = f"histogram from {bars[0].low:g} to {bars[-1].high:g}"
    return Markup(  # noqa: S704 (numbers only)
        f'<svg class="spark" role="img" aria-label="{label}" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" '
        f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}">{drawn}</svg>'
    )


def _beside(review: Review) -> dict[str, Any]:
    """The model and the simple ones, a row each, by the metrics that all have."""
    if not review.yardstick or not review.yardstick.models or not review.evaluation:
        return {}
    metrics = review.evaluation.slices[0].metrics
    simple = {name: scores.model_dump() for name, scores in review.yardstick.models.items()}
    names = [
        name
        for name in ("accuracy", "auc", "auc_macro", "crossentropy", "rmse", "r2")
        if name in metrics and all(scores.get(name) is not None for scores in simple.values())
    ]
    first = names[0] if names else ""
    simple = dict(
        sorted(simple.items(), key=lambda model: model[1].get(first, 0), reverse=first not in LOWER_IS_BETTER)
    )
    rows = [("this model", [metrics[name].value for name in names])]
    rows += [(model, [scores[name] for name in names]) for model, scores in simple.items()]
    return {"names": names, "rows": rows}


def _charts(review: Review, run: RunView) -> dict[str, Chart]:
    drawn: list[Chart] = []
    if review.evaluation:
        drawn += charts.evaluation_charts(review.evaluation)
    if review.evaluation and review.errors:
        drawn += charts.error_charts(review.errors, review.evaluation.label)
    if review.training:
        drawn += charts.training_charts(review.training)
    if review.data:
        drawn += _labels(review.data, review.evaluation)
    if run.steps:
        drawn.append(charts.waterfall(run.steps))
    return {chart.name: chart for chart in drawn}


def _labels(data: DataReview, evaluation: EvaluationReview | None) -> list[Chart]:
    """How classes, or the number to predict, are spread over the splits."""
    numbers = [each for each in data.statistics if each.name == LABEL and each.kind == "number"]
    if numbers:
        chart = charts.label_by_split(numbers, evaluation.label if evaluation else "the label")
        return [chart] if chart else []
    return [charts.class_balance(data)] if data.counts else []


def _by_failure(evaluation: EvaluationReview | None) -> list[Any]:
    return sorted(evaluation.decision.checks, key=lambda check: check.passed) if evaluation else []


def _metric_names(evaluation: EvaluationReview | None) -> list[str]:
    if not evaluation:
        return []
    known = list(words.METRICS)
    return sorted(evaluation.slices[0].metrics, key=lambda name: known.index(name) if name in known else len(known))


def _threshold_data(evaluation: EvaluationReview | None) -> dict[str, Any]:
    """What the slider needs: for each slice, confusion matrices by threshold, thinned out but for all examples."""
    if not evaluation:
        return {}
    found = {}
    for number, plots in enumerate(evaluation.plots):
        every = 1 if not number else max(1, len(plots.thresholds) // MAX_SLICE_POINTS)
        inside = [point for point in plots.thresholds if 0 <= point.threshold <= 1][::every]
        if inside:
            found[plots.name] = [
                [
                    point.threshold,
                    point.true_positives,
                    point.false_positives,
                    point.true_negatives,
                    point.false_negatives,
                ]
                for point in inside
            ]
    return found


def _embedded(value: object) -> Markup:
    """JSON inside of a script element, which no text in it can end."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 (no markup is left in it)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("components.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "sparkline": sparkline,
        "number": _number,
        "by_feature": _by_feature,
        "metric": _metric,
        "digits": digits_of,
    }
    environment.globals |= {
        "metric_title": words.metric_title,
        "trust": words.trust,
        "few": words.FEW_EXAMPLES,
        "meanings": words.MEANINGS,
    }
    environment.globals |= {"overfitted": words.OVERFITTED, "gap": words.GAP}
    environment.globals["plotly"] = Markup((files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8"))  # noqa: S704
    return environment


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


def _number(value: float | None, form: str = ".4f") -> str:
    return "" if value is None else format(value, form)


def _metric(value: float | None, name: str, sign: str = "") -> str:
    return "" if value is None else metric_text(name, value, sign)


def _by_feature(statistics: Sequence[FeatureStatistics]) -> dict[str, list[FeatureStatistics]]:
    found: dict[str, list[FeatureStatistics]] = {}
    for each in statistics:
        found.setdefault(each.name, []).append(each)
    return found
