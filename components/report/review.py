"""Defines the contents of a report as data; the page is rendered from this alone."""

from typing import Literal

from components.answering import Answering
from components.column_roles import ColumnUse
from components.evaluator.metric_names import WEIGHTED_COUNT
from components.ingest.report import Conflicts, Duplicate, LongCells, Quarantined
from components.outcome import Decision, Yardstick
from components.report.config import ModelCard
from components.settings import Settings
from components.trainer.curves import LearningCurves
from components.trainer.model_summary import ModelSummary

REVIEW_FILE = "review.json"
PAGE_FILE = "report.html"


class Metric(Settings):
    """A value that TFMA measured.

    Attributes:
        value: The value itself; None where it can't be told, such as a rate of nothing.
        low: Lower end of the 95 % confidence interval; None where there is none.
        high: Upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


class SliceResult(Settings):
    """The metrics of one slice.

    Attributes:
        name: "all examples", or "feature=value".
        count: Examples in it.
        metrics: The candidate's, by name.
        baseline: The baseline's, by name; empty where there was none to compare with.
        meaning: Which examples these are, in words; "" where the name says so.
    """

    name: str
    count: int
    metrics: dict[str, Metric]
    baseline: dict[str, float] = {}
    meaning: str = ""


class ThresholdPoint(Settings):
    """A confusion matrix of two classes at one threshold, in examples."""

    threshold: float
    true_positives: float
    false_positives: float
    true_negatives: float
    false_negatives: float


class CalibrationBucket(Settings):
    """Examples of about the same predicted probability.

    Attributes:
        examples: How many.
        predicted: Mean predicted probability of the second class.
        observed: Share of the second class among them.
    """

    examples: float
    predicted: float
    observed: float


class SlicePlots(Settings):
    """What TFMA drew for one slice.

    Attributes:
        name: As in `SliceResult`.
        thresholds: For two classes, by rising threshold.
        calibration: For two classes, by rising prediction.
        confusion: Examples by actual class, then by predicted class; for two classes at the model's cut.
    """

    name: str
    thresholds: tuple[ThresholdPoint, ...] = ()
    calibration: tuple[CalibrationBucket, ...] = ()
    confusion: tuple[tuple[float, ...], ...] = ()


class EvaluationReview(Settings):
    """TFMA's output for a run.

    Attributes:
        decision: Each threshold with the value it met.
        class_names: In the order of their numbers; empty where a number is predicted.
        label: The column of the number that is predicted; "" where a class is.
        guessing: Of a number: the root mean squared error of always predicting the mean label of the test.
        answering: How the model's logits become its answer.
        slices: All slices, "all examples" first.
        plots: In the same order.
        classes: Precision, recall and F1 of each class, over all examples; `count` is how many are of it.
    """

    decision: Decision
    class_names: tuple[str, ...]
    label: str = ""
    guessing: float | None = None
    answering: Answering = Answering()
    slices: tuple[SliceResult, ...]
    plots: tuple[SlicePlots, ...] = ()
    classes: tuple[SliceResult, ...] = ()

    @property
    def first_metric(self) -> str:
        """What slices are compared by first."""
        return "mae" if self.label else "accuracy"

    @property
    def is_weighted(self) -> bool:
        """Whether rows have weights: what is counted by class is the sum of these."""
        return WEIGHTED_COUNT in self.slices[0].metrics


class Sample(Settings):
    """An example to look at.

    Attributes:
        label: Its class.
        place: Where it came from; "" where that isn't kept.
        picture: A photo as a data URI; "" for a row.
        columns: The columns of a row, as text; empty for a photo.
    """

    label: str
    place: str = ""
    picture: str = ""
    columns: dict[str, str] = {}


class Mistake(Settings):
    """A test example and what the model made of it: a wrong answer, or a right one that it wasn't sure of.

    Attributes:
        sample: The example.
        predicted: The class the model gave it.
        confidence: The probability the model gave to that class.
    """

    sample: Sample
    predicted: str
    confidence: float


class Mistakes(Settings):
    """The most confident wrong predictions, and the least sure right ones.

    Attributes:
        seen: Test examples that were looked at.
        wrong: How many of them by actual class were wrong.
        worst: The most confident ones by actual class; some of each pair of classes that is confused often.
        unsure: Right ones, the least confident first.
    """

    seen: int
    wrong: dict[str, int]
    worst: dict[str, tuple[Mistake, ...]]
    unsure: tuple[Mistake, ...] = ()


class Prediction(Settings):
    """A test example, right or wrong, and what was predicted of it.

    Attributes:
        sample: The example, without its columns.
        predicted: The class the model gave it.
        confidence: The probability the model gave to that class.
    """

    sample: Sample
    predicted: str
    confidence: float

    @property
    def is_right(self) -> bool:
        """Whether its own class was predicted."""
        return self.predicted == self.sample.label


class HistogramBar(Settings):
    """One bar of a histogram."""

    low: float
    high: float
    count: float


class Miss(Settings):
    """A test example and the number that was predicted of it.

    Attributes:
        sample: The example; its label is the actual number.
        actual: The label.
        predicted: The prediction.
    """

    sample: Sample
    actual: float
    predicted: float


class Tenth(Settings):
    """A tenth of the test examples, by what was predicted of them.

    Attributes:
        examples: How many.
        predicted: Mean prediction.
        actual: Mean label.
    """

    examples: int
    predicted: float
    actual: float


class Errors(Settings):
    """How far predictions of a number are from the label.

    Attributes:
        seen: Test examples that were looked at.
        worst: Those with the largest absolute errors, the largest first.
        worst_share: Which part of the squared error the worst hundredth of the examples has.
        points: Prediction and label of some of the examples, spread evenly over the test split.
        tenths: By rising prediction.
        bars: Examples by prediction less label.
        beyond: How many examples are outside of the bars, far out.
        lowest: The least label of the training; None where the model doesn't say.
        highest: The greatest.
        outside: How many predictions are outside of these two.
        distinct: How many different predictions there are.
    """

    seen: int
    worst: tuple[Miss, ...]
    worst_share: float
    points: tuple[tuple[float, float], ...]
    tenths: tuple[Tenth, ...]
    bars: tuple[HistogramBar, ...]
    beyond: int
    lowest: float | None
    highest: float | None
    outside: int
    distinct: int


class TrainingReview(Settings):
    """What the trainings went through.

    Attributes:
        curves: Of the model that was trained in the end.
        compared: Of every model that the Tuner compared, by name.
        summary: What the model is made of; None where the Trainer didn't say.
        summaries: The same of those compared.
        augmented: Pictures of a training photo, as it is and then as augmentation changes it, as data URIs.
        logs: Folder of the logs for TensorBoard.
    """

    curves: LearningCurves
    compared: dict[str, LearningCurves] = {}
    summary: ModelSummary | None = None
    summaries: dict[str, ModelSummary] = {}
    augmented: tuple[str, ...] = ()
    logs: str = ""


class FeatureStatistics(Settings):
    """TFDV's statistics of one feature in one split.

    Attributes:
        name: The feature.
        split: The split.
        kind: Of its values.
        present: Examples that have it.
        missing: Examples that don't.
        mean, deviation, lowest, median, highest: Of numbers; None for others.
        zeros: How many values are 0; None where the values aren't numbers.
        unique: How many unique values; None where the values are numbers.
        top: The most frequent values with their counts, most frequent first.
        estimated: Whether these, and `unique`, are estimates.
        histogram: Of numbers.
    """

    name: str
    split: str
    kind: Literal["number", "text", "bytes"]
    present: int
    missing: int
    mean: float | None = None
    deviation: float | None = None
    lowest: float | None = None
    median: float | None = None
    highest: float | None = None
    zeros: int | None = None
    unique: int | None = None
    top: tuple[tuple[str, float], ...] = ()
    estimated: bool = False
    histogram: tuple[HistogramBar, ...] = ()


class PooledValues(Settings):
    """The numbers that a network is given, of all columns together.

    Attributes:
        rows: Of so many training rows.
        bars: Their histogram.
    """

    rows: int
    bars: tuple[HistogramBar, ...]


class Anomaly(Settings):
    """What TFDV found against the schema."""

    split: str
    feature: str
    description: str


class DataReview(Settings):
    """The data, before anything was computed from it.

    Attributes:
        found: Records found.
        counts: Records by split, then by label.
        quarantined: How many were set aside.
        unused: How many a split by rows left out.
        long_cells: Columns of text with a few cells that are too long for a name.
        passed_over: How many files beside those of rows aren't data.
        first_passed_over: The names of the first few of them.
        outside: What is said of photos from outside of the data's folder; "" where there are none.
        quarantine: The first of those set aside.
        reasons: How many were set aside by reason; where a reason quotes what it found, that is left out.
        duplicates: Groups of identical records, the worst first.
        conflicts: Records with the same inputs and different labels; None where they weren't counted.
        columns: What each column of rows is used for; empty for photos.
        statistics: By feature and split.
        anomalies: Against the schema.
        samples: A few training examples by class.
    """

    found: int = 0
    counts: dict[str, dict[str, int]] = {}
    quarantined: int = 0
    unused: int = 0
    long_cells: tuple[LongCells, ...] = ()
    passed_over: int = 0
    first_passed_over: tuple[str, ...] = ()
    outside: str = ""
    quarantine: tuple[Quarantined, ...] = ()
    reasons: dict[str, int] = {}
    duplicates: tuple[Duplicate, ...] = ()
    conflicts: Conflicts | None = None
    columns: tuple[ColumnUse, ...] = ()
    statistics: tuple[FeatureStatistics, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    samples: dict[str, tuple[Sample, ...]] = {}


class Latency(Settings):
    """How long a model takes to answer, where the report was drawn; the median of several times each.

    Attributes:
        record: What it is asked of.
        alone: Seconds for one at a time.
        at_once: How many were asked together.
        together: Seconds for these.
    """

    record: Literal["photo", "row"]
    alone: float
    at_once: int
    together: float


class Review(Settings):
    """All that a run's artifacts say; a part that the run didn't come to is None.

    Attributes:
        pipeline: The pipeline's name.
        data: What went in.
        training: What the Trainer did.
        evaluation: What the Evaluator found.
        mistakes: What a model of classes gets wrong.
        predictions: Of a batch of test examples, drawn at random; empty where a number is predicted.
        errors: How far off a model is that predicts a number.
        pooled: What a network is given of rows; None where that isn't numbers alone.
        yardstick: What simple models score on the same rows.
        latency: How long the model takes to answer; None where there was no test.
        card: What its author says of the model.
        pushed_to: Where the model was pushed to; "" if it wasn't.
    """

    pipeline: str
    data: DataReview | None = None
    training: TrainingReview | None = None
    evaluation: EvaluationReview | None = None
    mistakes: Mistakes | None = None
    predictions: tuple[Prediction, ...] = ()
    errors: Errors | None = None
    pooled: PooledValues | None = None
    yardstick: Yardstick | None = None
    latency: Latency | None = None
    card: ModelCard = ModelCard()
    pushed_to: str = ""
