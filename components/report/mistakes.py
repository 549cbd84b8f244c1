"""Finds test examples worth a look: the most confident wrong predictions, and the least sure right ones."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import tensorflow as tf

from components.contract import IMAGE, LABEL
from components.loaded_models import load_model
from components.report.examples import batches_of, sample_of
from components.report.review import Mistake, Mistakes

PHOTOS_PER_BATCH, ROWS_PER_BATCH = 64, 4096
AT_MOST = 100_000
"""Test examples that are looked at; the Evaluator looks at all of them."""
KEPT_PER_CLASS, SHOWN_CLASSES = 8, 20
KEPT_PER_PAIR, SHOWN_PAIRS = 4, 40
"""So that a cell of the confusion matrix leads to some of its examples; of the pairs of classes that are confused most
often."""
KEPT_UNSURE = 12


class Answer(NamedTuple):
    """What the model says of one example.

    Attributes:
        at: Its number in the test split.
        actual: Its class.
        predicted: The class that the model gives it.
        confidence: The probability that the model gives to that class.
    """

    at: int
    actual: str
    predicted: str
    confidence: float


def find_mistakes(files: Sequence[str], model_path: str) -> Mistakes:
    """Returns the most confident wrong predictions of a model, and the least sure right ones.

    The examples are read twice, so that only those that are shown are kept: a photo may have megabytes.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel.
    """
    size = _batch_size(files)
    answers = list(_answers(files, model_path, size))
    wrong = sorted((each for each in answers if each.predicted != each.actual), key=lambda each: -each.confidence)
    right = sorted((each for each in answers if each.predicted == each.actual), key=lambda each: each.confidence)
    counts = Counter(each.actual for each in wrong)
    kept, unsure = _kept(wrong), right[:KEPT_UNSURE]
    shown = _shown(files, size, [*kept, *unsure])
    return Mistakes(
        seen=len(answers),
        wrong=dict(sorted(counts.items())),
        worst={
            label: tuple(shown[each.at] for each in kept if each.actual == label)
            for label, _ in counts.most_common()
            if any(each.actual == label for each in kept)
        },
        unsure=tuple(shown[each.at] for each in unsure),
    )


def _answers(files: Sequence[str], model_path: str, size: int) -> Iterator[Answer]:
    classify = load_model(model_path).signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    at = 0
    for records in batches_of(files, size, AT_MOST):
        answers = classify(examples=tf.constant(records))
        # By a cut of the model's own, the answer needn't be the likeliest class.
        is_answered = answers["class_names"] == answers["label"][:, tf.newaxis]
        confidences = tf.reduce_max(tf.where(is_answered, answers["scores"], 0.0), axis=1).numpy()
        for actual, predicted, confidence in zip(
            _labels(records), answers["label"].numpy(), confidences.tolist(), strict=True
        ):
            yield Answer(at, actual.decode(errors="replace"), predicted.decode(errors="replace"), confidence)
            at += 1


def _kept(wrong: Sequence[Answer]) -> list[Answer]:
    """Those that are shown of all that are wrong, the most confident first: some of each class, some of each pair."""
    classes = {label for label, _ in Counter(each.actual for each in wrong).most_common(SHOWN_CLASSES)}
    pairs = {pair for pair, _ in Counter(map(_pair, wrong)).most_common(SHOWN_PAIRS)}
    of_class, of_pair = Counter[str](), Counter[tuple[str, str]]()
    found = []
    for each in wrong:
        of_class[each.actual] += 1
        of_pair[_pair(each)] += 1
        is_of_class = each.actual in classes and of_class[each.actual] <= KEPT_PER_CLASS
        if is_of_class or (_pair(each) in pairs and of_pair[_pair(each)] <= KEPT_PER_PAIR):
            found.append(each)
    return found


def _pair(answer: Answer) -> tuple[str, str]:
    return answer.actual, answer.predicted


def _shown(files: Sequence[str], size: int, answers: Iterable[Answer]) -> dict[int, Mistake]:
    wanted = {each.at: each for each in answers}
    found: dict[int, Mistake] = {}
    at = 0
    for records in batches_of(files, size, max(wanted, default=-1) + 1):
        for record in records:
            if each := wanted.get(at):
                found[at] = Mistake(sample=sample_of(record), predicted=each.predicted, confidence=each.confidence)
            at += 1
    return found


def _labels(records: Sequence[bytes]) -> list[bytes]:
    parsed = tf.io.parse_example(tf.constant(records), {LABEL: tf.io.FixedLenFeature([], tf.string, b"")})
    return list(parsed[LABEL].numpy())


def _batch_size(files: Sequence[str]) -> int:
    """A photo is a thousand times a row."""
    for records in batches_of(files, 1, 1):
        features = tf.train.Example.FromString(records[0]).features.feature
        return PHOTOS_PER_BATCH if IMAGE in features else ROWS_PER_BATCH
    return ROWS_PER_BATCH
