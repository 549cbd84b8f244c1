"""Defines the data contract between the components: the task, the splits, and the features of a tf.Example."""

from typing import Literal, TypeAlias

SPLITS = ("train", "eval", "test")

Task: TypeAlias = Literal["classification", "regression"]
"""What is predicted: one of several classes, or a number."""

CLASSIFICATION: Task = "classification"
REGRESSION: Task = "regression"

LABEL = "label"
"""bytes: the class name, UTF-8; float32 where a number is predicted."""

IMAGE = "image"
"""bytes: the encoded photo (JPEG, PNG, GIF or BMP)."""

WIDTH = "image/width"
"""int64: pixels of the stored photo."""

HEIGHT = "image/height"
"""int64: pixels of the stored photo."""

FORMAT = "image/format"
"""bytes: the format the photo came in: JPEG, PNG, GIF, BMP or WEBP."""

PATH = "image/path"
"""bytes: where the photo came from, relative to the data."""

SHA256 = "image/sha256"
"""bytes: hex digest of the photo's bytes as they came."""

SIZE_BUCKET = "image/size_bucket"
"""bytes: "small", "medium" or "large", by the longest side as it came; an evaluation slice."""

BRIGHTNESS_BUCKET = "image/brightness_bucket"
"""bytes: "dark", "normal" or "bright", by the mean luma; an evaluation slice."""

PHOTO_SLICES = (SIZE_BUCKET, FORMAT, BRIGHTNESS_BUCKET)

FEATURES = "features"
"""float32: of a row after Transform, all its columns as one vector."""

RAW = "raw"
"""float32: of a row after Transform, the vector for trees: numbers as they are, and codes; NaN where there is none."""

ESTIMATED = "estimated"
"""Name of a custom statistic, 1: the feature's different values were too many to be counted, and are estimated."""

PLACE = "row/place"
"""bytes: what names a row: its key, or the file and line it came from; nothing that can be learned from."""
