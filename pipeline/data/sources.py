"""Where a pipeline's data comes from when no folder is given: a download, or data that a library ships."""

import hashlib
import os
from pathlib import Path

from typing_extensions import assert_never

from components.cache_folder import cache, cache_folder
from components.errors import TransferlineError
from components.partial import partial_folder
from components.room import Folder, folder_error
from pipeline.config import DATA_DIR_VARIABLE, Pipeline
from pipeline.config.sources import Download, EmbeddedDigits, HiggsToy, Source
from pipeline.data.download import check_kept, download

DIGEST_LENGTH = 12


def source_path(source: Source) -> Path:
    """Returns where a source's data is, or will be once `materialise` has run."""
    return cache_folder() / "data" / source_name(source)


def source_name(source: Source) -> str:
    """Returns the path of a source's data from the folder that has the data of all; no two share one."""
    match source:
        case EmbeddedDigits():
            return "digits"
        case HiggsToy():
            return f"higgs_toy-{source.rows}-{source.seed}.csv"
        case Download():
            # A folder, since the file's own name may say which split it is.
            return f"{hashlib.sha256(source.url.encode()).hexdigest()[:DIGEST_LENGTH]}/{source.file_name}"
        case _:
            assert_never(source)


def materialise(source: Source) -> Path:
    """Makes sure that a source's data is on disk, whole.

    Returns:
        The folder or file.

    Raises:
        TransferlineError: It can't be downloaded, or isn't what it should be.
    """
    path = source_path(source)
    if not path.exists():
        _write_into(cache(), source, path)
    if isinstance(source, Download):
        check_kept(source, path)
    return path


def write_to(source: Source, path: Path, folder: Folder | None = None) -> None:
    """Writes a source's data to a path, whole or not at all.

    Args:
        source: The source.
        path: Where its data goes.
        folder: A folder above it, with what to do where that can't be written to; None for the one that it is in.

    Raises:
        TransferlineError: There is something at the path, it can't be written, or the data can't be had.
    """
    if path.exists():
        raise TransferlineError("There is something already.", place=str(path), cure="Name another path, or remove it.")
    _write_into(folder or Folder(path.parent, "name another place"), source, path)


def _write_into(folder: Folder, source: Source, path: Path) -> None:
    """Writes a source's data, unless another process is quicker; says what to do where the folder can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(source, path)
    except OSError as error:
        if refused := folder_error(error, [folder]):
            raise refused from error
        raise


def _write(source: Source, path: Path) -> None:
    if isinstance(source, Download):
        download(source, path)
        return
    # Written beside and moved as a whole, so that nobody ever sees half of it.
    with partial_folder(path.parent) as partial:
        made = partial / path.name
        _make(source, made)
        _move_into_place(made, path)


def _make(source: EmbeddedDigits | HiggsToy, path: Path) -> None:
    match source:
        case EmbeddedDigits():
            _write_digits(path)
        case HiggsToy():
            from pipeline.data.higgs_toy import write_csv  # noqa: PLC0415 (a config check must not wait for Arrow)

            write_csv(path, source.rows, source.seed)


def _move_into_place(made: Path, path: Path) -> None:
    try:
        made.rename(path)
    except OSError:
        if not path.exists():  # otherwise another run was quicker, and its copy is as good
            raise


def _write_digits(folder: Path) -> None:
    from PIL import Image  # noqa: PLC0415 (a config check must not wait for these)
    from sklearn.datasets import load_digits  # noqa: PLC0415

    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        class_folder = folder / str(label)
        class_folder.mkdir(parents=True, exist_ok=True)
        # The scans have 17 grey levels, 0 to 16; ink is dark, as on paper.
        grey = (255 - pixels * (255 / 16)).round().astype("uint8")
        Image.fromarray(grey).save(class_folder / f"{number:04d}.png")


def with_data(config: Pipeline) -> Pipeline:
    """Returns the configuration with `data.path` as an absolute path: given, from the environment, or the source's.

    Raises:
        TransferlineError: There is no data to be had, or the path doesn't exist.
    """
    path = config.data.path or os.environ.get(DATA_DIR_VARIABLE, "")
    if not path and config.source is None:
        raise TransferlineError(
            f"The pipeline '{config.name}' has no data of its own.",
            cure=f"Give it with --data-dir, {DATA_DIR_VARIABLE} or data.path in the catalog file.",
        )
    if not path and config.source is not None:
        path = str(source_path(config.source))
    elif "://" not in path:
        path = str(Path(os.path.expanduser(path)).absolute())
    return config.model_copy(update={"data": config.data.model_copy(update={"path": path})})
