"""What a release manager reads first: four numbers, and the warnings under them, the strongest first."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from components.column_roles import not_learned_text
from components.contract import SPLITS
from components.evaluator.guessing import guessing_check
from components.evaluator.metric_names import EFFECTIVE_COUNT
from components.metric_text import LOWER_IS_BETTER, metric_text
from components.outcome import COMPARED, GUESSING, ThresholdCheck, beside_guessing
from components.report import words
from components.report.review import EvaluationReview, Metric, Review
from components.report.run_view import RunView

AREAS = ("auc", "auc_macro", "r2")
"""Stands in small print below the first metric, where it was measured."""


class Tile(NamedTuple):
    """One number.

    Attributes:
        title: What it is.
        value: The number, as text.
        notes: Small print, a line each.
        state: Whether it speaks for the model.
    """

    title: str
    value: str
    notes: tuple[str, ...] = ()
    state: Literal["", "good", "bad"] = ""


class Score(NamedTuple):
    """The first metric of a model beside guessing.

    Attributes:
        metric: Its name.
        found: Its value, with its interval.
        guessing: What guessing reaches.
        by: How that guesses.
        is_better: Whether the model is better beyond chance.
    """

    metric: str
    found: Metric
    guessing: float
    by: str
    is_better: bool


def tiles(review: Review, run: RunView) -> list[Tile]:
    """Returns the metric, guessing, what is served and the size of the test; nothing where nothing was evaluated."""
    evaluation = review.evaluation
    score = score_of(evaluation) if evaluation else None
    if not evaluation or not score:
        return []
    return [
        _model(evaluation, score),
        _guessing(review, score),
        _served(evaluation, score, run, is_pushed=bool(review.pushed_to)),
        _test(evaluation, review),
    ]


def headline_warnings(review: Review) -> list[str]:
    """Returns what a reader must know although no check may look at it, the strongest first."""
    found = []
    if review.evaluation:
        score = score_of(review.evaluation)
        if score and not score.is_better:
            found.append(_not_better(score))
        found.append(review.evaluation.decision.not_compared)
        found += words.warnings(review.evaluation)
        found += words.error_warnings(review)
    if review.training:
        found.append(words.kept_too_late(review.training.curves))
    if review.data:
        found += words.data_warnings(review.data)
        found.append(not_learned_text(review.data.columns))
    return [sentence for sentence in found if sentence]


def score_of(evaluation: EvaluationReview) -> Score | None:
    """Returns the metric that a model is judged by first, beside guessing; None where nothing can be told of it.

    Of classes that is the accuracy, or the balanced accuracy where one class has most of the examples or the model
    gives up accuracy for something else; of a number to predict the root mean squared error.
    """
    overall = evaluation.slices[0]
    if evaluation.label:
        rmse, r2 = overall.metrics.get("rmse"), overall.metrics.get("r2")
        if not rmse or rmse.value is None or evaluation.guessing is None:
            return None
        asked = _guessing_check(evaluation)
        better = asked.passed if asked else bool(r2 and r2.low is not None and r2.low > 0)
        return Score("rmse", rmse, evaluation.guessing, "always predicting the mean", better)
    confusion = evaluation.plots[0].confusion if evaluation.plots else ()
    if not any(map(sum, confusion)):
        return None
    effective = overall.metrics.get(EFFECTIVE_COUNT)
    examples = effective.value or 0.0 if effective else overall.count
    check = guessing_check(confusion, examples, overall.name, by_recall=evaluation.answering.gives_up_accuracy)
    counts = [sum(row) for row in confusion]
    most = evaluation.class_names[counts.index(max(counts))]
    by = f"always predicting {most}" if check.metric == "accuracy" else "mean recall of the classes by chance"
    found = Metric(value=check.value, low=check.low, high=check.high)
    return Score(check.metric, found, check.bound, by, check.passed)


def _guessing_check(evaluation: EvaluationReview) -> ThresholdCheck | None:
    return next((check for check in evaluation.decision.checks if check.guessing), None)


def _not_better(score: Score) -> str:
    name = words.metric_title(score.metric).split(" (")[0]
    text = f"The model is {_no_better(score)}: {name} {metric_text(score.metric, score.found.value or 0)}"
    return f"{text}{_interval(score, ' (95 % interval {})')}, guessing {metric_text(score.metric, score.guessing)}."


def _no_better(score: Score) -> str:
    """Says what a model is that isn't better than guessing."""
    if score.metric in LOWER_IS_BETTER:
        low = score.found.low
        return beside_guessing(None if low is None else -low, -score.guessing)
    return beside_guessing(score.found.high, score.guessing)


def _interval(score: Score, form: str) -> str:
    if score.found.low is None or score.found.high is None:
        return ""
    return form.format(f"{metric_text(score.metric, score.found.low)} to {metric_text(score.metric, score.found.high)}")


def _model(evaluation: EvaluationReview, score: Score) -> Tile:
    title = words.metric_title(score.metric).split(" (")[0]
    overall = evaluation.slices[0].metrics
    notes = [_interval(score, "95 % interval {}")]
    if score.metric == "balanced_accuracy" and "accuracy" in overall:
        notes.append(f"accuracy {metric_text('accuracy', overall['accuracy'].value or 0)}")
    notes += [
        f"{COMPARED[name]} {metric_text(name, value)}"
        for name in AREAS
        if name in overall and (value := overall[name].value) is not None
    ]
    return Tile(
        title=f"{title} of {evaluation.label}" if evaluation.label else title,
        value=metric_text(score.metric, score.found.value or 0),
        notes=tuple(filter(None, notes)),
    )


def _guessing(review: Review, score: Score) -> Tile:
    unknown = (
        "the model is worse" if _no_better(score).startswith("worse") else "the model may be no better, by its interval"
    )
    notes = [score.by, "the model is better" if score.is_better else unknown]
    if best := _best_simple_model(review, score.metric):
        notes.append(best)
    value = metric_text(score.metric, score.guessing)
    return Tile("Guessing", value, tuple(notes), "good" if score.is_better else "bad")


def _best_simple_model(review: Review, metric: str) -> str:
    """The best of the yardstick's; "" where it doesn't compare."""
    cut = review.evaluation.answering.operating_point if review.evaluation else None
    models = review.yardstick.models if review.yardstick and (metric == "rmse" or not cut) else {}
    values = {
        name: value
        for name, scores in models.items()
        if name != GUESSING and (value := getattr(scores, metric, None)) is not None
    }
    if not values:
        return ""
    best = (min if metric in LOWER_IS_BETTER else max)(values, key=lambda name: values[name])
    return f"best simple model: {best} {metric_text(metric, values[best])}"


def _served(evaluation: EvaluationReview, score: Score, run: RunView, *, is_pushed: bool) -> Tile:
    before = evaluation.slices[0].baseline.get(score.metric)
    title = "Served before" if is_pushed else "Still served"
    if not run.run_id:  # of what is served, artifacts say nothing
        title = "Baseline"
        if before is None:
            return Tile(title, "none")
        return Tile(title, metric_text(score.metric, before), ("on the same examples",), _beside(score, before))
    if run.served is None:
        return Tile(title, "nothing", ("no model was pushed before",))
    notes = []
    own = run.served.metrics.get(score.metric)
    value = before if run.served.is_baseline else own
    if value is not None:
        where = "on the same examples" if run.served.is_baseline else _own_test(run.served.metrics)
        notes.append(where)
    if before is not None and not run.served.is_baseline:
        notes.append(f"baseline: {metric_text(score.metric, before)} on the same examples")
    notes.append(run.served.in_words)
    shown = "not known" if value is None else metric_text(score.metric, value)
    return Tile(title, shown, tuple(notes), _beside(score, before))


def _own_test(metrics: Mapping[str, float]) -> str:
    count = metrics.get("example_count")
    return f"in its own run, on {count:,.0f} test examples" if count else "in its own run"


def _beside(score: Score, before: float | None) -> Literal["", "good", "bad"]:
    """Worse or better than another model on the same examples, beyond chance."""
    low, high = score.found.low, score.found.high
    if before is None or low is None or high is None or low <= before <= high:
        return ""
    return "good" if (before < low) != (score.metric in LOWER_IS_BETTER) else "bad"


def _test(evaluation: EvaluationReview, review: Review) -> Tile:
    notes = []
    found = review.data.counts if review.data else {}
    # Rows whose label is a number to predict are counted under no class.
    counts = {name: found.get("test", {}).get(name, 0) for split in found.values() for name in split if name}
    if counts:
        least = min(counts, key=lambda name: counts[name])
        notes.append(f"fewest of a class: {counts[least]:,} of {least}")
    sizes = {split: sum(labels.values()) for split, labels in found.items()}
    if sizes:
        notes.append("; ".join(f"{split} {sizes[split]:,}" for split in SPLITS if split in sizes and split != "test"))
    return Tile("Test examples", f"{evaluation.slices[0].count:,}", tuple(notes))
