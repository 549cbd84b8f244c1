"""Builds the Beam pipeline that turns photos into TFRecords and into the results that the report is made of."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import apache_beam as beam

from components import progress
from components.contract import SPLITS
from components.image_example_gen.config import ImageData
from components.image_example_gen.duplicates import differing_copies
from components.image_example_gen.examples import read_source
from components.image_example_gen.records import Listing, PhotoSource
from components.image_example_gen.splits import SplitRule
from components.ingest.outputs import RECORDS_PREFIX, RECORDS_SUFFIX
from components.ingest.report import Quarantined
from components.ingest.results import COUNTS, DUPLICATES, QUARANTINED, result_line

PROGRESS_EVERY = 100


class _Counter:
    """Counts photos across the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = 0

    def reset(self) -> None:
        """Starts from zero."""
        with self._lock:
            self._done = 0

    def add_one(self, total: int) -> None:
        """Counts one photo, and reports now and then."""
        with self._lock:
            self._done += 1
            if self._done % PROGRESS_EVERY == 0 or self._done == total:
                progress.report(self._done, total, "photos")


PROGRESS = _Counter()


class ReadPhotos(beam.DoFn):
    """Reads the photos of a source into examples, one output a split, and says what became of each."""

    def __init__(self, data: ImageData, rule: SplitRule, total: int) -> None:
        self._data = data
        self._rule = rule
        self._total = total

    def process(self, source: PhotoSource) -> Iterator[Any]:
        """Yields the example and, into `COUNTS`, (split, label, place, sha256); or else into `QUARANTINED`."""
        for item in read_source(source, self._data, self._rule):
            PROGRESS.add_one(self._total)
            if isinstance(item, Quarantined):
                yield beam.pvalue.TaggedOutput(QUARANTINED, result_line(QUARANTINED, item.model_dump()))
            else:
                yield beam.pvalue.TaggedOutput(item.split, item.example)
                yield beam.pvalue.TaggedOutput(COUNTS, (item.split, item.label, item.place, item.sha256))


def ingest(
    pipeline: beam.Pipeline,
    listing: Listing,
    data: ImageData,
    rule: SplitRule,
    split_folders: dict[str, str],
    results_file: str,
) -> None:
    """Adds the whole ingestion to a pipeline.

    Args:
        pipeline: What to add to.
        listing: What was found.
        data: The bounds that photos are held to.
        rule: How photos are split.
        split_folders: Where the TFRecords of each split go.
        results_file: Where the lines go that `components.ingest.results` reads.
    """
    total = listing.found - len(listing.quarantined)
    outputs = (
        pipeline
        | "Sources" >> beam.Create(listing.sources)
        | "Spread" >> beam.Reshuffle()
        | "ReadPhotos" >> beam.ParDo(ReadPhotos(data, rule, total)).with_outputs(*SPLITS, COUNTS, QUARANTINED)
    )
    # Without a number of shards each bundle writes its own file (on a laptop there is one bundle), and no record is
    # moved; to a given number of files Beam would bring all records together, in memory where it runs locally.
    for split in SPLITS:
        outputs[split] | f"Write[{split}]" >> beam.io.WriteToTFRecord(
            os.path.join(split_folders[split], RECORDS_PREFIX),
            file_name_suffix=RECORDS_SUFFIX,
        )
    counts = (
        outputs[COUNTS]
        | "SplitAndLabel" >> beam.Map(lambda record: (record[:2], 1))
        | "Count" >> beam.CombinePerKey(sum)
        | "CountLines" >> beam.Map(lambda count: result_line(COUNTS, count))
    )
    duplicates = (
        outputs[COUNTS]
        | "BySha256" >> beam.Map(lambda record: (record[3], record[:3]))
        | "GroupBySha256" >> beam.GroupByKey()
        | "DifferingCopies" >> beam.FlatMap(lambda group: differing_copies(group[1]))
        | "DuplicateLines" >> beam.Map(lambda duplicate: result_line(DUPLICATES, duplicate.model_dump()))
    )
    # One file for all: each file of its own costs Beam half a second.
    _ = (
        (counts, duplicates, outputs[QUARANTINED])
        | "Results" >> beam.Flatten()
        | "WriteResults" >> beam.io.WriteToText(results_file, num_shards=1, shard_name_template="")
    )
