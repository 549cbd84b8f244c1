"""Checks the folders that a run writes to: whether it may, and whether there is room for what comes of this data."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.filesize import decimal
from typing_extensions import assert_never

from components.cache_folder import cache
from components.errors import TransferlineError
from components.room import Folder, free_bytes, nearest_there, no_temporary
from components.trainer.transfer_learning.weights_cache import cache_names, cached
from pipeline.checks.finding import Finding, fault, ok, warning
from pipeline.checks.weights import imagenet_needed
from pipeline.config import DATA_DIR_VARIABLE, ImagePipeline, Pipeline, RowPipeline
from pipeline.config.sources import Download
from pipeline.data.sources import source_path, with_data

MODELS = 256 * 2**20
"""A base, its checkpoints, the model and its copies, pages and metadata: a small `digits` takes 100 MB at most."""

EXAMPLES = 2
"""Times the data's own bytes: photos are stored as they came, rows took 0.6 of a CSV file, which may be packed."""

VIEW_BYTES, VIEW_PIXELS = 22_000, 160**2
"""What is stored of a view of a photo, and of how many pixels that is measured (docs/training.md)."""

TEMPORARY = 256 * 2**20
SMALL, LARGEST_WEIGHTS = 2**20, 120 * 2**20


def room_needed(config: Pipeline) -> int:
    """Returns about how many bytes a run takes in the output folder, by the size of its data.

    Args:
        config: The pipeline; of data that isn't here, or is remote, nothing is counted but what is known.
    """
    size, files = _data(config)
    match config:
        case ImagePipeline():
            return MODELS + EXAMPLES * size + _stored(config, files)
        case RowPipeline():
            return MODELS + EXAMPLES * size
        case _:
            assert_never(config)


def check_cache(config: Pipeline) -> Iterator[Finding]:
    """Looks at the cache, if a run would write to it."""
    needed = _cached_bytes(config)
    if needed:
        yield _folder("cache", cache(), needed)


def check_temporary() -> Finding:
    """Looks at the folder of temporary files, which Beam and pip write to."""
    given = os.environ.get("TMPDIR", "")
    try:
        found = Path(tempfile.gettempdir())
    except FileNotFoundError:
        error = no_temporary()
        return fault("temporary", error.cause, error.cure)
    if given and Path(given).absolute() != found:
        return warning("temporary", f"{given} can't be written to: {found} is taken.", "Name another in TMPDIR.")
    free = free_bytes(found)
    if free < TEMPORARY:
        return warning("temporary", f"{decimal(free)} free at {found}.", "Make room there, or name another in TMPDIR.")
    return ok("temporary", f"{decimal(free)} free at {found}")


def _folder(subject: str, folder: Folder, needed: int) -> Finding:
    there = nearest_there(folder.path)
    elsewhere = f"{folder.elsewhere[0].upper()}{folder.elsewhere[1:]}."
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return fault(subject, f"{there} can't be written to, and the first run keeps data or weights there.", elsewhere)
    free = free_bytes(there)
    if free < needed:
        text = f"{decimal(free)} free at {folder.path}, and the first run keeps {decimal(needed)} there."
        return fault(subject, text, f"Make room there, or {folder.elsewhere}.")
    return ok(subject, f"{decimal(free)} free at {folder.path}")


def _cached_bytes(config: Pipeline) -> int:
    """About how many bytes the first run puts into the cache; 0 where it needs none of it."""
    needed = 0
    source, given = config.source, config.data.path or os.environ.get(DATA_DIR_VARIABLE, "")
    if source is not None and not given and not source_path(source).exists():
        needed += (isinstance(source, Download) and source.size) or SMALL
    if (found := imagenet_needed(config)) and not any(map(cached, cache_names(*found).values())):
        needed += found[0].weights.size or LARGEST_WEIGHTS
    return needed


def _data(config: Pipeline) -> tuple[int, int]:
    """Bytes and number of the data's files, as far as they are known."""
    try:
        path = with_data(config).data.path
    except TransferlineError:
        return 0, 0
    if "://" in path or not os.path.exists(path):
        return (config.source.size or 0 if isinstance(config.source, Download) else 0), 0
    sizes = [os.path.getsize(path)] if os.path.isfile(path) else list(_sizes(path))
    return sum(sizes), len(sizes)


def _sizes(folder: str) -> Iterator[int]:
    for below, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.lstat(os.path.join(below, name)).st_size
            except OSError:  # it has just gone
                continue


def _stored(config: ImagePipeline, photos: int) -> int:
    trainer = config.trainer
    if trainer.pretrained is None or trainer.views == "fresh":
        return 0
    size = VIEW_BYTES * config.transform.image_size**2 // VIEW_PIXELS
    return min(trainer.store_bytes, photos * trainer.views * size)
