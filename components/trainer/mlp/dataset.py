"""Reads rows from TFRecords through the transform graph, and packs them."""

from collections.abc import Sequence

import numpy as np
import tensorflow_transform as tft

from components.errors import TransferlineError
from components.trainer.mlp.packed_rows import PackedRows
from components.transform.labels import UNKNOWN
from components.transform.stored_rows import transformed_rows


def load_rows(
    patterns: Sequence[str],
    tft_output: tft.TFTransformOutput,
    class_names: Sequence[str],
    vectors: Sequence[str],
    folder: str = "",
    weight: str = "",
) -> dict[str, PackedRows]:
    """Reads a split once and packs it: four bytes a number.

    Args:
        patterns: Its files, as `record_files` takes them.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers; none where the label is a number to predict.
        vectors: The outputs of Transform that are wanted, `features` or `raw` or both.
        folder: Where the packed rows are; "" for where temporary files are.
        weight: The column with each row's weight; "" where there is none.

    Returns:
        By the name of the vector; the rows are in the same order.

    Raises:
        TransferlineError: There are no rows, all weigh nothing, or some have a label that no training row has.
    """
    batches = transformed_rows(patterns, tft_output, class_names, vectors, weight=weight)
    packed = [
        PackedRows(spec.shape[1] - 1 - bool(weight), folder, weighted=bool(weight), of_classes=bool(class_names))
        for spec in batches.element_spec
    ]
    unknown = 0
    for batch in batches.as_numpy_iterator():
        for rows, part in zip(packed, batch, strict=True):
            rows.add(part)
        if class_names:
            unknown += int(np.count_nonzero(batch[0][:, -1] == UNKNOWN))
    place = ", ".join(patterns)
    first = packed[0]
    if not first.rows:
        raise TransferlineError("There are no rows to train with or to validate on.", place=place)
    if weight and not first.weight:
        raise TransferlineError(
            f"All {first.rows} rows have the weight 0, so that none counts.",
            place=f"data.weight, {place}",
            cure="Correct the weights, or set data.weight to another column.",
        )
    if unknown:
        raise TransferlineError(
            f"{unknown} rows have a label that no training row has.",
            place=place,
            cure="Correct these labels, or have rows of each class in the training split.",
        )
    return dict(zip(vectors, packed, strict=True))
