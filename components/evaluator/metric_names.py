"""Names the single-valued metrics of a classifier, which thresholds may bound."""

BINARY_METRICS = {
    "example_count": "ExampleCount",
    "accuracy": "BinaryAccuracy",
    "auc": "AUC",
    "auc_precision_recall": "AUCPrecisionRecall",
    "precision": "Precision",
    "recall": "Recall",
    "crossentropy": "BinaryCrossEntropy",
    "calibration": "Calibration",
}
"""TFMA's class by our name, for two classes."""

MULTICLASS_METRICS = {
    "example_count": "ExampleCount",
    "accuracy": "SparseCategoricalAccuracy",
    "crossentropy": "SparseCategoricalCrossentropy",
}
"""The same for more classes."""


def metric_names(classes: int) -> tuple[str, ...]:
    """Returns the names of the metrics for so many classes."""
    return tuple(BINARY_METRICS if classes == 2 else MULTICLASS_METRICS)
