"""Reads photos from TFRecords through the transform graph into batches."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_transform as tft

from components.contract import IMAGE, LABEL
from components.datasets import untuned
from components.errors import TransferlineError
from components.ingest.record_files import record_files
from components.transform.config import ImageTransform
from components.transform.labels import label_ids
from components.transform.raw_features import to_dense_1d

DECODE_BATCH = 8
"""Photos decoded by one call of the transform graph; several calls run side by side."""

SHUFFLED_RECORDS = 4096
"""Encoded photos held for shuffling where the decoded ones don't fit into memory."""

READERS = 16
"""Files that are read at once, a thread each, record by record in turns. A fixed number: the order of the photos
depends on the files alone, and not on the machine."""

CHANNELS = 3
FLOAT_BYTES = 4


@dataclass(frozen=True)
class SplitFiles:
    """One split's files and what is in them.

    Attributes:
        files: TFRecord files, GZIP.
        counts: Number of photos of each label.
    """

    files: tuple[str, ...]
    counts: dict[str, int]

    @property
    def examples(self) -> int:
        """Number of photos."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Photos:
    """The photos of both splits, and what they are photos of.

    Attributes:
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
        train: The training split.
        validation: The validation split.
        seen: How Transform makes of a photo what the network sees.
    """

    tft_output: tft.TFTransformOutput
    class_names: tuple[str, ...]
    train: SplitFiles
    validation: SplitFiles
    seen: ImageTransform

    @property
    def image_size(self) -> int:
        """Height and width of the transformed photos, in pixels."""
        return image_size(self.tft_output)


def image_size(tft_output: tft.TFTransformOutput) -> int:
    """Returns the height and width of the transformed photos, in pixels."""
    return int(tft_output.transformed_feature_spec()[IMAGE].shape[0])


def read_split(patterns: Sequence[str], tft_output: tft.TFTransformOutput, class_names: Sequence[str]) -> SplitFiles:
    """Finds a split's files and counts its photos by label.

    Args:
        patterns: Its files, as `record_files` takes them.
        tft_output: The output of the Transform step.
        class_names: The classes that the model is to tell apart.

    Raises:
        TransferlineError: There are no photos, or some have a label that isn't among the classes.
    """
    files = tuple(record_files(patterns))
    labels: Counter[str] = Counter()
    if files:
        spec = {LABEL: tft_output.raw_feature_spec()[LABEL]}
        for batch in read_records(files).batch(256):
            rows = to_dense_1d(tf.io.parse_example(batch, spec)[LABEL])
            labels.update(label.decode(errors="replace") for label in rows.numpy())
    place = ", ".join(patterns)
    if not labels:
        raise TransferlineError("There are no photos to train with or to validate on.", place=place)
    unknown = sorted(set(labels) - set(class_names))
    if unknown:
        raise TransferlineError(
            f"{sum(labels[name] for name in unknown)} photos have a label that no training photo has: {unknown}.",
            place=place,
            cure="Correct these labels, or have photos of each class in the training split.",
        )
    return SplitFiles(files, dict(labels))


def read_records(files: Sequence[str]) -> tf.data.Dataset:
    """Returns the serialized examples of gzipped TFRecord files, in an order that is the same every time."""
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP", num_parallel_reads=min(READERS, len(files)))
    return untuned(records)


def fits_in_memory(examples: int, image_size: int, cache_bytes: int) -> bool:
    """Tells whether decoded photos, float32 [image_size, image_size, 3] each, take no more than `cache_bytes`."""
    return examples * image_size * image_size * CHANNELS * FLOAT_BYTES <= cache_bytes


def training_batch_size(batch_size: int, examples: int, replicas: int) -> int:
    """Returns the batch size for a strategy that needs batches of one shape.

    Such batches are divided among the replicas and an incomplete last one is dropped, so a batch must not be larger
    than the training split.

    Args:
        batch_size: The batch size asked for, over all replicas.
        examples: Photos to train with.
        replicas: Devices that work on one batch together.

    Returns:
        The largest multiple of `replicas` that is at most `batch_size` and `examples`.

    Raises:
        TransferlineError: Not every replica would get a photo.
    """
    size = min(batch_size, examples)
    size -= size % replicas
    if size:
        return size
    what = f"{examples} training photos" if examples < batch_size else f"A batch of {batch_size} photos"
    raise TransferlineError(
        f"{what} can't be divided among {replicas} replicas.",
        place="trainer.batch_size" if examples >= batch_size else "trainer.strategy",
        cure='Use strategy "one_device"' + (f", or a batch of {replicas} or more." if examples >= replicas else "."),
    )


def photos(records: tf.data.Dataset, tft_output: tft.TFTransformOutput, class_names: Sequence[str]) -> tf.data.Dataset:
    """Turns serialized examples into tensors.

    Args:
        records: Dataset of serialized tf.Example, scalar strings.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.

    Returns:
        Dataset of (photo float32 [size, size, 3], class number int64 []), in the order of the records.
    """
    raw_spec = tft_output.raw_feature_spec()
    spec = {name: raw_spec[name] for name in (IMAGE, LABEL)}
    transform = tft_output.transform_features_layer()

    # The layer is one of tf_keras, whose source AutoGraph would rewrite, which takes seconds.
    @tf.autograph.experimental.do_not_convert
    def parse(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        transformed = transform(tf.io.parse_example(serialized, spec))
        return transformed[IMAGE], label_ids(transformed[LABEL], class_names)

    return records.batch(DECODE_BATCH).map(parse, num_parallel_calls=tf.data.AUTOTUNE).unbatch()


def batches(
    split: SplitFiles,
    tft_output: tft.TFTransformOutput,
    class_names: Sequence[str],
    batch_size: int,
    *,
    cache: bool,
    shuffle_seed: int | None = None,
    drop_remainder: bool = False,
) -> tf.data.Dataset:
    """Returns a split's photos in batches.

    Args:
        split: The split.
        tft_output: The output of the Transform step.
        class_names: The class names, in the order of their numbers.
        batch_size: Photos in a batch.
        cache: Whether to keep the decoded photos in memory, so that only the first epoch decodes.
        shuffle_seed: Seed of a new order in each epoch, or None for the order in which `read_records` reads.
        drop_remainder: Whether to leave out an incomplete last batch, so that all have the same shape.

    Returns:
        Dataset of (photos float32 [batch, size, size, 3], class numbers int64 [batch]).
    """
    records = read_records(split.files)
    if shuffle_seed is not None and not cache:
        records = records.shuffle(min(split.examples, SHUFFLED_RECORDS), shuffle_seed)
    dataset = photos(records, tft_output, class_names)
    if cache:
        dataset = dataset.cache()
    if shuffle_seed is not None and cache:
        # The buffer holds references to the photos of the cache, not copies of them.
        dataset = dataset.shuffle(split.examples, shuffle_seed)
    options = tf.data.Options()
    # Several workers share the photos; there may be fewer files than workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(split.examples))
    return dataset.batch(batch_size, drop_remainder=drop_remainder).prefetch(2).with_options(options)
