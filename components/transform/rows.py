"""Defines `preprocessing_fn` for rows: it packs the columns into one vector."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias, TypeVar

import tensorflow as tf
import tensorflow_transform as tft

from components.contract import FEATURES, LABEL, RAW
from components.transform.analysed import ANALYSED_ROWS, counted_rows
from components.transform.codes import codes_of
from components.transform.config import CountPositive, Quantiles, RowTransform
from components.transform.dates import part_of_date
from components.transform.raw_features import NO_NUMBER, dense, to_dense_1d
from components.transform.vector import FIRST, MISSING, ColumnType, Part, RawColumn, VectorLayout, layout_of_numbers

RawFeature: TypeAlias = tf.Tensor | tf.SparseTensor
Column = TypeVar("Column")

WEIGHT = "weight"
"""In what a step is told: the name of the column with each row's weight."""

LAYOUT = "layout"
"""In what `preprocessing_fn` is told: the vector as it was planned."""

HUNDREDTHS, QUANTILE_ERROR = 100, 0.001
UNIFORM_DEVIATION = 1 / math.sqrt(12)
"""Standard deviation of what is uniform between 0 and 1."""

WORD_BREAKS = r"[^\pL\pN]+"
"""Whatever is no letter and no digit of any script."""


def preprocessing_fn(inputs: Mapping[str, RawFeature], custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Makes the vectors and the slices.

    One analyzer looks at all standardised numbers, where one a column would take several times as long. It passes over
    NaN, which stands for a missing value until the mean does. No analyzer needs what another found: for that TFT copies
    what it reads, in a way that Beam no longer allows. What categories there are was counted by CsvExampleGen.

    Args:
        inputs: Raw features as the schema has them: numbers, float32 or int64, and texts, [batch, 1] or sparse where a
            value may be missing, and the label, string, or float32 where it is a number to predict.
        custom_config: `{"transform": a RowTransform as a mapping}`, perhaps with "layout": a `VectorLayout` as a
            mapping, which settings need that name kinds of features, and "weight": the column with each row's weight,
            which isn't learned from.

    Returns:
        `features`: float32 [batch, layout.width]; `raw`: float32 [batch, len(layout.raw)]; `label`: string or
        float32 [batch]; each slice: int64 [batch]; `analysed_rows`, where an analyzer looks at rows: int64 [batch].
    """
    settings = RowTransform.model_validate(custom_config["transform"])
    inputs = without_weight(inputs, custom_config)
    planned = custom_config.get(LAYOUT)
    layout = VectorLayout.model_validate(planned) if planned else layout_of_features(inputs, settings)
    rows = Rows(inputs, layout)
    slices = {name: _slice(inputs, slice_by) for name, slice_by in settings.slices.items()}
    analysed = next(_analysed(inputs, layout, settings), None)
    counted = {} if analysed is None else {ANALYSED_ROWS: counted_rows(inputs[analysed])}
    return {FEATURES: rows.vectors(), RAW: rows.raw(), LABEL: _label(inputs[LABEL]), **slices, **counted}


def _analysed(inputs: Mapping[str, RawFeature], layout: VectorLayout, settings: RowTransform) -> Iterator[str]:
    """The columns that an analyzer looks at."""
    for part in layout.parts:
        match _scaled_by(part):
            case "z-score" | "quantile":
                yield part.column
            case "none" if isinstance(inputs[part.column], tf.SparseTensor):
                yield part.column
    yield from (each.column for each in settings.slices.values() if isinstance(each, Quantiles))


def _label(label: RawFeature) -> tf.Tensor:
    """Returns class names, string [batch], or numbers to predict, float32 [batch]."""
    return to_dense_1d(label) if label.dtype == tf.string else _number(label)


def without_weight(columns: Mapping[str, Column], custom_config: Mapping[str, Any]) -> dict[str, Column]:
    """Returns the columns but for the one with each row's weight, which is in records and no feature."""
    return {name: column for name, column in columns.items() if name != custom_config.get(WEIGHT)}


def layout_of_features(features: Mapping[str, Any], settings: RowTransform) -> VectorLayout:
    """Returns the vector of settings that name no kinds of features.

    Args:
        features: Tensors, or entries of a raw feature spec, by name.
        settings: The user's.

    Raises:
        TransferlineError: A column isn't there or isn't of numbers, or none is.
    """
    types: dict[tf.DType, ColumnType] = {tf.float32: "float", tf.int64: "int", tf.string: "string"}
    return layout_of_numbers({name: types[each.dtype] for name, each in features.items() if name != LABEL}, settings)


class Rows:
    """A batch of rows, of which vectors are made.

    Args:
        inputs: Raw features.
        layout: What to make of them.
    """

    def __init__(self, inputs: Mapping[str, RawFeature], layout: VectorLayout) -> None:
        self._inputs, self._layout = inputs, layout
        self._codes = {(part.column, part.what): self._code(part) for part in layout.coded}
        self._words = {part.column: self._counts(part) for part in layout.parts if part.what == "words"}

    def vectors(self) -> tf.Tensor:
        """Returns float32 [batch, layout.width]."""
        pieces: list[tf.Tensor] = []
        for scaled_by, parts in groupby(self._layout.parts, _scaled_by):
            if scaled_by:
                pieces.append(self._scaled(scaled_by, list(parts)))
            else:
                pieces += map(self._unscaled, parts)
        return pieces[0] if len(pieces) == 1 else tf.concat(pieces, axis=1)

    def raw(self) -> tf.Tensor:
        """Returns float32 [batch, len(layout.raw)]."""
        return tf.stack([self._raw(each) for each in self._layout.raw], axis=1)

    def _scaled(self, scaled_by: str, parts: Sequence[Part]) -> tf.Tensor:
        """Numbers that are scaled in the same way: float32 [batch, parts]."""
        numbers = [_number(self._inputs[part.column]) for part in parts]
        match scaled_by:
            case "quantile":
                return tf.stack([_place(each) for each in numbers], axis=1)
            case "none":
                packed = tf.stack(numbers, axis=1)
                if any(isinstance(self._inputs[part.column], tf.SparseTensor) for part in parts):
                    packed = _without_nan(packed, tft.mean(packed, reduce_instance_dims=False))
                return packed
            case _:
                pairs = zip(numbers, parts, strict=True)
                packed = tf.stack([_log(each) if part.scale == "log" else each for each, part in pairs], axis=1)
                return _without_nan(tft.scale_to_z_score(packed, elementwise=True), 0.0)

    def _unscaled(self, part: Part) -> tf.Tensor:
        """A part that needs no analyzer: float32 [batch, part.width]."""
        if part.coded:
            return tf.cast(self._codes[part.column, part.what], tf.float32)[:, tf.newaxis]
        if part.what == "words":
            return tf.math.log1p(self._words[part.column])
        if part.what == "missing":
            return tf.cast(self._is_missing(part.column), tf.float32)[:, tf.newaxis]
        middle, half = (part.high + part.low) / 2, max(part.high - part.low, 1) / 2
        scaled = (tf.cast(part_of_date(self._whole(part.column), part.what), tf.float32) - middle) / half
        return tf.where(self._is_missing(part.column), 0.0, scaled)[:, tf.newaxis]

    def _raw(self, each: RawColumn) -> tf.Tensor:
        """A number for trees: float32 [batch]."""
        if each.column in self._words:
            return self._words[each.column][:, int(each.what.rpartition(" ")[2])]
        if each.categories:
            code = self._codes[each.column, each.what] - FIRST
            return tf.where(code < 0, math.nan, tf.cast(code, tf.float32))
        if self._layout.columns[each.column] != "date":
            return _number(self._inputs[each.column])
        found = tf.cast(part_of_date(self._whole(each.column), each.what), tf.float32)
        return tf.where(self._is_missing(each.column), math.nan, found)

    def _code(self, part: Part) -> tf.Tensor:
        """int64 [batch]."""
        if part.kind == "date":
            found = part_of_date(self._whole(part.column), part.what) - int(part.values[0])
            return tf.where(self._is_missing(part.column), tf.constant(MISSING, tf.int64), found + FIRST)
        match self._layout.columns[part.column]:
            case "string":
                values = to_dense_1d(self._inputs[part.column])
            case "float":
                values = _number(self._inputs[part.column])
            case _:
                values = self._whole(part.column)
        return codes_of(values, part.values, part.buckets)

    def _counts(self, part: Part) -> tf.Tensor:
        """How often the words of each bucket occur: float32 [batch, buckets]."""
        texts = tf.strings.lower(to_dense_1d(self._inputs[part.column]), encoding="utf-8")
        words = tf.strings.split(tf.strings.regex_replace(texts, WORD_BREAKS, " "))
        buckets = tf.strings.to_hash_bucket_fast(words.values, part.width)
        rows = tf.shape(texts, tf.int64)[0]
        places = words.value_rowids() * part.width + buckets
        counts = tf.math.unsorted_segment_sum(tf.ones_like(places, tf.float32), places, rows * part.width)
        return tf.reshape(counts, [rows, part.width])

    def _whole(self, column: str) -> tf.Tensor:
        """Whole numbers, int64 [batch]; `NO_NUMBER` for a missing one."""
        return dense(self._inputs[column], NO_NUMBER)

    def _is_missing(self, column: str) -> tf.Tensor:
        """Bool [batch]."""
        if self._layout.columns[column] == "date":
            return tf.equal(self._whole(column), NO_NUMBER)
        return tf.math.is_nan(_number(self._inputs[column]))


def _scaled_by(part: Part) -> str:
    """Which numbers go through an analyzer together; "" for what needs none."""
    if part.kind != "number" or part.what != "value":
        return ""
    return "z-score" if part.scale in ("standard", "log") else part.scale


def _number(values: RawFeature) -> tf.Tensor:
    """Returns float32 [batch], NaN for a missing value."""
    if not isinstance(values, tf.SparseTensor):
        numbers = tf.cast(values, tf.float32)
        if values.dtype == tf.int64:
            numbers = tf.where(tf.equal(values, NO_NUMBER), math.nan, numbers)
        return tf.reshape(numbers, [-1])
    return dense(tf.SparseTensor(values.indices, tf.cast(values.values, tf.float32), values.dense_shape), math.nan)


def _log(numbers: tf.Tensor) -> tf.Tensor:
    return tf.sign(numbers) * tf.math.log1p(tf.abs(numbers))


def _place(numbers: tf.Tensor) -> tf.Tensor:
    """Returns places among the training rows' values, with a mean of 0 and a variance of 1; 0 for NaN."""
    present = tf.boolean_mask(numbers, tf.logical_not(tf.math.is_nan(numbers)))
    bounds = tft.quantiles(present, HUNDREDTHS, QUANTILE_ERROR)
    return (tft.apply_buckets_with_interpolation(numbers, bounds) - 0.5) / UNIFORM_DEVIATION


def _without_nan(values: tf.Tensor, instead: tf.Tensor | float) -> tf.Tensor:
    return tf.where(tf.math.is_nan(values), instead, values)


def _slice(inputs: Mapping[str, RawFeature], slice_by: Quantiles | CountPositive) -> tf.Tensor:
    if isinstance(slice_by, Quantiles):
        return _bucket(inputs[slice_by.column], slice_by.buckets)
    return tf.add_n([tf.cast(_number(inputs[name]) > 0, tf.int64) for name in slice_by.columns])


def _bucket(values: RawFeature, buckets: int) -> tf.Tensor:
    """Returns int64 [batch], from 1 on; 0 for a missing value."""
    if not isinstance(values, tf.SparseTensor):
        return tft.bucketize(_number(values), buckets) + 1
    values = tf.SparseTensor(values.indices, tf.cast(values.values, tf.float32), [values.dense_shape[0], 1])
    return tf.reshape(tf.sparse.to_dense(tft.bucketize(values, buckets), default_value=-1), [-1]) + 1
