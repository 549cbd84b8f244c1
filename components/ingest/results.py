"""The small file in which a Beam pipeline says what became of each record, and the report that is made of it."""

import json
import struct
from collections import Counter
from collections.abc import Iterable, Sequence

import tensorflow as tf

from components.contract import SPLITS
from components.ingest import storage
from components.ingest.file_names import HIDDEN
from components.ingest.gzip_stream import inflate
from components.ingest.outputs import RECORDS_SUFFIX
from components.ingest_report import SHOWN, Duplicate, IngestReport, Quarantined

COUNTS, DUPLICATES, QUARANTINED, FOUND = "counts", "duplicates", "quarantined", "found"

BROKEN = "the file is damaged or ends in the middle"
"""How the reason begins for which the end of a file is quarantined."""

BLANK = "blank line"
"""How the reason begins for which a line without anything in it is quarantined."""

MAX_GROUPS = 1000
"""Groups of duplicates in a report; those that leak from train to another split come first."""

LENGTH_BYTES, FRAME_BYTES = 8, 16


def result_line(kind: str, value: object) -> str:
    """Returns one line of the file of results.

    Args:
        kind: `COUNTS`, with ((split, label), count); `DUPLICATES` or `QUARANTINED`, with the fields of a `Duplicate` or
            a `Quarantined`; `FOUND`, with (records found, records left out by the split).
        value: As the kind says.
    """
    return json.dumps([kind, value])


def read_results(
    path: str, *, found: int = 0, quarantined: Sequence[Quarantined] = ()
) -> tuple[IngestReport, list[Quarantined]]:
    """Returns the report and everything that is quarantined, by place.

    Args:
        path: The file of results that the pipeline wrote.
        found: Records that were found before the pipeline ran; those it found itself are added.
        quarantined: What was quarantined before the pipeline ran.
    """
    counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    duplicates: list[Duplicate] = []
    aside = list(quarantined)
    unused = 0
    with tf.io.gfile.GFile(path) as file:
        for line in file:
            kind, value = json.loads(line)
            if kind == COUNTS:
                (split, label), count = value
                counts[split][label] += count
            elif kind == DUPLICATES:
                duplicates.append(Duplicate.model_validate(value))
            elif kind == QUARANTINED:
                aside.append(Quarantined.model_validate(value))
            else:
                found += value[0]
                unused += value[1]
    aside.sort(key=lambda item: (item.place, item.reason))
    hidden = [item for item in aside if item.reason.startswith((HIDDEN, BLANK))]
    meant = [item for item in aside if not item.reason.startswith((HIDDEN, BLANK))]
    report = IngestReport(
        found=found,
        counts={split: dict(sorted(labels.items())) for split, labels in counts.items()},
        quarantined=len(aside),
        hidden=len(hidden),
        unused=unused,
        broken=tuple(item for item in aside if item.reason.startswith(BROKEN))[:SHOWN],
        first_quarantined=tuple([*meant, *hidden][:SHOWN]),
        duplicates=worst_first(duplicates),
    )
    return report, aside


def worst_first(groups: Iterable[Duplicate]) -> tuple[Duplicate, ...]:
    """Returns at most `MAX_GROUPS` groups: leaks from train to test, then other leaks, then differing labels."""

    def rank(group: Duplicate) -> tuple[bool, bool, tuple[str, ...]]:
        return not {"train", "test"} <= set(group.splits), len(group.splits) < 2, group.places  # noqa: PLR2004 - two.

    return tuple(sorted(groups, key=rank)[:MAX_GROUPS])


def count_records(folder: str) -> int:
    """Returns how many records the TFRecord files of a split's folder hold."""
    return sum(map(_count, storage.glob(f"{folder}/*{RECORDS_SUFFIX}")))


def _count(path: str) -> int:
    """Goes from length to length; checksums are for those who read the records."""
    count, skip, rest = 0, 0, b""
    with storage.open_file(path) as opened:
        for chunk in inflate(opened):
            if skip >= len(chunk):
                skip -= len(chunk)
                continue
            data = rest + chunk[skip:]
            skip, at = 0, 0
            while at + LENGTH_BYTES <= len(data):
                at += struct.unpack_from("<Q", data, at)[0] + FRAME_BYTES
                count += 1
            rest = data[at:]
            skip = max(0, at - len(data))
    if rest or skip:
        raise EOFError(f"{path} ends within a record")
    return count
