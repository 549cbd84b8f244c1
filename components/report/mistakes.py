"""Finds the test examples that the model misclassifies with the highest confidence."""

import heapq
from collections import Counter
from collections.abc import Sequence

import tensorflow as tf

from components.contract import IMAGE, LABEL
from components.loaded_models import load_model
from components.report.examples import batches_of, sample_of
from components.report.review import Mistake, Mistakes

PHOTOS_PER_BATCH, ROWS_PER_BATCH = 64, 4096
AT_MOST = 100_000
"""Test examples that are looked at; the Evaluator looks at all of them."""
KEPT_PER_CLASS = 12
SHOWN_CLASSES = 20


def find_mistakes(files: Sequence[str], model_path: str) -> Mistakes:
    """Returns the most confident wrong predictions of a model.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel.
    """
    classify = load_model(model_path).signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    seen, wrong = 0, Counter[str]()
    worst: dict[str, list[tuple[float, int, str, bytes]]] = {}
    for records in batches_of(files, _batch_size(files), AT_MOST):
        answers = classify(examples=tf.constant(records))
        # By a cut of the model's own, the answer needn't be the likeliest class.
        is_answered = answers["class_names"] == answers["label"][:, tf.newaxis]
        confidences = tf.reduce_max(tf.where(is_answered, answers["scores"], 0.0), axis=1).numpy()
        for record, predicted, confidence, actual in zip(
            records, answers["label"].numpy(), confidences, _labels(records), strict=True
        ):
            seen += 1
            if predicted == actual:
                continue
            wrong[actual.decode(errors="replace")] += 1
            # The number breaks ties, so that records themselves are never compared.
            entry = (float(confidence), -seen, predicted.decode(errors="replace"), record)
            of_class = worst.setdefault(actual.decode(errors="replace"), [])
            (heapq.heappush if len(of_class) < KEPT_PER_CLASS else heapq.heappushpop)(of_class, entry)
    return Mistakes(
        seen=seen,
        wrong=dict(sorted(wrong.items())),
        worst={
            label: tuple(
                Mistake(sample=sample_of(record), predicted=predicted, confidence=confidence)
                for confidence, _, predicted, record in sorted(worst[label], reverse=True)
            )
            for label, _ in wrong.most_common(SHOWN_CLASSES)
        },
    )


def _labels(records: Sequence[bytes]) -> list[bytes]:
    parsed = tf.io.parse_example(tf.constant(records), {LABEL: tf.io.FixedLenFeature([], tf.string, b"")})
    return list(parsed[LABEL].numpy())


def _batch_size(files: Sequence[str]) -> int:
    """A photo is a thousand times a row."""
    for records in batches_of(files, 1, 1):
        features = tf.train.Example.FromString(records[0]).features.feature
        return PHOTOS_PER_BATCH if IMAGE in features else ROWS_PER_BATCH
    return ROWS_PER_BATCH
