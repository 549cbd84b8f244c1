"""Exports the SavedModel that TensorFlow Serving and the Evaluator load; it takes stored rows, columns or vectors."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.answering import Answering
from components.contract import FEATURES, LABEL, REGRESSION
from components.task import ServedTask, write_task
from components.trainer.answering import scores_of
from components.trainer.mlp.named_inputs import input_names, numbered, rename_inputs
from components.trainer.mlp.trained import NumberModel, TrainedModel
from components.trainer.serving import (
    COLUMNS_FILE,
    INPUTS_FILE,
    SERVING_DEFAULT,
    classification_outputs,
    save_graph,
    string_signature,
    warm_up_request,
    write_classes,
)
from components.transform.dates import seconds_of
from components.transform.labels import label_ids
from components.transform.raw_features import NO_NUMBER, FeatureSpec, dense, raw_feature, to_dense_1d
from components.transform.vector import ColumnType, VectorLayout

WARM_UP_ROWS = 2
ROWS, COLUMNS = "rows", "columns"
"""Signatures: one tensor of numbers, and one tensor a column."""

INPUTS: Mapping[ColumnType, tf.DType] = {
    "float": tf.float32,
    "int": tf.float64,
    "string": tf.string,
    "date": tf.string,
}
"""What `columns` takes of a column: a missing value is NaN or "", which whole numbers of 64 bits have none of."""

NO_VALUE: Mapping[tf.DType, object] = {
    tf.float32: np.nan,
    tf.float64: np.nan,
    tf.int64: NO_NUMBER,
    tf.string: "",
}


class ServedRows(tf.Module):
    """A trained model, the transform graph before it and the class names after it.

    Args:
        model: The trained model.
        tft_output: The output of the Transform step.
        layout: Of the vector.
        class_names: The class names, in the order of their numbers.
        slices: Columns that Transform makes for the evaluation to slice by.
        weight: The column with each row's weight, which what is served has none of; "" where training had none either.
        answering: How the model's logits become its answer.
    """

    def __init__(
        self,
        model: TrainedModel,
        tft_output: tft.TFTransformOutput,
        layout: VectorLayout,
        class_names: Sequence[str],
        slices: Sequence[str],
        weight: str = "",
        answering: Answering | None = None,
    ) -> None:
        super().__init__(name="served_rows")
        self.answering = answering or Answering()
        self.model_variables = model.variables
        self.layout, self.columns = layout, tuple(layout.columns)
        self.class_names, self._slices = tuple(class_names), tuple(slices)
        self._raw_spec = {name: spec for name, spec in tft_output.raw_feature_spec().items() if name != weight}
        # tf.Module tracks what is assigned to it, and saving a Keras object that is tracked takes seconds; a function
        # isn't tracked.
        self._transform = tft_output.transform_features_layer().__call__
        self._vector, self._scores, self._logits = model.vector, model.scores, model.logits

    def signatures(self) -> dict[str, tf.types.experimental.PolymorphicFunction]:
        """Returns the signatures by name, each for any number of rows."""
        columns = {
            numbered(at): tf.TensorSpec([None], INPUTS[kind], name=numbered(at))
            for at, kind in enumerate(self.layout.columns.values())
        }
        found = {
            SERVING_DEFAULT: string_signature(self.classify_examples, "examples"),
            COLUMNS: tf.function(self.classify_columns, input_signature=[columns], autograph=False),
            "transform_features": string_signature(self.transform_features, "examples"),
            "transform_labels": string_signature(self.transform_labels, "examples"),
        }
        if self.layout.of_numbers_only:
            vector = tf.TensorSpec([None, len(self.columns)], tf.float32, name=ROWS)
            found[ROWS] = tf.function(self.classify_rows, input_signature=[vector], autograph=False)
        if self._slices:
            found["transform_slices"] = string_signature(self.transform_slices, "examples")
        return found

    def classify_examples(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers serialized tf.Examples, string [batch]; the label isn't needed."""
        return self._answers(self._transform(self._parsed(examples, self.columns)))

    def classify_columns(self, columns: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Answers rows that come column by column, [batch] each, of the types in `INPUTS`, under their numbers."""
        raw = {}
        for at, (name, kind) in enumerate(self.layout.columns.items()):
            values = columns[numbered(at)]
            raw[name] = raw_feature(seconds_of(values, NO_NUMBER) if kind == "date" else values, self._raw_spec[name])
        return self._answers(self._transform(raw))

    def classify_rows(self, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answers rows of raw numbers, float32 [batch, columns], in the order of `columns`; NaN is missing."""
        raw = {name: raw_feature(rows[:, at], self._raw_spec[name]) for at, name in enumerate(self.columns)}
        return self._answers(self._transform(raw))

    def transform_features(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into `features`, float32 [batch, layout.width]."""
        return {FEATURES: self._transform(self._parsed(examples, self.columns))[FEATURES]}

    def transform_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the feature `label` of serialized tf.Examples into `label_id`, int64 [batch]; -1 if unknown."""
        parsed = tf.io.parse_example(examples, {LABEL: self._raw_spec[LABEL]})
        return {"label_id": label_ids(to_dense_1d(parsed[LABEL]), self.class_names)}

    def transform_slices(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns serialized tf.Examples into the columns to slice by, int64 [batch] each."""
        of_numbers = [name for name, spec in self._raw_spec.items() if name != LABEL and spec.dtype != tf.string]
        transformed = self._transform(self._parsed(examples, of_numbers))
        return {name: transformed[name] for name in self._slices}

    def _parsed(self, examples: tf.Tensor, columns: Iterable[str]) -> dict[str, tf.Tensor | tf.SparseTensor]:
        spec = {name: _or_none(self._raw_spec[name]) for name in columns}
        return dict(tf.io.parse_example(examples, spec))

    def write_beside(self, folder: str) -> None:
        """Writes what people need to know of the answers, into assets.extra of the SavedModel."""
        write_classes(self.class_names, self.answering, folder)

    def _answers(self, transformed: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        vector, temperature = transformed[self._vector], self.answering.temperature
        scores = self._scores(vector) if temperature == 1.0 else scores_of(self._logits(vector), temperature)
        return classification_outputs(scores, self.class_names, self.answering.cut)


class ServedNumbers(ServedRows):
    """A trained model of a number to predict, and the transform graph before it.

    Args:
        model: The trained model.
        tft_output: The output of the Transform step.
        layout: Of the vector.
        label: The name that the label's column has in the data.
        slices: Columns that Transform makes for the evaluation to slice by.
        weight: The column with each row's weight; see `ServedRows`.
    """

    def __init__(
        self,
        model: NumberModel,
        tft_output: tft.TFTransformOutput,
        layout: VectorLayout,
        label: str,
        slices: Sequence[str],
        weight: str = "",
    ) -> None:
        super().__init__(model, tft_output, layout, (), slices, weight)
        of = model.scaling
        self._task = ServedTask(task=REGRESSION, label=label, lowest=of.lowest, highest=of.highest, median=of.median)
        self._numbers = model.numbers

    def transform_labels(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Turns the feature `label` of serialized tf.Examples into `label_value`, float32 [batch]; NaN if missing."""
        return {"label_value": dense(self._parsed(examples, [LABEL])[LABEL], np.nan)}

    def write_beside(self, folder: str) -> None:
        """Writes what people need to know of the answers; see `ServedRows`."""
        write_task(self._task, folder)

    def _answers(self, transformed: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"prediction": self._numbers(transformed[self._vector])}


def _or_none(spec: FeatureSpec) -> FeatureSpec:
    """A feature that training never lacked may be missing in what is served."""
    if isinstance(spec, tf.io.VarLenFeature):
        return spec
    return tf.io.FixedLenFeature(spec.shape, spec.dtype, np.full(spec.shape, NO_VALUE[spec.dtype]))


def export_rows(served: ServedRows, folder: str) -> None:
    """Writes the SavedModel, with what it predicts, its columns and warm-up requests in assets.extra.

    Args:
        served: The model.
        folder: Where to write it.
    """
    keys = dict(zip(served.columns, input_names(served.columns), strict=True))
    types = served.layout.columns
    nothing = {
        keys[name]: tf.constant([NO_VALUE[INPUTS[kind]]] * WARM_UP_ROWS, INPUTS[kind]) for name, kind in types.items()
    }
    save_graph(served, served.signatures(), [warm_up_request(COLUMNS, nothing)], folder)
    served.write_beside(folder)
    rename_inputs(folder, COLUMNS, {numbered(at): keys[name] for at, name in enumerate(served.columns)})
    for name, content in {
        COLUMNS_FILE: list(served.columns),
        INPUTS_FILE: {
            name: {"input": keys[name], "type": kind, "trained": served.layout.trained(name)}
            for name, kind in types.items()
        },
    }.items():
        with tf.io.gfile.GFile(os.path.join(folder, name), "w") as file:
            file.write(json.dumps(content))
