"""Collects in a small file what became of each record, and makes the report from it."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf

from components.contract import SPLITS
from components.errors import TransferlineError
from components.ingest.findings import strays
from components.ingest.quarantine import Quarantine, unpacked
from components.ingest.record_counts import count_records, lost
from components.ingest.record_files import files_of_split
from components.ingest.report import MAX_CONFLICTS, Conflicts, Duplicate, IngestReport, LongCells, Quarantined
from components.wording import natural_key

COUNTS, DUPLICATES, CONFLICTS, QUARANTINED, LONG = "counts", "duplicates", "conflicts", "quarantined", "long"
PACKED = "packed"
FOUND, BYTES, SHARDS, TAKEN_OUT, COMPARED = "found", "bytes", "shards", "taken out", "compared"

MAX_GROUPS = 1000
"""Groups of duplicates in a report; those that leak from train to another split come first."""


def result_line(kind: str, value: object) -> str:
    """Returns one line of the file of results.

    Args:
        kind: `COUNTS`, with ((split, label), count), below 0 for what is taken out again; `DUPLICATES`, `CONFLICTS`,
            `LONG` or `QUARANTINED`, with the fields of a `Duplicate`, of the `Conflicts` in a part of the records, of
            `LongCells`, or of a `Quarantined`; `PACKED`, with many of them, as `quarantine.packed` makes it;
            `FOUND`, with (records found, records left out by the split, parts of the input that were read to their
            end); `BYTES`, with (split, size of what was written); `SHARDS`, with the fields of a file that was written;
            `TAKEN_OUT`, with (file, SHA-256 of a photo that is to be taken out of it again); `COMPARED`, with (records
            among which copies were looked for, groups of duplicates that were found among them).
        value: As the kind says.
    """
    return json.dumps([kind, value])


def write_results(lines: beam.PCollection, path: str) -> None:
    """Has a pipeline write the lines of all workers into one file; none where there are no lines.

    Beam's own way to write one file takes a dozen stages more, and a tenth of a second.
    """
    _ = (
        lines
        | "Together" >> beam.WithKeys(None)
        | "Gather" >> beam.GroupByKey()
        | "WriteResults" >> beam.MapTuple(lambda _, gathered: _write_lines(gathered, path))
    )


def results_of(kind: str, path: str) -> list[Any]:
    """Returns the values of a kind.

    Args:
        kind: As in `result_line`.
        path: The file of results that the pipeline wrote.
    """
    return [value for each, value in _lines(path) if each == kind]


def read_results(
    path: str, *, found: int = 0, quarantined: Sequence[Quarantined] = ()
) -> tuple[IngestReport, Quarantine]:
    """Returns the report and everything that is quarantined, by place.

    Args:
        path: The file of results that the pipeline wrote.
        found: Records that were found before the pipeline ran; those it found itself are added.
        quarantined: What was quarantined before the pipeline ran.
    """
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    duplicates: list[Duplicate] = []
    conflicts: list[Conflicts] = []
    long: list[LongCells] = []
    aside = Quarantine()
    aside.add(quarantined)
    unused = 0
    for kind, value in _lines(path):
        if kind == COUNTS:
            (split, label), count = value
            counts[split][label] += count
        elif kind == DUPLICATES:
            duplicates.append(Duplicate.model_validate(value))
        elif kind == CONFLICTS:
            conflicts.append(Conflicts.model_validate(value))
        elif kind == LONG:
            long.append(LongCells.model_validate(value))
        elif kind == QUARANTINED:
            aside.add([Quarantined.model_validate(value)])
        elif kind == PACKED:
            aside.add(unpacked(value))
        elif kind == FOUND:
            found += value[0]
            unused += value[1]
    report = IngestReport(
        found=found,
        counts={split: dict(sorted((+labels).items())) for split, labels in counts.items()},
        quarantined=aside.count,
        hidden=aside.hidden,
        unused=unused,
        broken=aside.broken,
        first_quarantined=aside.first,
        duplicates=worst_first(duplicates),
        conflicts=_all_conflicts(conflicts) if conflicts else None,
        long_cells=strays(long),
    )
    return report, aside


def worst_first(groups: Iterable[Duplicate]) -> tuple[Duplicate, ...]:
    """Returns at most `MAX_GROUPS` groups: leaks from train to test, then other leaks, then differing labels."""

    def rank(group: Duplicate) -> tuple[bool, bool, tuple[str, ...]]:
        return not {"train", "test"} <= set(group.splits), len(group.splits) < 2, group.places

    return tuple(sorted(groups, key=rank)[:MAX_GROUPS])


def _all_conflicts(parts: Sequence[Conflicts]) -> Conflicts:
    first = sorted((group for part in parts for group in part.first), key=_first_place)
    return Conflicts(
        groups=sum(part.groups for part in parts),
        records=sum(part.records for part in parts),
        outvoted=sum(part.outvoted for part in parts),
        share=min(part.share for part in parts),
        quarantined=any(part.quarantined for part in parts),
        first=tuple(first[:MAX_CONFLICTS]),
    )


def _first_place(group: Duplicate) -> list[str]:
    return min(natural_key(place.partition(": ")[2]) for place in group.places)


def check_parts(path: str, planned: int) -> None:
    """Compares the parts of the input that were read to their end with those that were to be read.

    The number of planned parts never went through Beam: this finds work that a runner lost or did twice.

    Args:
        path: The file of results that the pipeline wrote.
        planned: Parts to be read.

    Raises:
        TransferlineError: They differ.
    """
    read = sum(value[2] for kind, value in _lines(path) if kind == FOUND)
    if read != planned:
        raise lost(f"{read} of {planned} parts of the input were read", path)


def check_compared(path: str, records: int) -> None:
    """Compares the records among which copies were looked for with those that were written, and what came of it.

    A record that is lost on the way to the comparison is stored all the same; but its copies in other splits wouldn't
    be told.

    Args:
        path: The file of results that the pipeline wrote.
        records: Those that were written.

    Raises:
        TransferlineError: They differ.
    """
    compared = results_of(COMPARED, path)
    if (seen := sum(among for among, _ in compared)) != records:
        raise lost(f"{records} written, copies looked for among {seen}", path)
    check_arrived(path, DUPLICATES, sum(groups for _, groups in compared))


def check_arrived(path: str, kind: str, made: int) -> None:
    """Compares how many results of a kind have arrived with how many there must be.

    Args:
        path: The file of results that the pipeline wrote.
        kind: As in `result_line`.
        made: So many.

    Raises:
        TransferlineError: They differ.
    """
    if (arrived := len(results_of(kind, path))) != made:
        raise lost(f"{made} results of {kind} were made, {arrived} arrived", path)


def check_columns(columns: Mapping[str, Mapping[str, int]], written: Mapping[str, int], place: str) -> None:
    """Compares the records that were counted in each column with those that were written.

    Args:
        columns: What was counted, by column and split.
        written: Records by split.
        place: What to name in the error.

    Raises:
        TransferlineError: They differ.
    """
    for name, counted in columns.items():
        for split, records in counted.items():
            if records != written[split]:
                raise lost(f"{written[split]} written for {split}, {records} counted in the column {name}", place)


def check_sizes(path: str, split_folders: Mapping[str, str]) -> None:
    """Compares the bytes on disk with those that were written.

    This finds pieces that were lost or doubled without reading them again.

    Args:
        path: The file of results that the pipeline wrote.
        split_folders: The folder of each split.

    Raises:
        TransferlineError: They differ.
    """
    written = dict.fromkeys(split_folders, 0)
    for kind, value in _lines(path):
        if kind == BYTES:
            written[value[0]] += value[1]
    for split, folder in split_folders.items():
        # A split without records has a file nevertheless, which is an empty gzip member.
        try:
            files = files_of_split(folder)
        except TransferlineError as error:
            raise lost(
                f"{written[split]:,} bytes were written for {split}, not all of its files are stored", folder
            ) from error
        sizes = (tf.io.gfile.stat(file).length for file in files)
        stored = sum(sizes) if written[split] or count_records(folder) else 0
        if stored != written[split]:
            raise lost(f"{written[split]:,} bytes were written for {split}, {stored:,} are stored", folder)


def _write_lines(lines: Iterable[str], path: str) -> None:
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        for line in lines:
            file.write(f"{line}\n")


def _lines(path: str) -> Iterator[tuple[str, Any]]:
    if not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path) as file:
        for line in file:
            kind, value = json.loads(line)
            yield kind, value
