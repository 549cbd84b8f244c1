"""Measures how long a model takes to answer, by its serving signature, where the report is drawn."""

import statistics
import time
from collections.abc import Callable, Sequence

import tensorflow as tf

from components.contract import IMAGE
from components.loaded_models import load_model
from components.report.examples import batches_of
from components.report.review import Latency

AT_ONCE = 32
WARM_UPS, REPEATS = 2, 5


def measure_latency(files: Sequence[str], model_path: str) -> Latency | None:
    """Returns how long a model takes for the first test examples, one by one and at once; None without examples.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel.
    """
    records = next(batches_of(files, AT_ONCE, AT_ONCE), [])
    if not records:
        return None
    signature = load_model(model_path).signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]

    def answer(*asked: bytes) -> Callable[[], object]:
        examples = tf.constant(list(asked))
        return lambda: signature(examples=examples)

    # The first answers to a shape take longer: TensorFlow prepares its graph.
    for ask in (answer(records[0]), answer(*records)):
        for _ in range(WARM_UPS):
            ask()
    has_photos = IMAGE in tf.train.Example.FromString(records[0]).features.feature
    return Latency(
        record="photo" if has_photos else "row",
        alone=statistics.median(_seconds(answer(record)) for record in records),
        at_once=len(records),
        together=statistics.median(_seconds(answer(*records)) for _ in range(REPEATS)),
    )


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began
