"""Says in words which examples are in a slice, where its name doesn't."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.column_roles import ColumnRoles
from components.contract import BRIGHTNESS_BUCKET, SIZE_BUCKET
from components.evaluator.signatures import SLICE_SIGNATURE
from components.evaluator.slices import RawFeatures
from components.image_example_gen.photos import BRIGHT_ABOVE, DARK_BELOW, MEDIUM_UP_TO, SMALL_BELOW
from components.loaded_models import load_model
from components.metric_text import digits_of
from components.report.examples import batches_of
from components.wording import listed

Numbers = npt.NDArray[np.float64]

ROWS_PER_BATCH, AT_MOST = 4096, 100_000
MISSING = 0
"""The part of those that lack the value; see `components.transform.config.Quantiles`."""

WHOLE = 1e9
"""Smaller whole numbers are written out."""

OF_PHOTOS = {
    f"{SIZE_BUCKET}=small": f"longest side below {SMALL_BELOW} pixels",
    f"{SIZE_BUCKET}=medium": f"longest side of {SMALL_BELOW} to {MEDIUM_UP_TO} pixels",
    f"{SIZE_BUCKET}=large": f"longest side above {MEDIUM_UP_TO} pixels",
    f"{BRIGHTNESS_BUCKET}=dark": f"mean luma below {DARK_BELOW:g} of 255",
    f"{BRIGHTNESS_BUCKET}=normal": f"mean luma of {DARK_BELOW:g} to {BRIGHT_ABOVE:g} of 255",
    f"{BRIGHTNESS_BUCKET}=bright": f"mean luma above {BRIGHT_ABOVE:g} of 255",
}


def find_meanings(files: Sequence[str], model_path: str, roles: ColumnRoles) -> dict[str, str]:
    """Returns the meanings of slices, by their names.

    The limits of a part of a column's values are those of the test examples in it: what the model has for a limit isn't
    a value that any example need have.

    Args:
        files: Gzipped TFRecord files of the test split.
        model_path: The SavedModel, which makes the columns to slice by.
        roles: Which columns these are made of.
    """
    found = dict(OF_PHOTOS)
    for name, columns in roles.positive_counts.items():
        found |= {f"{name}={count}": f"{count} of {listed(columns)} above 0" for count in range(len(columns) + 1)}
    limits: dict[tuple[str, int], tuple[float, float]] = {}
    for name, value, numbers in _parts(files, model_path, roles.quantiles):
        given = numbers[np.isfinite(numbers)]
        if len(given):
            low, high = limits.get((name, value), (np.inf, -np.inf))
            limits[name, value] = min(low, float(given.min())), max(high, float(given.max()))
    for (name, value), (low, high) in limits.items():
        ends = f"is {_text(low)}" if low == high else f"from {_text(low)} to {_text(high)}"
        found[f"{name}={value}"] = f"{roles.quantiles[name]} {ends}"
    return found | {f"{name}={MISSING}": f"{column} is missing" for name, column in roles.quantiles.items()}


def _text(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() and abs(number) < WHOLE else digits_of(number)


def _parts(files: Sequence[str], model_path: str, columns: Mapping[str, str]) -> Iterator[tuple[str, int, Numbers]]:
    """Yields the values of each part of each column, by batch."""
    signature = load_model(model_path).signatures.get(SLICE_SIGNATURE) if columns else None
    if signature is None:
        return
    raw = RawFeatures(sorted(set(columns.values())))
    for records in batches_of(files, ROWS_PER_BATCH, AT_MOST):
        examples = tf.constant(records)
        made: dict[str, Any] = signature(examples)
        read = raw.read(examples)
        for name, column in columns.items():
            if name in made and column in read:
                values, owners = read[column]
                parts = made[name].numpy()[owners]
                for part in np.unique(parts):
                    yield name, int(part), values[parts == part].astype(np.float64)
