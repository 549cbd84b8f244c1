"""Names the single-valued metrics of a model, which thresholds may bound: of classes, or of a number to predict."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

EXAMPLE_COUNT, WEIGHTED_COUNT, EFFECTIVE_COUNT = "example_count", "weighted_example_count", "effective_example_count"


class Measure(NamedTuple):
    """How TFMA computes a metric.

    Attributes:
        class_name: Its class.
        settings: What the class is told, beside the metric's name.
        module: The module of this package that has the class; "" where it is TFMA's or Keras's.
    """

    class_name: str
    settings: Mapping[str, object] = {}
    module: Literal["", "class_metrics", "error_metrics", "weight_metrics"] = ""


BINARY_METRICS = {
    "example_count": Measure("ExampleCount"),
    "accuracy": Measure("BinaryAccuracy"),
    "balanced_accuracy": Measure("BalancedAccuracy"),
    "f1": Measure("F1Score"),
    "mcc": Measure("MatthewsCorrelationCoefficient"),
    "auc": Measure("AUC"),
    "auc_precision_recall": Measure("AUCPrecisionRecall"),
    "precision": Measure("Precision"),
    "recall": Measure("Recall"),
    "specificity": Measure("Specificity"),
    "negative_predictive_value": Measure("NegativePredictiveValue"),
    "crossentropy": Measure("BinaryCrossEntropy"),
    "calibration": Measure("Calibration"),
}
"""Of two classes, by our name."""

NUMBER_METRICS = {
    "example_count": Measure("ExampleCount"),
    "mse": Measure("MeanSquaredError"),
    "rmse": Measure("RootMeanSquaredError", module="error_metrics"),
    "mae": Measure("MeanAbsoluteError"),
    "r2": Measure("Determination", module="error_metrics"),
    "mean_error": Measure("MeanError", module="error_metrics"),
    "median_absolute_error": Measure("QuantileOfAbsoluteErrors", {"share": 0.5}, "error_metrics"),
    "absolute_error_p90": Measure("QuantileOfAbsoluteErrors", {"share": 0.9}, "error_metrics"),
}
"""Of a number to predict, by our name."""

MOMENTS = "moments"
"""Beside them: sums from which their intervals are worked out."""

AT = {"recall_at_precision": ("RecallAtPrecision", "precision"), "precision_at_recall": ("PrecisionAtRecall", "recall")}
"""Of two classes: the highest value of one rate over all cuts at which another one is as high as the name says. The
class of TFMA, and its name of the other rate."""

BY_CLASS = ("precision", "recall", "f1")
OF_TWO = {
    "precision": (Measure("NegativePredictiveValue"), Measure("Precision")),
    "recall": (Measure("Specificity"), Measure("Recall")),
    "f1": (Measure("FirstClassF1", {}, module="class_metrics"), Measure("F1Score")),
}
"""Of the first and of the second of two classes."""

AREA_OF_CLASSES = "auc_macro"

TOPS = (3, 5)
"""Always measured, where there are more classes: whether the right class is among so many of the likeliest ones."""

MOST_CLASSES = 100
"""Of more, areas under curves aren't measured, and values by class only where a threshold asks: both grow with the
classes in each slice, and there may be a slice a class."""

_AT = re.compile(rf"({'|'.join(AT)})_(0|0?\.\d+|1|1\.0+)")
_TOP = re.compile(r"top_([1-9]\d*)_accuracy")
_OF = re.compile(rf"({'|'.join(BY_CLASS)})_of_(.+)", re.DOTALL)


def metric_names(classes: int) -> tuple[str, ...]:
    """Returns the names of what is always measured for so many classes, but for what is measured by class."""
    return tuple(_named(classes))


def measures(class_names: Sequence[str], asked: Iterable[str] = ()) -> dict[str, Measure]:
    """Returns how each metric is computed, by its name.

    Args:
        class_names: In the order of their numbers.
        asked: Names of further metrics; what means nothing for these classes is left out.
    """
    classes = len(class_names)
    by_class = class_names if 2 < classes <= MOST_CLASSES else ()
    names = [*metric_names(classes), *(of_class(rate, name) for name in by_class for rate in BY_CLASS), *asked]
    found = {name: measure(name, class_names) for name in dict.fromkeys(names)}
    return {name: each for name, each in found.items() if each}


def number_measures(center: float) -> dict[str, Measure]:
    """Returns how each metric of a number to predict is computed, by its name.

    Args:
        center: Is taken off the labels before they are squared.
    """
    found = {**NUMBER_METRICS, MOMENTS: Measure("MomentsOfErrors", module="error_metrics")}
    return {
        name: each._replace(settings={**each.settings, "center": center}) if each.module else each
        for name, each in found.items()
    }


def measure(name: str, class_names: Sequence[str]) -> Measure | None:
    """Returns how a metric is computed; None for a name that means nothing for these classes."""
    classes = len(class_names)
    if found := _named(classes).get(name):
        return found
    if of := _OF.fullmatch(name):
        return _by_class(of[1], of[2], class_names)
    if classes == 2 and (at := _AT.fullmatch(name)):
        class_name, other = AT[at[1]]
        return Measure(class_name, {other: float(at[2])})
    return _top(top_of(name)) if 0 < top_of(name) < classes and classes > 2 else None


def may_be_measured(name: str) -> bool:
    """Whether a name means something for some number of classes."""
    return name in {*_named(2), *_named(MOST_CLASSES)} or any(form.fullmatch(name) for form in (_AT, _TOP, _OF))


def of_class(rate: str, class_name: str) -> str:
    """Returns the name of a metric of one class."""
    return f"{rate}_of_{class_name}"


def is_of_class(name: str) -> bool:
    """Whether a metric is that of one class."""
    return _OF.fullmatch(name) is not None


def top_accuracy(top: int) -> str:
    """Returns the name of a top-K accuracy."""
    return f"top_{top}_accuracy"


def top_of(name: str) -> int:
    """Returns the K of a top-K accuracy; 0 for another metric."""
    found = _TOP.fullmatch(name)
    return int(found[1]) if found else 0


def names_in_words(class_names: Sequence[str] = ()) -> str:
    """Returns all names, for someone who must choose one; those for any classes where none are given."""
    one = class_names[0] if class_names else "CLASS"
    if not class_names:
        fixed = tuple(dict.fromkeys([*_named(2), *_named(MOST_CLASSES)]))
    else:
        fixed = metric_names(len(class_names))
    forms = ["recall_at_precision_0.9", "precision_at_recall_0.8"] if len(class_names) == 2 or not class_names else []
    forms += ["top_2_accuracy"] if len(class_names) != 2 else []
    return ", ".join([*fixed, *forms, *(of_class(rate, one) for rate in BY_CLASS)])


def _named(classes: int) -> dict[str, Measure]:
    return BINARY_METRICS if classes == 2 else _of_many(classes)


def _of_many(classes: int) -> dict[str, Measure]:
    def average(rate: str, *, weighted: bool = False) -> Measure:
        return Measure(
            "AverageOfClasses", {"rate": rate, "weighted": weighted, "classes": classes}, module="class_metrics"
        )

    return {
        "example_count": Measure("ExampleCount"),
        "accuracy": Measure("SparseCategoricalAccuracy"),
        "balanced_accuracy": average("recall"),
        **{f"{rate}_macro": average(rate) for rate in ("f1", "precision", "recall")},
        **{f"{rate}_weighted": average(rate, weighted=True) for rate in ("f1", "precision", "recall")},
        "mcc": Measure("CorrelationOfClasses", {"classes": classes}, module="class_metrics"),
        **(
            {AREA_OF_CLASSES: Measure("AreaOfClasses", {"classes": classes}, module="class_metrics")}
            if classes <= MOST_CLASSES
            else {}
        ),
        **{top_accuracy(top): _top(top) for top in TOPS if top < classes},
        "crossentropy": Measure("SparseCategoricalCrossentropy"),
    }


def _top(top: int) -> Measure:
    return Measure("SparseTopKCategoricalAccuracy", {"k": top})


def _by_class(rate: str, class_name: str, class_names: Sequence[str]) -> Measure | None:
    if class_name not in class_names:
        return None
    number, classes = list(class_names).index(class_name), len(class_names)
    if classes == 2:
        return OF_TWO[rate][number]
    return Measure("RateOfClass", {"rate": rate, "class_id": number, "classes": classes}, module="class_metrics")
