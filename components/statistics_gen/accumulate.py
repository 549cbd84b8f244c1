"""Adds up statistics: of batches side by side, of files on the workers of Beam.

TFDV's generators are made for being merged. Fed with large batches their work is done in C++, outside of Python's lock.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import apache_beam as beam
import tensorflow as tf
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.statistics.stats_options import StatsOptions
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.arrow import pa
from components.datasets import untuned
from components.ingest.record_counts import Read
from components.ingest.side_by_side import in_order
from components.statistics_gen.decoding import Decoder
from components.statistics_gen.options import generators_of

BATCH_BYTES, BATCH_EXAMPLES = 16 * 2**20, 2**16
"""A batch is so large that Python's part doesn't count, and so small that a few fit any memory."""

SAMPLE = 32
"""The first examples of a file tell how large its examples are, and what features to expect."""

THREADS = os.cpu_count() or 1

Found: TypeAlias = list[Any]
"""An accumulator of each generator."""


class Statistics:
    """Computes and adds up statistics.

    Args:
        options: `StatsOptions` as JSON, which every worker can be sent.
    """

    def __init__(self, options: str) -> None:
        self._generators = generators_of(StatsOptions.from_json(options))
        for generator in self._generators:
            generator.setup()

    def nothing(self) -> Found:
        """Returns accumulators of no example."""
        return [generator.create_accumulator() for generator in self._generators]

    def of(self, batches: Iterable[pa.RecordBatch]) -> Found:
        """Returns the accumulators of some batches."""
        found = self.nothing()
        for batch in batches:
            found = [generator.add_input(each, batch) for generator, each in zip(self._generators, found, strict=True)]
        return found

    def merged(self, parts: Iterable[Found]) -> Found:
        """Returns the sum of accumulators, of which it may take parts over."""
        found = self.nothing()
        for part in parts:
            found = [
                generator.merge_accumulators(pair)
                for generator, *pair in zip(self._generators, found, part, strict=True)
            ]
        return found

    def figures(self, found: Found) -> DatasetFeatureStatisticsList:
        """Returns TFDV's message; the accumulators are used up."""
        return stats_impl.extract_statistics_output(found, self._generators)


class OfFile(beam.DoFn):
    """Takes a split and one of its files of examples; yields the split, how many it has and the accumulators of it."""

    def __init__(self, options: str) -> None:
        self._options = options

    def setup(self) -> None:
        """Makes the generators, and starts the threads."""
        self._statistics = Statistics(self._options)
        self._threads = ThreadPoolExecutor(THREADS)

    def teardown(self) -> None:
        """Ends the threads."""
        self._threads.shutdown()

    def process(self, split_and_file: tuple[str, str]) -> Iterator[tuple[str, tuple[Read, Found]]]:
        """Reads a file once; batches are added up in their order, so that the same file gives the same figures."""
        split, file = split_and_file
        read = Counter({file: 0})
        found = self._statistics.merged(self._of_batches(file, read))
        yield split, (read, found)

    def _of_batches(self, file: str, read: Counter[str]) -> Iterator[Found]:
        records = untuned(tf.data.TFRecordDataset(file, compression_type="GZIP"))
        decoder = Decoder()
        for sample in records.take(SAMPLE).batch(SAMPLE):
            decoder.learn(sample.numpy().tolist())
            batches = records.batch(_batch_size(sample)).prefetch(1)
            for examples, found in in_order(
                self._threads,
                lambda batch: (len(batch), self._statistics.of(decoder.record_batches(batch))),
                batches,
                ahead=THREADS,
            ):
                read[file] += examples
                yield found


class Add(beam.CombineFn):
    """Adds up the accumulators of a split's files to TFDV's message."""

    def __init__(self, options: str) -> None:
        self._options = options

    def setup(self) -> None:
        """Makes the generators."""
        self._statistics = Statistics(self._options)

    def create_accumulator(self) -> Found:
        """Returns accumulators of no example."""
        return self._statistics.nothing()

    def add_input(self, found: Found, part: Found) -> Found:
        """Adds those of a file."""
        return self._statistics.merged([found, part])

    def merge_accumulators(self, parts: Iterable[Found]) -> Found:
        """Adds up those of several workers."""
        return self._statistics.merged(parts)

    def extract_output(self, found: Found) -> DatasetFeatureStatisticsList:
        """Returns TFDV's message."""
        return self._statistics.figures(found)


def _batch_size(sample: tf.Tensor) -> int:
    mean = int(tf.reduce_mean(tf.strings.length(sample)))
    return min(BATCH_EXAMPLES, max(1, BATCH_BYTES // max(1, mean)))
