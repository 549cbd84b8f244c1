"""Exports the SavedModel that TensorFlow Serving and the Evaluator load; it takes stored rows or vectors."""

import json
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, LABEL
from components.trainer.mlp.trained import TrainedModel
from components.trainer.serving import (
    COLUMNS_FILE,
    SERVING_DEFAULT,
    classification_outputs,
    save,
    string_signature,
    warm_up_request,
)
from components.transform.labels import label_ids
from components.transform.raw_features import raw_feature, to_dense_1d

WARM_UP_ROWS = 2
ROWS = "rows"


class ServedRows(tf.Module):
    """A trained model, the transform graph before it and the class names after it.

    Args:
        model: The trained model.
        tft_output: The output of the Transform step.
        columns: The columns that are packed into the vector, in its order.
        class_names: The class names, in the order of their numbers.
        slices: Columns that Transform makes for the evaluation to slice by.
        weight: The column with each row's weight, which what is served has none of; "" where training had none either.
    """

    def __init__(
        self,
        model: TrainedModel,
        tft_output: tft.TFTransformOutput,
        columns: Sequence[str],
        class_names: Sequence[str],
        slices: Sequence[str],
        weight: str = "",
    ) -> None:
        super().__init__(name="served_rows")
        self.model_variables = model.variables
        self.columns, self.class_names, self._slices = tuple(columns), tuple(class_names), tuple(slices)
        self._raw_spec = {name: spec for name, spec in tft_output.raw_feature_spec().items() if name != weight}
        # tf.Module tracks what is assigned to it, and saving a Keras object that is tracked takes seconds; a function
        # isn't tracked.
        self._transform = tft_output.transform_features_layer().__call__
        self._vector, self._scores = model.vector, model.scores

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Returns the signatures by name, each for any number of rows."""
        vector = tf.TensorSpec([None, len(self.columns)], tf.float32, name=ROWS)
        found = {
            SERVING_DEFAULT: string_signature(self.classify_examples, "examples"),
            ROWS: tf.function(self.classify_rows, input_signature=[vector], autograph=False),
            "transform_features": string_signature(self.transform_features, "examples"),
            "transform_labels": string_signature(self.transform_labels, "examples"),
        }
        if self._slices:
            found["transform_slices"] = string_signature(self.transform_slices, "examples")
        return found

    def classify_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies serialized tf.Examples, string [batch]; the label isn't needed."""
        return self._classify(self._transform(self._parsed(examples)))

    def classify_rows(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies rows of raw numbers, float32 [batch, columns], in the order of `columns`; NaN is missing."""
        raw = {name: raw_feature(rows[:, at], self._raw_spec[name]) for at, name in enumerate(self.columns)}
        return self._classify(self._transform(raw))

    def transform_features(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into `features`, float32 [batch, columns]."""
        return {FEATURES: self._transform(self._parsed(examples))[FEATURES]}

    def transform_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the feature `label` of serialized tf.Examples into `label_id`, int64 [batch]; -1 if unknown."""
        parsed = tf.io.parse_example(examples, {LABEL: self._raw_spec[LABEL]})
        return {"label_id": label_ids(to_dense_1d(parsed[LABEL]), self.class_names)}

    def transform_slices(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into the columns to slice by, int64 [batch] each."""
        transformed = self._transform(self._parsed(examples))
        return {name: transformed[name] for name in self._slices}

    def _parsed(self, examples: tf.Tensor) -> dict[str, tf.Tensor | tf.SparseTensor]:
        spec = {name: spec for name, spec in self._raw_spec.items() if name != LABEL and spec.dtype != tf.string}
        return dict(tf.io.parse_example(examples, spec))

    def _classify(self, transformed: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return classification_outputs(self._scores(transformed[self._vector]), self.class_names)


def export_rows(served: ServedRows, folder: str) -> None:
    """Writes the SavedModel, with its class names, its columns and warm-up requests in assets.extra.

    Args:
        served: The model.
        folder: Where to write it.
    """
    rows = np.zeros([WARM_UP_ROWS, len(served.columns)], np.float32)
    save(served, served.signatures(), served.class_names, [warm_up_request(ROWS, ROWS, rows)], folder)
    with tf.io.gfile.GFile(os.path.join(folder, COLUMNS_FILE), "w") as file:
        file.write(json.dumps(list(served.columns)))
