"""Finds every photo, whatever the layout of the data."""

import hashlib
from enum import Enum

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.folders import list_folder
from components.image_example_gen.manifest import list_manifest, photo_paths
from components.image_example_gen.names import PHOTO_NAME, TFRECORD_NAME
from components.image_example_gen.records import Listing
from components.image_example_gen.tars import list_tar
from components.image_example_gen.tfrecord_names import tfrecord_names, top_of
from components.image_example_gen.zips import list_zip
from components.ingest import storage
from components.ingest.file_names import is_hidden
from components.wording import printable

EXPECTED = (
    "Set data.path to a folder with one folder of photos for each class; or one with the folders train, validation "
    "and test, each with a folder for each class; a manifest .csv with the columns path and label; a .zip or .tar.gz "
    "of such folders; or TFRecords of tf.Example."
)


class PhotoLayout(Enum):
    """The kinds of data that are understood."""

    FOLDERS = "folders"
    MANIFEST = "manifest"
    ZIP = "zip"
    TAR = "tar"
    TFRECORDS = "tfrecords"


def recognise(path: str) -> PhotoLayout:
    """Returns the kind of data that a path leads to.

    Raises:
        TransferlineError: There is nothing at the path, or nothing that is understood.
    """
    if not path:
        raise TransferlineError("No data is named: data.path is empty.", cure=EXPECTED)
    if not storage.exists(path):
        if any(sign in path for sign in "*?[") and storage.glob(path):
            return PhotoLayout.TFRECORDS
        raise TransferlineError("There is no such file or folder.", place=printable(path), cure=EXPECTED)
    if storage.is_folder(path):
        return PhotoLayout.TFRECORDS if _holds_tfrecords(path) else PhotoLayout.FOLDERS
    name = path.lower()
    if name.endswith(".csv"):
        return PhotoLayout.MANIFEST
    if name.endswith(".zip"):
        return PhotoLayout.ZIP
    if name.endswith((".tar.gz", ".tgz")):
        return PhotoLayout.TAR
    if TFRECORD_NAME.search(path):
        return PhotoLayout.TFRECORDS
    raise TransferlineError("The file is of no kind that holds photos.", place=printable(path), cure=EXPECTED)


def list_photos(data: ImageData) -> Listing:
    """Finds every photo.

    Raises:
        TransferlineError: The data can't be read as a whole, or there is nothing.
    """
    layout = recognise(data.path)
    level, column = _grouped_by(data.split.group, layout)
    take_outside = data.outside == "take"
    match layout:
        case PhotoLayout.FOLDERS:
            listing = list_folder(data.path, data.class_aliases, level, take_outside=take_outside)
        case PhotoLayout.MANIFEST:
            listing = list_manifest(data.path, data.split.by, data.class_aliases, column, take_outside=take_outside)
        case PhotoLayout.ZIP:
            listing = list_zip(data.path, data.class_aliases, data.archive, level)
        case PhotoLayout.TAR:
            listing = list_tar(data.path, data.class_aliases, data.archive, level)
        case PhotoLayout.TFRECORDS:
            from components.image_example_gen.tfrecords import list_tfrecords  # noqa: PLC0415 (imports TensorFlow)

            listing = list_tfrecords(data.path, data.features, data.class_aliases, data.archive, column)
    if not listing.found:
        raise TransferlineError("There are no files.", place=printable(data.path), cure=EXPECTED)
    return listing


def _grouped_by(group: int | str, layout: PhotoLayout) -> tuple[int, str]:
    """Returns the level of a folder or 0, and the name of a column or feature or "".

    Raises:
        TransferlineError: The layout has no such thing.
    """
    has_columns = layout in (PhotoLayout.MANIFEST, PhotoLayout.TFRECORDS)
    if not group or isinstance(group, str) == has_columns:
        return (0, group) if isinstance(group, str) else (group, "")
    kind = "column of the manifest" if layout is PhotoLayout.MANIFEST else "feature of the examples"
    raise TransferlineError(
        f"The photos are to be grouped by {printable(str(group))!r}, which is no "
        + (f"{kind}." if has_columns else "level of a folder."),
        place="data.split.group",
        cure=f"Name a {kind}." if has_columns else "Give a number: 1 is the first folder below that of the class.",
    )


def fingerprint(path: str) -> str:
    """Returns a digest that changes whenever a file of the data is added, removed, renamed or changed.

    It is made of names, sizes and times of change, or checksums where a listing has them; no file is read but the
    manifest.

    Raises:
        TransferlineError: As `list_photos`, as far as it shows without reading.
    """
    digest = hashlib.sha256()
    for name, stamp in _stamps(path, recognise(path)):
        digest.update(f"{len(name)}:{name}\0{stamp}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _stamps(path: str, layout: PhotoLayout) -> list[tuple[str, str]]:
    if layout is PhotoLayout.FOLDERS:
        return [(node.name, node.fault or node.stamp) for node in storage.walk(path)]
    if layout is PhotoLayout.TFRECORDS:
        top = top_of(path)
        files = [storage.join(top, name) for name, _ in tfrecord_names(path)]
    elif layout is PhotoLayout.MANIFEST:
        files = [path, *photo_paths(path)]
    else:
        files = [path]
    return list(zip(files, storage.stamps_of(files), strict=True))


def _holds_tfrecords(folder: str) -> bool:
    """Returns whether the first file that is named like a photo or like a TFRecord is a TFRecord."""
    for node in storage.walk(folder):
        if node.is_folder or any(is_hidden(part) for part in node.name.split("/")):
            continue
        if PHOTO_NAME.search(node.name):
            return False
        if TFRECORD_NAME.search(node.name):
            return True
    return False
