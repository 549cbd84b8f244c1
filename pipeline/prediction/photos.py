"""Gives photos to a model, prepared as ImageExampleGen does it."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.folders import PHOTOS_PER_SOURCE, PhotoFile, PhotoFiles
from components.image_example_gen.photos import RejectedPhotoError, read_photo
from components.image_example_gen.records import PhotoRecord, PhotoSource, RawPhoto, size_of
from components.ingest import storage
from components.ingest.file_names import is_hidden
from components.ingest.report import Quarantined
from components.ingest.side_by_side import in_order
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, prediction

BATCH = 32
BATCHES_AT_ONCE = 2
"""While one is decoded, which leaves cores idle, the other goes through the network."""


def predict_photos(
    paths: Sequence[str], data: ImageData, model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    """Yields what the model says of each photo, batch by batch; what can't be read comes with its reason.

    Args:
        paths: Photos, and folders of them.
        data: The pipeline's settings: bounds on the size of photos.
        model: The model.
    """
    yield from predict_sources(_files(paths), data, model)


def predict_sources(
    sources: Iterable[PhotoSource | Quarantined], data: ImageData, model: PushedModel
) -> Iterator[list[Prediction | Quarantined]]:
    """Yields what the model says of each photo, and what the source says it is, batch by batch, in order.

    Photos are read and checked while others go through the model.

    Args:
        sources: Where the photos are, and what can't be read of them.
        data: The pipeline's settings: bounds on the size of photos.
        model: The model.
    """
    with ThreadPoolExecutor() as readers, ThreadPoolExecutor(BATCHES_AT_ONCE) as callers:
        photos = in_order(readers, partial(_checked, data=data), _raw(sources), ahead=BATCH, size_of=size_of)
        yield from in_order(callers, partial(_predicted, model=model), _batches(photos), ahead=BATCHES_AT_ONCE)


def _raw(sources: Iterable[PhotoSource | Quarantined]) -> Iterator[RawPhoto | Quarantined]:
    for source in sources:
        if isinstance(source, Quarantined):
            yield source
        else:
            yield from source.read()


def _checked(raw: RawPhoto | Quarantined, data: ImageData) -> RawPhoto | Quarantined:
    """Returns a photo as it would be stored."""
    if isinstance(raw, Quarantined):
        return raw
    try:
        photo = read_photo(raw.content, data.longest_side, data.max_pixels)
    except RejectedPhotoError as error:
        return Quarantined(place=raw.target.name, reason=error.reason)
    return RawPhoto(raw.target, photo.content)


def _batches(photos: Iterator[RawPhoto | Quarantined]) -> Iterator[list[RawPhoto | Quarantined]]:
    while batch := list(islice(photos, BATCH)):
        yield batch


def _predicted(batch: list[RawPhoto | Quarantined], model: PushedModel) -> list[Prediction | Quarantined]:
    photos = [each.content for each in batch if isinstance(each, RawPhoto)]
    scores = iter(model.of_photos(photos) if photos else ())
    return [
        each
        if isinstance(each, Quarantined)
        else prediction(
            each.target.name,
            None,
            next(scores),
            model.class_names,
            each.target.label,
            answering=model.answering,
        )
        for each in batch
    ]


def _files(paths: Sequence[str]) -> Iterator[PhotoSource | Quarantined]:
    """Yields the files, and all that aren't hidden in folders; those of a remote folder many at once."""
    for path in paths:
        if not storage.is_folder(path):
            yield PhotoFile(path, PhotoRecord(path, ""))
            continue
        try:
            yield from _files_in(path)
        except TransferlineError as error:
            yield Quarantined(place=error.place or path, reason=error.cause)


def _files_in(folder: str) -> Iterator[PhotoSource | Quarantined]:
    photos: list[PhotoFile] = []
    for node in storage.walk(folder):
        name = storage.join(folder, node.name)
        if node.is_folder or any(is_hidden(part) for part in node.name.split("/")):
            continue
        if node.fault:
            yield Quarantined(place=name, reason=node.fault)
        elif storage.is_local(folder):
            yield PhotoFile(name, PhotoRecord(name, ""))
        else:
            photos.append(PhotoFile(name, PhotoRecord(name, "")))
    for start in range(0, len(photos), PHOTOS_PER_SOURCE):
        yield PhotoFiles(tuple(photos[start : start + PHOTOS_PER_SOURCE]))
