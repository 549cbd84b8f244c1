"""What came of a run, of each of its steps and of each check of its model. Of TFX and TensorFlow it knows nothing."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from components.metric_text import IN_UNIT, digits_of, exact_text, metric_text
from components.settings import Settings

ALL_EXAMPLES = "all examples"
"""The slice that is all of the test."""

NOT_COMPARED = "This model isn't compared with the one before, which"
"""Begins a sentence that says why."""

BoundKind = Literal["at_least", "at_most", "max_drop", "max_rise", "better_than_guessing"]
Status = Literal["running", "pushed", "not_blessed", "failed"]
ClusterStatus = Literal["waiting", "running", "paused", "succeeded", "failed", "cancelled", "unknown"]
"""Of a run on a cluster, which knows of steps: whether the model of one that succeeded was pushed, its report says."""


class Step(Settings):
    """One component's part in a run.

    Attributes:
        name: The component.
        seconds: Wall time.
        cached: Whether an earlier result was used instead.
        started: Seconds after the start of the run.
        reason: Why it ran, or why its result came from the cache.
        artifacts: The folders of what it made, now or when it ran last.
    """

    name: str
    seconds: float
    cached: bool
    started: float = 0.0
    reason: str = ""
    artifacts: tuple[str, ...] = ()


class ThresholdCheck(Settings):
    """One bound, and what it met.

    Attributes:
        metric: The metric's name.
        slice: "all examples", or "feature=value".
        kind: What the bound says of the value.
        value: The candidate's value; None where the evaluation has none, which doesn't pass.
        bound: The bound, in the metric's unit.
        baseline: The baseline's value, which is the served model or the last blessed one; None where there is none.
        passed: Whether the bound held.
        low: Lower end of the value's 95 % interval, where the check goes by it. Of a number to predict, whose root mean
            squared error is held against guessing, that of how much lower the mean squared error is.
        high: Upper end.
    """

    metric: str
    slice: str
    kind: BoundKind
    value: float | None
    bound: float
    baseline: float | None
    passed: bool
    low: float | None = None
    high: float | None = None

    @property
    def is_not_compared(self) -> bool:
        """Whether it asks for a comparison with an earlier model, and passes since there is none."""
        return self.passed and self.baseline is None and self.kind in ("max_drop", "max_rise")

    @property
    def bound_text(self) -> str:
        """The bound as it is printed: of what was computed four digits, of what was set all."""
        if self.kind == "better_than_guessing":
            return metric_text(self.metric, self.bound)
        return exact_text(self.bound)

    @property
    def guessing(self) -> str:
        """What it says of the model beside guessing, without a full stop; "" for another check."""
        if self.kind != "better_than_guessing" or self.value is None or self.low is None or self.high is None:
            return ""
        if self.metric in IN_UNIT:  # the interval is that of what the mean squared error gains
            gain, ends, way = self.bound**2 - self.value**2, (self.low, self.high), "lower"
            if gain < 0:
                gain, ends, way = -gain, (-self.high, -self.low), "higher"
            return (
                f"The model is {self._beside(0)}: its RMSE is {digits_of(self.value)}, that of always predicting "
                f"the mean is {digits_of(self.bound)}; its mean squared error is {way} by "
                f"{digits_of(gain)} (95 % interval {digits_of(ends[0])} to {digits_of(ends[1])})"
            )
        metric = self.metric.replace("_", " ")
        return (
            f"The model is {self._beside(self.bound)}: its {metric} is {self.value:.4f} (95 % interval {self.low:.4f} "
            f"to {self.high:.4f}), and always predicting the most frequent class reaches {self.bound:.4f}"
        )

    def _beside(self, guessing: float) -> str:
        if self.passed:
            return "better than guessing"
        return beside_guessing(self.high, guessing)


def beside_guessing(high: float | None, guessing: float) -> str:
    """Returns what a model is that isn't better than guessing, by the upper end of the interval of its metric."""
    is_worse = high is not None and high < guessing
    return "worse than guessing" if is_worse else "not distinguishable from guessing"


class PairedErrors(Settings):
    """How the squared errors of two models differ, row by row.

    Attributes:
        difference: The mean of the model's less those of the baseline: below 0 it is better.
        low: Lower end of the 95 % interval.
        high: Its upper end.
    """

    difference: float
    low: float
    high: float


class Paired(Settings):
    """A model beside the baseline, example by example; of classes each counts once, whatever it weighs.

    Attributes:
        examples: Of the test.
        better: How many it alone gets right, of classes.
        worse: How many the baseline alone gets right.
        chance: How likely two models that are equally good differ by as much: McNemar's exact test.
        errors: Of a number to predict; None of classes.
        unanswered: To how many the baseline gives no answer: if to any, the two aren't compared.
    """

    examples: int
    better: int = 0
    worse: int = 0
    chance: float = 1.0
    errors: PairedErrors | None = None
    unanswered: int = 0


class Decision(Settings):
    """Whether a model was blessed, and why.

    Attributes:
        blessed: Whether every check passed.
        metrics: The candidate's metrics over all examples; of those of single classes, what a threshold names.
        checks: Every threshold with the value it met.
        baseline_uri: The model it was compared with, "" where there was none.
        paired: How it and that one differ; None where there was none.
        not_compared: Why it wasn't compared with the model before; "" where it was, or where there is none.
    """

    blessed: bool
    metrics: dict[str, float]
    checks: tuple[ThresholdCheck, ...]
    baseline_uri: str = ""
    paired: Paired | None = None
    not_compared: str = ""


TREES, LOGISTIC, RIDGE, PROBE, GUESSING = "trees", "logistic regression", "ridge regression", "linear probe", "guessing"
AS_IN_TRAINING = " (as in training)"
"""Which class, or mean, is guessed: a threshold's guessing knows the test's own, which no guess is better than."""

COMPARED = {"accuracy": "accuracy", "auc": "AUC", "auc_macro": "AUC (macro average)", "rmse": "RMSE", "r2": "R2"}
"""What a person compares first, by the Evaluator's name for it, and as it is printed."""


class Scores(Settings):
    """What a model scores on the test split.

    Attributes:
        accuracy: Share of the rows that it classifies correctly.
        auc: Area under the ROC curve; None where there aren't two classes.
        auc_macro: Of more: mean over the classes of the area of each against all others; None where there is none, and
            of more classes than the Evaluator measures it for.
        crossentropy: Mean of -log(probability that it gave to the right class).
        seconds: How long it took to fit and to measure.
    """

    accuracy: float
    auc: float | None
    auc_macro: float | None = None
    crossentropy: float
    seconds: float = 0.0


class NumberScores(Settings):
    """What a model of a number scores on the test split.

    Attributes:
        rmse: Root of the mean squared error, in the label's unit.
        r2: Share of the labels' variance that it explains; None where they are all the same.
        seconds: How long it took to fit and to measure.
    """

    rmse: float
    r2: float | None
    seconds: float = 0.0


class Yardstick(Settings):
    """What simple models score on the rows or photos that the trained one is tested on.

    Attributes:
        fitted_rows: Training rows that they were fitted on.
        training_rows: Of so many.
        test_rows: That they were measured on.
        seed: Of the sample, and of the trees.
        models: By their names above.
        records: What the rows are.
        nothing: Why there are no models; "" where there are some.
    """

    fitted_rows: int = 0
    training_rows: int = 0
    test_rows: int = 0
    seed: int
    models: dict[str, Scores | NumberScores] = Field(default_factory=dict)
    records: Literal["rows", "photos"] = "rows"
    nothing: str = ""

    def beside(self, metrics: Mapping[str, float]) -> list[str]:
        """Returns for each metric that can be compared where the trained model stands, in words.

        Args:
            metrics: The Evaluator's, over all examples, of the trained model.
        """
        return [
            f"{title}: this model {metric_text(name, metrics[name])}, "
            + ", ".join(f"{model} {metric_text(name, getattr(scores, name))}" for model, scores in self._ordered())
            + (AS_IN_TRAINING if GUESSING in self.models else "")
            for name, title in COMPARED.items()
            if name in metrics
            and self.models
            and all(getattr(scores, name, None) is not None for scores in self.models.values())
        ]

    def _ordered(self) -> list[tuple[str, Scores | NumberScores]]:
        return [(name, self.models[name]) for name in (TREES, LOGISTIC, RIDGE, PROBE, GUESSING) if name in self.models]

    @property
    def rows_in_words(self) -> str:
        """On which rows it was fitted and measured."""
        fitted = f"{self.fitted_rows:,}"
        if self.fitted_rows < self.training_rows:
            fitted += f" of {self.training_rows:,}"
        return f"the same {self.test_rows:,} test {self.records}, fitted on {fitted} training {self.records}"


class Failure(Settings):
    """Why a run failed, in a person's words."""

    cause: str
    place: str = ""
    cure: str = ""

    @property
    def in_a_line(self) -> str:
        """The first line of the cause."""
        return self.cause.partition("\n")[0]
