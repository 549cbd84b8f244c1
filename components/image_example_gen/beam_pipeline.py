"""Builds the Beam pipeline that turns photos into TFRecords and into the results that the report is made of."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from components import progress
from components.image_example_gen.config import ImageData
from components.image_example_gen.duplicates import (
    Copy,
    Photo,
    conflicts_of,
    copies_in_different_splits,
    partition_of,
    under_several_labels,
)
from components.image_example_gen.examples import THREADS, class_hashes, read_source
from components.image_example_gen.records import Listing, PhotoSource
from components.image_example_gen.shards import ShardWriter
from components.image_example_gen.splits import SplitRule
from components.ingest.gather import GatherClasses
from components.ingest.report import Quarantined
from components.ingest.results import (
    COMPARED,
    CONFLICTS,
    COUNTS,
    DUPLICATES,
    QUARANTINED,
    SHARDS,
    TAKEN_OUT,
    result_line,
    write_results,
)
from components.ingest.strata import Strata

COPIES = "copies"
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


@dataclass(frozen=True)
class Plan:
    """What every worker is told.

    Attributes:
        data: The settings.
        rule: How photos are split.
        total: Photos in all.
        folders: Where the TFRecords of each split go.
    """

    data: ImageData
    rule: SplitRule
    total: int
    folders: dict[str, str]


class WritePhotos(beam.DoFn):
    """Writes the photos of sources as TFRecords, and yields what became of them.

    Records stay where they were made: only a line for each file, each label of a split and each quarantined photo moves
    on, and into `COPIES` what tells photos with the same bytes, many in one element.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def setup(self) -> None:
        """Starts the threads."""
        self._threads = ThreadPoolExecutor(THREADS)

    def teardown(self) -> None:
        """Ends them."""
        self._threads.shutdown()

    def start_bundle(self) -> None:
        """Begins files: what a bundle writes counts only if it comes to its end."""
        bound = self._plan.data.shard_bytes
        self._shards = {split: ShardWriter(split, folder, bound) for split, folder in self._plan.folders.items()}
        self._counts: Counter[tuple[str, str]] = Counter()

    def process(self, source: PhotoSource, strata: Strata | None = None) -> Iterator[Any]:
        """Writes the photos of a source."""
        copies: defaultdict[str, list[Photo]] = defaultdict(list)
        for item in read_source(source, self._plan.data, self._plan.rule, self._threads, strata):
            PROGRESS.add_one(self._plan.total)
            if isinstance(item, Quarantined):
                yield result_line(QUARANTINED, item.model_dump())
                continue
            file = self._shards[item.split].write(item.example)
            self._counts[item.split, item.label] += 1
            copy = Copy(item.split, item.label, item.place, file)
            copies[partition_of(item.sha256)].append((item.sha256, copy))
        for partition in copies.items():
            yield beam.pvalue.TaggedOutput(COPIES, partition)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Ends the files."""
        shards = chain.from_iterable(writer.close() for writer in self._shards.values())
        lines = [result_line(SHARDS, shard.model_dump()) for shard in shards]
        lines += [result_line(COUNTS, count) for count in self._counts.items()]
        yield from map(GlobalWindows.windowed_value, lines)


def ingest(pipeline: beam.Pipeline, listing: Listing, plan: Plan, results_file: str) -> None:
    """Adds the whole ingestion to a pipeline.

    Args:
        pipeline: What to add to.
        listing: What was found.
        plan: What to do with it.
        results_file: Where the lines go that `components.ingest.results` reads.
    """
    sources = pipeline | "Sources" >> beam.Create(listing.sources)  # which it spreads among workers
    strata = {"strata": beam.pvalue.AsSingleton(_strata(sources, plan))} if plan.data.split.stratify else {}
    results, copies = sources | "WritePhotos" >> beam.ParDo(WritePhotos(plan), **strata).with_outputs(
        COPIES, main="results"
    )
    duplicates = (
        copies
        | "ByDigest" >> beam.GroupByKey()
        | "Copies" >> beam.FlatMap(lambda group: _lines_of_copies(chain.from_iterable(group[1])))
    )
    write_results((results, duplicates) | "Results" >> beam.Flatten(), results_file)


def _lines_of_copies(photos: Iterable[Photo]) -> Iterator[str]:
    """Tells of copies; those with several labels are written already, and count as taken out again."""
    every = list(photos)
    duplicates = list(copies_in_different_splits(every))
    yield result_line(COMPARED, (len(every), len(duplicates)))
    yield from (result_line(DUPLICATES, duplicate.model_dump()) for duplicate in duplicates)
    ambiguous = under_several_labels(every)
    yield result_line(CONFLICTS, conflicts_of(ambiguous).model_dump())
    for group in ambiguous:
        yield from (result_line(QUARANTINED, item.model_dump()) for item in group.quarantined)
        for copy in group.copies:
            yield result_line(COUNTS, ((copy.split, copy.label), -1))
            yield result_line(TAKEN_OUT, (copy.file, group.sha256))


def _strata(sources: beam.PCollection, plan: Plan) -> beam.PCollection:
    """Reads the photos for their bytes alone; one that turns out not to be usable counts too."""
    return (
        sources
        | "ReadClasses" >> beam.Map(class_hashes)
        | "Classes" >> beam.CombineGlobally(GatherClasses())
        | "Strata" >> beam.Map(plan.rule.strata_of)
    )
