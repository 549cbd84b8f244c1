"""Turns the findings of a report into sentences for a release manager."""

from collections.abc import Sequence

from components.evaluator.guessing import MOSTLY_ONE
from components.ingest.findings import conflicts_text, long_cells_text, missing_classes, missing_classes_text
from components.metric_text import LOWER_IS_BETTER, digits_of, metric_text
from components.outcome import Paired, ThresholdCheck
from components.report.review import DataReview, EvaluationReview, Metric, Review, SliceResult, TrainingReview
from components.report.run_view import RunView
from components.trainer.curves import LearningCurves
from components.wording import listed

MEANINGS = {
    "accuracy": "share of examples that are classified correctly",
    "balanced_accuracy": "mean recall of the classes: each counts the same, however rare; guessing reaches 1 / classes",
    "f1": "harmonic mean of precision and recall of the second class",
    "mcc": "Matthews' correlation of predicted and actual classes: 1 is best, 0 is guessing, whatever the shares are",
    "auc_macro": "mean over the classes of the AUC of each against all others; 0.5 is chance",
    "f1_macro": "mean F1 of the classes: each counts the same",
    "precision_macro": "mean precision of the classes: each counts the same; none where one is never predicted",
    "recall_macro": "mean recall of the classes: each counts the same, as in balanced accuracy",
    "f1_weighted": "mean F1 of the classes, by how many examples each has",
    "precision_weighted": "mean precision of the classes, by how many examples each has",
    "recall_weighted": "mean recall of the classes, by how many examples each has, as in accuracy",
    "auc": "how often an example of the second class scores above one of the first; 0.5 is chance",
    "auc_precision_recall": "mean precision over all recalls",
    "precision": "share that is right among those predicted as the second class",
    "recall": "share of the second class that was found",
    "specificity": "share of the first class that was found",
    "negative_predictive_value": "share that is right among those predicted as the first class",
    "weighted_example_count": "sum of the weights of the examples, by which all other metrics weigh them",
    "effective_example_count": "how many examples of one weight tell as much (Kish); intervals are those of so many",
    "crossentropy": "mean of -log(probability given to the right class); 0 is best, guessing between two gives 0.69",
    "calibration": "mean predicted probability divided by the share of the second class; 1 is best",
    "mse": "mean of the squared error, in the square of the label's unit",
    "rmse": "root of the mean squared error, in the label's unit: large errors count the most",
    "mae": "mean of the error without its sign, in the label's unit",
    "r2": "which part of the labels' variance the model accounts for: 1 is best, always predicting their mean gives 0",
    "mean_error": "mean of prediction less label: above 0 the model predicts too much, on the whole",
    "median_absolute_error": "half of the examples are no farther off than this",
    "absolute_error_p90": "nine of ten examples are no farther off than this",
}

METRICS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "f1": "F1",
    "f1_macro": "F1, macro average",
    "mcc": "MCC (Matthews' correlation coefficient)",
    "auc_macro": "AUC of each class against all others, macro average",
    "auc": "AUC (area under the ROC curve)",
    "auc_precision_recall": "Area under the precision-recall curve",
    "precision": "Precision",
    "recall": "Recall",
    "specificity": "Specificity",
    "negative_predictive_value": "Negative predictive value",
    "precision_macro": "Precision, macro average",
    "recall_macro": "Recall, macro average",
    "f1_weighted": "F1, weighted average",
    "precision_weighted": "Precision, weighted average",
    "recall_weighted": "Recall, weighted average",
    "crossentropy": "Cross-entropy",
    "weighted_example_count": "Weight of the examples",
    "effective_example_count": "Examples of one weight that tell as much",
    "calibration": "Calibration (mean prediction / mean label)",
    "rmse": "RMSE (root of the mean squared error)",
    "r2": "R2",
    "mae": "Mean absolute error",
    "median_absolute_error": "Median absolute error",
    "absolute_error_p90": "90th percentile of the absolute error",
    "mean_error": "Mean error (prediction - label)",
    "mse": "Mean squared error",
}

FEW_EXAMPLES = 30
"""A slice of fewer says little: the usual rule of thumb for a mean."""

OVERFITTED, GAP = 1.05, 1.1
"""Overfitted: where the validation loss ends above its own lowest value and above the training loss, each by a factor
of so much."""

HARDLY = 0.95
"""A training loss that ends above this share of where it began has hardly moved."""

WORST_SHOWN, WORST_CLASSES = 3, 5
OTHER_METRICS = ("recall", "precision", "auc")
"""Metrics with an interval, besides accuracy."""

IN_WORDS = ("mae",)
"""Metrics that are named in words in a sentence: their short names aren't known to all."""

CHANCE = 0.5

UNLIKELY = 0.05
"""Two models differ by more than chance where equally good ones do so less often than this, as in the intervals."""


def verdict(review: Review, run: RunView) -> tuple[str, str]:
    """Returns the state (pushed, not_blessed, failed, failed_pushed or unfinished), and a sentence that says why."""
    if run.failure:
        place = f" ({run.failure.place})" if run.failure.place else ""
        reason = f"{run.failure.cause}{place}"
        if not review.pushed_to:
            return "failed", f"The run failed, and nothing was pushed: {reason}"
        # Of a run that ended in its push, the cause says where the model is.
        after = "" if review.pushed_to in reason else f" after its model was pushed to {review.pushed_to}"
        return "failed_pushed", f"The run failed{after}: {reason}"
    decision = review.evaluation.decision if review.evaluation else None
    if decision is None:
        return "unfinished", "The run ended before the evaluation, and nothing was pushed."
    failed = [check for check in decision.checks if not check.passed]
    if not decision.blessed:
        return "not_blessed", (
            f"{len(failed)} of {len(decision.checks)} checks failed, so the model isn't blessed and nothing was pushed."
        )
    passed = _passed(decision.checks)
    if review.pushed_to:
        to = review.pushed_to
        where = f"is in {to}" if run.pushed_is_kept else f"was pushed to {to}, and is no longer kept there"
        return "pushed", f"{passed}. The model {where}."
    return "unfinished", f"{passed}, and the model is blessed, but it wasn't pushed."


def not_reached(review: Review) -> str:
    """Returns what a run ended before, as "training and evaluation"; "" where it came to its end."""
    if review.evaluation:
        return ""
    return "evaluation" if review.training else "training and evaluation" if review.data else "its data was read"


def _passed(checks: Sequence[ThresholdCheck]) -> str:
    compared = [check for check in checks if not check.is_not_compared]
    words = f"All {len(compared)} checks passed" if len(compared) != 1 else "The check passed"
    if not compared:
        words = "No check failed"
    if others := len(checks) - len(compared):
        words += f"; {others} more check{'s' if others > 1 else ''} had no earlier model to compare with"
    return words


def warnings(evaluation: EvaluationReview) -> list[str]:
    """Returns what a reader must know although no check may look at it: that the model learned nothing."""
    found = []
    overall = evaluation.plots[0].confusion if evaluation.plots else ()
    taken = [sum(column) for column in zip(*overall, strict=True)]
    if sum(count > 0 for count in taken) == 1 and len(taken) > 1:
        name = evaluation.class_names[taken.index(max(taken))]
        found.append(f"The model predicts {name} for every test example: it doesn't tell the classes apart.")
    found += _never_predicted(evaluation, taken)
    auc = evaluation.slices[0].metrics.get("auc")
    if auc and auc.low is not None and auc.high is not None and auc.low <= CHANCE <= auc.high:
        found.append(
            f"The AUC of {auc.value:.4f} isn't distinguishable from chance (0.5): its 95 % interval is "
            f"{auc.low:.4f} to {auc.high:.4f}."
        )
    if auc and auc.low is not None and auc.high is not None and auc.high < CHANCE:
        found.append(
            f"The AUC of {auc.value:.4f} is below chance (0.5), by its 95 % interval of {auc.low:.4f} to "
            f"{auc.high:.4f}: the model ranks the classes the wrong way round. Are the labels of a split swapped?"
        )
    return found


def _never_predicted(evaluation: EvaluationReview, taken: Sequence[float]) -> list[str]:
    """Of some classes; that all examples are predicted as one is said already."""
    if sum(count > 0 for count in taken) < 2:
        return []
    named = zip(evaluation.class_names, taken, evaluation.plots[0].confusion, strict=True)
    never = [f"{name} ({sum(row):,.0f})" for name, count, row in named if not count and sum(row) > 0]
    if not never:
        return []
    counted = "what these weigh" if evaluation.is_weighted else "how many there are"
    return [f"The model predicts no test example as {listed(never)}; in brackets, {counted}."]


def error_warnings(review: Review) -> list[str]:
    """Returns what a reader must know of a model that predicts a number, although no check may look at it."""
    if not review.evaluation or not review.errors:
        return []
    found, overall, errors = [], review.evaluation.slices[0].metrics, review.errors
    if errors.distinct == 1 < errors.seen:
        found.append("The model predicts the same number for every test row: it tells nothing apart.")
    r2 = overall["r2"]
    if r2.value is not None and r2.low is not None and r2.low <= 0:
        is_worse = r2.high is not None and r2.high < 0
        beside = "is below" if is_worse else "isn't distinguishable from"
        found.append(f"R2 {beside} 0, what always predicting the mean reaches: {_span('r2', r2)}.")
    if bias := _bias(overall["mean_error"]):
        found.append(f"On the whole {bias}.")
    if errors.outside and errors.lowest is not None and errors.highest is not None:
        ends = f"{metric_text('rmse', errors.lowest)} to {metric_text('rmse', errors.highest)}"
        found.append(
            f"{errors.outside:,} of {errors.seen:,} predictions are outside of what the training rows have ({ends})."
        )
    return found


def _span(name: str, metric: Metric) -> str:
    low, high = metric.low or 0.0, metric.high or 0.0
    return f"its 95 % interval is {metric_text(name, low)} to {metric_text(name, high)}"


def notes(evaluation: EvaluationReview) -> list[str]:
    """Returns what to weigh the checks with: the baseline, guessing, what no check looks at."""
    paired = paired_sentence(evaluation.decision.paired) if evaluation.decision.paired else ""
    return [sentence for sentence in (paired, _guessing(evaluation), _what_is_checked(evaluation)) if sentence]


def paired_sentence(paired: Paired) -> str:
    """Returns whether a model is better than the baseline, by what both answer to each test example."""
    where = f"Beside the baseline, on the same {paired.examples:,} test examples"
    if errors := paired.errors:
        ends = f"95 % interval {digits_of(errors.low, '+')} to {digits_of(errors.high, '+')}"
        verdict = "it is better" if errors.high < 0 else "it is worse" if errors.low > 0 else "that may be chance"
        return f"{where}, its mean squared error differs by {digits_of(errors.difference, '+')} ({ends}): {verdict}."
    if not paired.better + paired.worse:
        return f"{where}, it gets the same ones right."
    verdict = "that may be chance"
    if paired.chance < UNLIKELY:
        verdict = "it is better" if paired.better > paired.worse else "it is worse"
    return (
        f"{where}, it alone gets {paired.better:,} right, and the other alone {paired.worse:,}. Two models that are "
        f"equally good differ by as much {_of_a_hundred(paired.chance)} (McNemar's exact test): {verdict}."
    )


def _of_a_hundred(chance: float) -> str:
    if chance < 0.01:
        return "in fewer than 1 of 100 tests"
    near_the_verdict = abs(chance - UNLIKELY) < 0.005
    return f"in {chance * 100:.{2 if near_the_verdict else 0}f} of 100 tests"


def data_warnings(data: DataReview) -> list[str]:
    """Returns what is wrong with the records as a whole: classes that miss a split, records in conflict, long cells."""
    # Rows whose label is a number to predict are counted under no class.
    classes = {split: {name: count for name, count in found.items() if name} for split, found in data.counts.items()}
    missing = missing_classes_text(missing_classes(classes), classes)
    conflicts = conflicts_text(data.conflicts, _records(data)) if data.conflicts else ""
    long = map(long_cells_text, data.long_cells)
    return [f"{text[0].upper()}{text[1:]}." for text in (missing, conflicts, *long) if text]


def sampled(training: TrainingReview) -> list[str]:
    """Returns which models were trained on a part of the training rows, a sentence each."""
    return [curves.sampled for curves in (training.compared.values() or [training.curves]) if curves.sampled]


def _records(data: DataReview) -> int:
    return sum(sum(labels.values()) for labels in data.counts.values())


def _guessing(evaluation: EvaluationReview) -> str:
    counts = [sum(row) for row in evaluation.plots[0].confusion] if evaluation.plots else []
    if not any(counts):
        return ""
    name = evaluation.class_names[counts.index(max(counts))]
    share = max(counts) / sum(counts)
    if share <= MOSTLY_ONE and not evaluation.answering.gives_up_accuracy:  # the headline has it
        return ""
    return f"For comparison: predicting {name} for every example would give an accuracy of {share:.4f}."


def _what_is_checked(evaluation: EvaluationReview) -> str:
    overall, *others = (each.name for each in evaluation.slices)
    if not others or any(check.slice != overall for check in evaluation.decision.checks):
        return ""
    return "Every check covers all examples: a bad slice alone doesn't stop a push."


def kept_too_late(curves: LearningCurves) -> str:
    """Returns a sentence that says that the weights are of an overfitted model; "" where they aren't."""
    values = curves.metrics[f"val_{curves.crossentropy}"]
    kept = curves.best_epoch or len(values)
    value, lowest = values[kept - 1], min(values)
    if not _overfitted(curves) or value <= lowest * OVERFITTED:
        return ""
    return (
        f"It overfitted: the weights are those of {curves.unit} {kept}, with a validation loss of {value:.4f}; the "
        f"lowest was {lowest:.4f}, in {curves.unit} {values.index(lowest) + 1}."
    )


def worst_slices(evaluation: EvaluationReview) -> list[str]:
    """Returns sentences on the slices that cost the most, and whether they can be trusted.

    What a slice costs is how far it is from all examples by the first metric, times its examples: many that are a
    little worse weigh as much as a few that are much worse.
    """
    metric = evaluation.first_metric
    overall = _value(evaluation.slices[0], metric)
    if overall is None:
        return []
    worse = [
        (_lead(metric, value, overall) * each.count, each)
        for each in evaluation.slices[1:]
        if (value := _value(each, metric)) is not None and _lead(metric, value, overall) < 0
    ]
    ranked = sorted(worse, key=lambda pair: pair[0])[:WORST_SHOWN]
    return [_slice_sentence(each, metric, overall) for _, each in ranked]


def worst_classes(evaluation: EvaluationReview) -> list[str]:
    """Returns sentences on the classes with the most examples that weren't found, and what these were taken for.

    Where rows have weights, these count.
    """
    confusion = evaluation.plots[0].confusion if evaluation.plots else ()
    missed = [
        (sum(row) - row[number], number, row) for number, row in enumerate(confusion) if sum(row) - row[number] > 0
    ]
    ranked = sorted(missed, key=lambda each: (-each[0], each[1]))[:WORST_CLASSES]
    of = "a weight of " if evaluation.is_weighted else ""
    return [_class_sentence(evaluation.class_names, number, row, of) for _, number, row in ranked]


def _class_sentence(names: Sequence[str], number: int, row: Sequence[float], of: str) -> str:
    whole = sum(row)
    others = [(count, other) for other, count in zip(names, row, strict=True) if other != names[number]]
    count, other = max(others)
    found = f"{names[number]}: {of}{row[number]:,.0f} of {whole:,.0f} found (recall {row[number] / whole:.4f})"
    return f"{found}, most often predicted as {other} ({count:,.0f})."


def worst_by_other_metrics(evaluation: EvaluationReview) -> list[str]:
    """Returns sentences on slices that are large enough, and worse than all examples in more than their accuracy.

    Of a number that is predicted: on those where it is too much or too little, on the whole.
    """
    if evaluation.label:
        return _off_to_one_side(evaluation)
    below = [
        (value - overall, each, metric, overall)
        for metric in OTHER_METRICS
        if (overall := _value(evaluation.slices[0], metric)) is not None
        for each in evaluation.slices[1:]
        if (value := _value(each, metric)) is not None and each.count >= FEW_EXAMPLES
        if (high := each.metrics[metric].high) is not None and high < overall
    ]
    ranked = sorted(below, key=lambda found: found[0])[:WORST_SHOWN]
    return [_slice_sentence(each, metric, overall) for _, each, metric, overall in ranked]


def _off_to_one_side(evaluation: EvaluationReview) -> list[str]:
    found = [
        (each, error)
        for each in evaluation.slices[1:]
        if each.count >= FEW_EXAMPLES and (error := _bias(each.metrics["mean_error"]))
    ]
    ranked = sorted(found, key=lambda pair: -abs(pair[0].metrics["mean_error"].value or 0.0))[:WORST_SHOWN]
    return [f"{each.name}: on the whole {bias}, on {each.count:,} examples." for each, bias in ranked]


def _bias(error: Metric) -> str:
    """How predictions are off to one side, on the whole; "" where that may be chance."""
    if error.value is None or error.low is None or error.high is None or error.low <= 0 <= error.high:
        return ""
    amount, way = metric_text("mean_error", abs(error.value)), "much" if error.value > 0 else "little"
    return f"{amount} too {way} is predicted (prediction - label: {_span('mean_error', error)})"


def _slice_sentence(found: SliceResult, metric: str, overall: float) -> str:
    bounds = found.metrics[metric]
    value = bounds.value or 0.0
    apart = f"{metric_text(metric, abs(overall - value))} {'below' if value < overall else 'above'} all examples"
    name = METRICS[metric].lower() if metric in IN_WORDS else metric
    where = f"{found.name} ({found.meaning})" if found.meaning else found.name
    words = f"{where}: {name} {metric_text(metric, value)}, {apart}, on {found.count:,} examples"
    return f"{words}. {trust(found.count, bounds, overall, metric)}"


def _lead(metric: str, value: float, overall: float) -> float:
    """By how much a slice is better than all examples."""
    return overall - value if metric in LOWER_IS_BETTER else value - overall


def trust(count: int, bounds: Metric, overall: float | None, metric: str = "accuracy") -> str:
    """Says whether a slice is large enough to believe its value."""
    if count < FEW_EXAMPLES:
        return f"Too small to trust: fewer than {FEW_EXAMPLES} examples."
    if bounds.low is None or bounds.high is None or overall is None:
        return "No interval was computed."
    if bounds.low <= overall <= bounds.high:
        judged = "includes the value of all examples: the difference may be chance"
    else:
        # Of twenty slices, one is expected to look so by chance.
        judged = "excludes the value of all examples: statistically significant at the 5 % level, for this slice alone"
    return f"The 95 % interval, {metric_text(metric, bounds.low)} to {metric_text(metric, bounds.high)}, {judged}."


def misses(review: Review) -> str:
    """Returns a sentence that says how the squared error is shared out among the test rows."""
    errors = review.errors
    if not errors or not errors.worst:
        return ""
    looked_at = f"{errors.seen:,} test rows were looked at"
    share = f"the hundredth of them with the largest errors has {errors.worst_share:.0%} of the squared error"
    return f"{looked_at}; {share}. Shown are the {len(errors.worst)} with the largest absolute errors."


def weighted_loss(training: TrainingReview) -> str:
    """Returns a sentence on the weights of the classes; "" where they weighed the same."""
    weights = training.curves.class_weights
    if not weights:
        return ""
    words = listed((f"{name} {weight:.3g}" for name, weight in weights.items()), 12)
    return (
        f"The loss weighs each example by its class ({words}), in training and in validation: it compares with that of "
        "runs with the same weights alone. The metrics of the evaluation are never weighted by class."
    )


def answering(evaluation: EvaluationReview) -> list[str]:
    """Returns sentences that say how the model's logits become its answer, where that isn't by the likeliest class."""
    found, said = evaluation.answering, []
    if found.operating_point is not None:
        second = evaluation.class_names[1]
        said.append(
            f"{second} is answered where its probability is above {found.cut:.4g}, chosen on the validation split for "
            f"{found.operating_point.in_words}."
        )
    if found.calibration is not None:
        before, after, examples = found.calibration.before, found.calibration.after, found.calibration.examples
        if found.temperature == 1.0:
            said.append(
                f"Probabilities aren't calibrated: {examples:,} validation examples are too few, or no temperature was "
                "better than none."
            )
        else:
            said.append(
                f"Probabilities are calibrated by a temperature of {found.temperature:.3f}, found on {examples:,} "
                f"validation examples. There the expected calibration error was {before.expected_error:.4f} and is "
                f"{after.expected_error:.4f}, the cross-entropy {before.crossentropy:.4f} and {after.crossentropy:.4f}."
            )
    return said


def overfitting(training: TrainingReview) -> list[str]:
    """Returns sentences that say where validation was best and whether the model overfitted."""
    found = [_overfitting(training.curves, training.curves.model or "The model")]
    found += [_overfitting(curves, name) for name, curves in training.compared.items() if name != training.curves.model]
    return found


def _overfitting(curves: LearningCurves, name: str) -> str:
    values = curves.metrics[f"val_{curves.crossentropy}"]
    lowest = min(values)
    best = values.index(lowest) + 1
    unit = curves.unit
    kept = f"{unit} {curves.best_epoch}, the best," if curves.best_epoch else f"the last {unit}, {len(values)},"
    words = f"{name}: validation loss was lowest in {unit} {best} of {len(values)} ({lowest:.4f})"
    end = f"in the last {unit} it is {values[-1]:.4f}, training {curves.metrics[curves.crossentropy][-1]:.4f}"
    judged = "it overfitted" if _overfitted(curves) else _hardly_learned(curves) or "it didn't overfit"
    by = " The Tuner trained it, and the Trainer took it over." if curves.trained_by == "Tuner" else ""
    what = "weights of" if unit == "epoch" else "trees up to"
    return f"{words}; {end}: {judged}. The {what} {kept} were kept.{by}"


def _hardly_learned(curves: LearningCurves) -> str:
    """Says so beside the loss before the first step: in one epoch, a model may learn all there is; "" where it did."""
    for what, name in (("training", curves.crossentropy), ("validation", f"val_{curves.crossentropy}")):
        if name in curves.initial:
            began, ended = curves.initial[name], curves.metrics[name][-1]
            return f"it hardly learned, since the {what} loss began at {began:.4f}" if ended > began * HARDLY else ""
    return ""


def _overfitted(curves: LearningCurves) -> bool:
    values = curves.metrics[f"val_{curves.crossentropy}"]
    return values[-1] > max(min(values) * OVERFITTED, curves.metrics[curves.crossentropy][-1] * GAP)


def metric_title(name: str) -> str:
    """Returns a metric's name in words."""
    if name in METRICS:
        return METRICS[name]
    return name.replace("_", " ").capitalize()


def _value(found: SliceResult, metric: str) -> float | None:
    return found.metrics[metric].value if metric in found.metrics else None
