"""Photos through a model, prepared as ImageExampleGen does it."""

from collections.abc import Iterator, Sequence

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.folders import PhotoFile
from components.image_example_gen.photos import RejectedPhotoError, read_photo
from components.image_example_gen.records import Raw, Target
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
    names: list[str] = []
    batch: list[bytes] = []
    for photo in _photos(paths, data):
        if isinstance(photo, Quarantined):
            yield [photo]
            continue
        names.append(photo.target.name)
        batch.append(photo.content)
        if len(batch) == BATCH:
            yield _predicted(names, batch, model)
            names, batch = [], []
    if batch:
        yield _predicted(names, batch, model)


def _predicted(names: list[str], batch: list[bytes], model: PushedModel) -> list[Prediction | Quarantined]:
    scores = model.of_photos(batch)
    return [prediction(name, None, each, model.class_names) for name, each in zip(names, scores, strict=True)]


def _photos(paths: Sequence[str], data: ImageData) -> Iterator[Raw | Quarantined]:
    """Yields each photo as it would be stored."""
    for file in _files(paths):
        if isinstance(file, Quarantined):
            yield file
            continue
        for raw in file.read():
            if isinstance(raw, Quarantined):
                yield raw
                continue
            try:
                photo = read_photo(raw.content, data.longest_side, data.max_pixels)
            except RejectedPhotoError as error:
                yield Quarantined(place=raw.target.name, reason=error.reason)
            else:
                yield Raw(raw.target, photo.content)


def _files(paths: Sequence[str]) -> Iterator[PhotoFile | Quarantined]:
    """Yields the files, and all that aren't hidden in folders."""
    for path in paths:
        if not storage.is_folder(path):
            yield PhotoFile(path, Target(path, ""))
            continue
        try:
            for node in storage.walk(path):
                name = storage.join(path, node.name)
                if node.is_folder or any(is_hidden(part) for part in node.name.split("/")):
                    continue
                yield Quarantined(place=name, reason=node.fault) if node.fault else PhotoFile(name, Target(name, ""))
        except TransferlineError as error:
            yield Quarantined(place=error.place or path, reason=error.cause)
