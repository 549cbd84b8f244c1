"""Renders the page: one HTML file that needs nothing beside it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

from components.column_roles import LEFT_OUT, NAMES_ROWS, ColumnUse
from components.contract import LABEL
from components.metric_text import LOWER_IS_BETTER
from components.outcome import Step
from components.report import charts, training_charts, words
from components.report.charts import Chart
from components.report.confusion import confusion_table
from components.report.decision import check_rows, folded_in_words
from components.report.headline import headline_warnings, tiles
from components.report.review import DataReview, EvaluationReview, Mistake, Review
from components.report.run_view import RunView
from components.report.slices import one_valued, slice_chart, worst_first
from components.report.templating import embedded, template
from components.report.training_view import training_view

MAX_SLICE_POINTS = 200
FIRST = (
    *("accuracy", "balanced_accuracy", "auc", "auc_macro", "precision", "recall", "f1", "f1_macro", "crossentropy"),
    *("rmse", "mae", "r2", "mean_error"),
)
FIRST_SHOWN = 6
"""So many of them the table of slices shows at once; the other metrics where they are asked for."""

NAMES = (NAMES_ROWS, *(LEFT_OUT[reason] for reason in ("key", "names", "group")))
"""Why a column isn't learned from that names rows."""

READING_STEPS = ("CsvExampleGen", "ImageExampleGen", "DataGate")

RATES = ("precision", "recall", "f1")


def render(review: Review, run: RunView | None = None) -> str:
    """Returns the report of a run.

    Args:
        review: What its artifacts say.
        run: What the orchestrator says; None where only the artifacts are known.
    """
    run = run or RunView()
    evaluation = review.evaluation
    state, sentence = words.verdict(review, run)
    first_checks, folded_checks = check_rows(evaluation)
    drawn = _charts(review, run)
    return template("report.html.j2").render(
        review=review,
        run=run,
        state=state,
        sentence=sentence,
        tiles=tiles(review, run),
        warnings=headline_warnings(review),
        model=_model(review, run),
        checks=first_checks,
        folded_checks=folded_checks,
        folded_in_words=folded_in_words(folded_checks, are_all=not first_checks),
        data_warnings=words.data_warnings(review.data) if review.data else [],
        uses={column.name: column.text for column in review.data.columns} if review.data else {},
        notes=words.notes(evaluation) if evaluation else [],
        worst=words.worst_slices(evaluation) if evaluation else [],
        worst_otherwise=words.worst_by_other_metrics(evaluation) if evaluation else [],
        worst_classes=words.worst_classes(evaluation) if evaluation else [],
        slices=worst_first(evaluation) if evaluation else [],
        folded_slices=one_valued(evaluation) if evaluation else [],
        averages=_averages(evaluation) if evaluation else [],
        confusion=confusion_table(evaluation),
        beside=_beside(review),
        answering=words.answering(evaluation) if evaluation else [],
        misses=words.misses(review),
        mistakes=_mistakes(review),
        cause=state == "failed" and _failed_by_its_data(review, run),
        not_reached=words.not_reached(review),
        columns=_columns(review),
        overfitting=words.overfitting(review.training) if review.training else [],
        sampled=words.sampled(review.training) if review.training else [],
        weighted_loss=words.weighted_loss(review.training) if review.training else "",
        **training_view(review),
        metrics=_metric_names(evaluation),
        steps=list(_steps(run)),
        first_shown=[name for name in _metric_names(evaluation) if name in FIRST][:FIRST_SHOWN],
        charts=drawn,
        figures=embedded({name: chart.figure() for name, chart in drawn.items()}),
        thresholds=embedded(_threshold_data(evaluation)),
        made=f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
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
    if slices := slice_chart(review.evaluation):
        drawn.append(slices)
    if review.evaluation:
        drawn += charts.evaluation_charts(review.evaluation)
    if review.evaluation and review.errors:
        drawn += charts.error_charts(review.errors, review.evaluation.label)
    if review.training:
        drawn += training_charts.training_charts(review.training)
    if review.data:
        drawn += _labels(review.data, review.evaluation)
    if review.pooled:
        drawn.append(charts.pooled_values(review.pooled))
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


def _failed_by_its_data(review: Review, run: RunView) -> bool:
    """Whether a run may have failed by what was quarantined: later steps fail by something else."""
    last = run.steps[-1].name if run.steps else ""
    return bool(review.data and review.data.reasons) and last in READING_STEPS


def _model(review: Review, run: RunView) -> str:
    """The model's name: of several that the Tuner compared, or of a photo's pretrained base."""
    if review.training and review.training.curves.model:
        return review.training.curves.model
    base = run.settings.get("trainer.base", "")
    return "dense layers on the pixels" if base == "None" else base


def _averages(evaluation: EvaluationReview) -> list[tuple[str, list[float | None]]]:
    """Precision, recall and F1 over the classes: the mean of all, and by how many examples each has."""
    metrics = evaluation.slices[0].metrics
    found = {
        name: [metrics[key].value if (key := f"{rate}_{kind}") in metrics else None for rate in RATES]
        for name, kind in (("Macro average", "macro"), ("Weighted average", "weighted"))
    }
    if len(evaluation.classes) == 2 and None in found["Macro average"]:
        values = [[each.metrics[rate].value for each in evaluation.classes] for rate in RATES]
        found["Macro average"] = [None if None in pair else sum(filter(None, pair)) / 2 for pair in values]
    return [(name, values) for name, values in found.items() if any(value is not None for value in values)]


def _steps(run: RunView) -> Iterator[tuple[Step, int]]:
    """Each step with how many in a row have its reason, which is said once; 0 for those after the first of them."""
    for _, group in groupby(run.steps, key=lambda step: (step.reason, step.cached)):
        first, *others = group
        yield first, 1 + len(others)
        yield from ((step, 0) for step in others)


def _mistakes(review: Review) -> list[Mistake]:
    """All that are wrong, the most confident first."""
    kept = review.mistakes.worst.values() if review.mistakes else ()
    return sorted((each for of_class in kept for each in of_class), key=lambda each: -each.confidence)


def _columns(review: Review) -> list[str]:
    """The columns of rows that are shown: first what names a row, then what is learned from, then the others."""
    shown = _shown_rows(review)
    names = list(dict.fromkeys(name for each in shown for name in each))
    uses = {column.name: column for column in review.data.columns} if review.data else {}
    return sorted(names, key=lambda name: _place(uses.get(name)))


def _shown_rows(review: Review) -> Iterable[dict[str, str]]:
    if review.errors:
        return [miss.sample.columns for miss in review.errors.worst]
    unsure = review.mistakes.unsure if review.mistakes else ()
    return [each.sample.columns for each in (*_mistakes(review), *unsure)]


def _place(use: ColumnUse | None) -> int:
    if use is None:
        return 1
    if use.use == "left out":
        return 0 if use.why in NAMES else 2
    return 1
