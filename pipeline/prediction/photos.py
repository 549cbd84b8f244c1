"""Gives photos to a model, prepared as ImageExampleGen does it."""

from collections.abc import Iterable, Iterator, Sequence

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.folders import PHOTOS_PER_SOURCE, PhotoFile, RemotePhotoFiles
from components.image_example_gen.photos import RejectedPhotoError, read_photo
from components.image_example_gen.records import PhotoRecord, PhotoSource, RawPhoto
from components.ingest import storage
from components.ingest.file_names import is_hidden
from components.ingest.report import Quarantined
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.results import Prediction, prediction

BATCH = 32


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
    """Yields what the model says of each photo, and what the source says it is, batch by batch.

    Args:
        sources: Where the photos are, and what can't be read of them.
        data: The pipeline's settings: bounds on the size of photos.
        model: The model.
    """
    batch: list[RawPhoto] = []
    for photo in _photos(sources, data):
        if isinstance(photo, Quarantined):
            yield [photo]
            continue
        batch.append(photo)
        if len(batch) == BATCH:
            yield _predicted(batch, model)
            batch = []
    if batch:
        yield _predicted(batch, model)


def _predicted(batch: list[RawPhoto], model: PushedModel) -> list[Prediction | Quarantined]:
    scores = model.of_photos([photo.content for photo in batch])
    return [
        prediction(photo.target.name, None, each, model.class_names, photo.target.label)
        for photo, each in zip(batch, scores, strict=True)
    ]


def _photos(sources: Iterable[PhotoSource | Quarantined], data: ImageData) -> Iterator[RawPhoto | Quarantined]:
    """Yields each photo as it would be stored."""
    for source in sources:
        if isinstance(source, Quarantined):
            yield source
            continue
        for raw in source.read():
            if isinstance(raw, Quarantined):
                yield raw
                continue
            try:
                photo = read_photo(raw.content, data.longest_side, data.max_pixels)
            except RejectedPhotoError as error:
                yield Quarantined(place=raw.target.name, reason=error.reason)
            else:
                yield RawPhoto(raw.target, photo.content)


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
        yield RemotePhotoFiles(tuple(photos[start : start + PHOTOS_PER_SOURCE]))
