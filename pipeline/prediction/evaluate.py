"""Evaluates a pushed model on labelled photos or rows, as the Evaluator does it on the test split."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score
from typing_extensions import assert_never

from components.csv_example_gen.config import CsvData
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import list_photos
from components.image_example_gen.records import PhotoSource
from components.ingest.report import Quarantined
from components.intervals import effective_examples, share_interval
from components.settings import Settings
from components.wording import listed, printable
from pipeline.prediction.number_evaluation import NumberResult, evaluate_numbers
from pipeline.prediction.photos import predict_sources
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, Scores
from pipeline.prediction.rows import predict_rows

Numbers: TypeAlias = npt.NDArray[np.int64]
Weights: TypeAlias = npt.NDArray[np.float64]

SMALLEST = 1e-7
"""A probability counts as no less in the cross-entropy, as in Keras: the logarithm of 0 is infinite."""


class ClassResult(Settings):
    """How one class was told from the others; records that have weights count by them, but for `count` and `predicted`.

    Attributes:
        name: The class.
        count: Records of it.
        predicted: Records that were predicted as it.
        precision: Share of these that are of it; None where there are none.
        recall: Share of its records that were predicted as it; None where there are none.
    """

    name: str
    count: int
    predicted: int
    precision: float | None
    recall: float | None


class EvaluationResult(Settings):
    """What an evaluation found; the records found are those evaluated and those quarantined.

    Where records have weights, the metrics are of these, and the interval is that of as many records as there are.

    Attributes:
        model: The model's folder.
        evaluated: Records that the metrics are of.
        quarantined: Records that can't be read, lack a label or a weight, or have a label that the model doesn't know.
        weight: Sum of the weights of the evaluated records; None where they have none and each counts once.
        accuracy: Share of records whose likeliest class is their own; None where none was evaluated.
        accuracy_low: Lower end of its 95 % interval.
        accuracy_high: Upper end.
        auc: Of two classes: the area under the ROC curve; None for more, and where all records are of one class.
        crossentropy: Mean of -log of the probability that a record's own class was given.
        classes: Each class of the model.
        confusion: Records by their class (row) and the predicted class (column), in the order of `classes`.
    """

    model: str
    evaluated: int
    quarantined: int
    weight: float | None = None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    auc: float | None
    crossentropy: float | None
    classes: tuple[ClassResult, ...]
    confusion: tuple[tuple[int, ...], ...]


def evaluate(
    data: ImageData | CsvData, files: Sequence[str], model: PushedModel, tell: Callable[[Quarantined], None]
) -> EvaluationResult | NumberResult:
    """Measures a pushed model on labelled records.

    Args:
        data: The pipeline's settings.
        files: Photos as the pipeline takes them (class folders, an archive, a manifest, TFRecords), or files of rows.
        model: The model.
        tell: Is told of each record that isn't evaluated.
    """
    is_weighted = isinstance(data, CsvData) and bool(data.weight)
    if model.task.of_numbers:
        return evaluate_numbers(_labelled(data, files, model), model.task, model.folder, tell, weighted=is_weighted)
    numbers = {name: number for number, name in enumerate(model.class_names)}
    labels, scores = [np.zeros(0, np.int64)], [np.zeros([0, len(numbers)], np.float32)]
    weights, quarantined = [np.zeros(0)], 0
    for batch in _labelled(data, files, model):
        known = [each for each in batch if isinstance(each, Prediction) and each.actual in numbers]
        if known:
            labels.append(np.array([numbers[each.actual] for each in known]))
            scores.append(np.array([list(each.scores.values()) for each in known], np.float32))
            weights.append(np.array([each.weight for each in known]))
        for each in batch:
            if isinstance(each, Quarantined):
                tell(each)
            elif each.actual not in numbers:
                tell(_unknown(each, model.class_names))
        quarantined += len(batch) - len(known)
    counted = np.concatenate(weights) if is_weighted else None
    return _measured(model, np.concatenate(labels), np.concatenate(scores), counted, quarantined)


def _labelled(
    data: ImageData | CsvData, files: Sequence[str], model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    match data:
        case CsvData():
            return predict_rows(files, data, model, labelled=True)
        case ImageData():
            return predict_sources(_sources(data, files), data, model)
        case _:
            assert_never(data)


def _sources(data: ImageData, files: Sequence[str]) -> Iterator[PhotoSource | Quarantined]:
    """Yields where the photos are, as ImageExampleGen finds them."""
    ungrouped = data.split.model_copy(update={"group": ""})  # these photos aren't split
    for path in files:
        try:
            listing = list_photos(data.model_copy(update={"path": path, "split": ungrouped}))
        except TransferlineError as error:
            yield Quarantined(place=error.place or path, reason=error.cause)
        else:
            yield from listing.quarantined
            yield from listing.sources


def _unknown(each: Prediction, names: Sequence[str]) -> Quarantined:
    place = each.file if each.row is None else f"{each.file}, row {each.row}"
    return Quarantined(
        place=place, reason=f"the model doesn't know the class '{printable(each.actual)}': {listed(names)}"
    )


def _measured(
    model: PushedModel, labels: Numbers, scores: Scores, weights: Weights | None, quarantined: int
) -> EvaluationResult:
    count, names = len(labels), model.class_names
    predicted = model.answering.answered(scores)
    matrix, weighed = np.zeros([len(names), len(names)], np.int64), np.zeros([len(names), len(names)])
    np.add.at(matrix, (labels, predicted), 1)
    np.add.at(weighed, (labels, predicted), 1 if weights is None else weights)
    counts = weighed.sum() > 0
    accuracy = float(weighed.trace() / weighed.sum()) if counts else None
    told = count if weights is None else effective_examples(float(weights.sum()), float(weights @ weights))
    low, high = (share_interval(accuracy, told) if accuracy is not None else None) or (None, None)
    own = np.clip(scores[np.arange(count), labels].astype(np.float64), SMALLEST, 1)
    both = len(names) == 2 and weighed.sum(axis=1).all()
    return EvaluationResult(
        model=model.folder,
        evaluated=count,
        quarantined=quarantined,
        weight=None if weights is None else float(weights.sum()),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
        auc=float(roc_auc_score(labels, scores[:, 1], sample_weight=weights)) if both else None,
        crossentropy=float(np.average(-np.log(own), weights=weights)) if counts else None,
        classes=tuple(_class(name, number, matrix, weighed) for number, name in enumerate(names)),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
    )


def _class(name: str, number: int, matrix: Numbers, weighed: Weights) -> ClassResult:
    right, actual, predicted = weighed[number, number], weighed[number].sum(), weighed[:, number].sum()
    return ClassResult(
        name=name,
        count=int(matrix[number].sum()),
        predicted=int(matrix[:, number].sum()),
        precision=float(right / predicted) if predicted else None,
        recall=float(right / actual) if actual else None,
    )
