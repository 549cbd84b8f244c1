"""Predicts a batch of test examples as they come: right ones and wrong ones."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from components.loaded_models import load_model
from components.report.examples import batches_of, sample_of
from components.report.review import Prediction, Sample

BATCH = 32
WITH_PICTURES = 9
AT_MOST = 1_000
"""The batch is drawn of so many test examples, the first ones: photos are read for it."""


def predict_batch(files: Sequence[str], model_path: str) -> tuple[Prediction, ...]:
    """Returns what a model predicts of a few test examples, drawn at random by a fixed seed.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel.
    """
    records = _drawn(files)
    if not records:
        return ()
    classify = load_model(model_path).signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    answers = classify(examples=tf.constant(records))
    # By a cut of the model's own, the answer needn't be the likeliest class.
    is_answered = answers["class_names"] == answers["label"][:, tf.newaxis]
    confidences = tf.reduce_max(tf.where(is_answered, answers["scores"], 0.0), axis=1).numpy()
    return tuple(
        Prediction(
            sample=_shown(record, number), predicted=label.decode(errors="replace"), confidence=float(confidence)
        )
        for number, (record, label, confidence) in enumerate(
            zip(records, answers["label"].numpy(), confidences, strict=True)
        )
    )


def _drawn(files: Sequence[str]) -> list[bytes]:
    """Each of the first examples is as likely to be in the batch; see Vitter's algorithm R (ACM TOMS 11, 1985)."""
    chance = np.random.default_rng(0)
    drawn: list[bytes] = []
    for number, (record,) in enumerate(batches_of(files, 1, AT_MOST)):
        if number < BATCH:
            drawn.append(record)
        elif (place := int(chance.integers(number + 1))) < BATCH:
            drawn[place] = record
    return [drawn[place] for place in chance.permutation(len(drawn))]


def _shown(record: bytes, number: int) -> Sample:
    """An example without its columns; the first few photos have a picture."""
    sample = sample_of(record)
    return Sample(label=sample.label, place=sample.place, picture=sample.picture if number < WITH_PICTURES else "")
