"""Seals a pushed model: with the SHA-256 of every file, which whoever uses it compares with what is there.

A SavedModel is a program, and whoever may write into the folder of versions may put another one there. The seal tells
what was changed, cut off or added since the push; it is no signature. Who can write the folder can write the seal, too,
but not the record of the run that pushed the model, if that is kept from him.
"""

import hashlib
import io
import os
from collections.abc import Mapping

from pydantic import ValidationError

from components.errors import TransferlineError
from components.ingest import storage
from components.pusher.model_files import SEAL_FILE, files_of, is_left_behind
from components.settings import Settings

MAX_SEAL_BYTES = 2**20
READ_BYTES = 2**20
SHOWN = 3


class Seal(Settings):
    """What the files of a model were when it was pushed.

    Attributes:
        files: The SHA-256 of each, by its name relative to the model's folder.
    """

    files: dict[str, str]

    @property
    def digest(self) -> str:
        """Tells the model from all others, wherever its copies are."""
        lines = (f"{name}\0{digest}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def make_seal(folder: str) -> Seal:
    """Returns the seal of a model as it is now.

    Args:
        folder: The SavedModel's, local or remote.

    Raises:
        OSError: It can't be read.
    """
    return Seal(files={name: _sha256(os.path.join(folder, name)) for name in files_of(folder)})


def read_seal(folder: str) -> Seal | None:
    """Returns the seal beside a model; None where there is none, as in pushes of earlier releases.

    Raises:
        TransferlineError: It can't be understood.
    """
    path = os.path.join(folder, SEAL_FILE)
    try:
        return Seal.model_validate_json(storage.read_file(path, MAX_SEAL_BYTES))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise _broken("its seal can't be understood", folder) from error


def write_seal(seal: Seal, folder: str) -> None:
    """Puts a seal beside a model."""
    storage.upload(io.BytesIO(seal.model_dump_json(indent=1).encode()), os.path.join(folder, SEAL_FILE))


def seal_of(folder: str) -> Seal:
    """Returns the seal that a model has, once it was compared with the files; a new one where it has none.

    Raises:
        TransferlineError: It isn't what was sealed.
    """
    seal = read_seal(folder)
    if seal is None:
        return make_seal(folder)
    check_files(folder, seal.files)
    return seal


def check_seal(folder: str) -> None:
    """Compares a model with its seal, where it has one.

    Raises:
        TransferlineError: It isn't what was sealed.
    """
    if seal := read_seal(folder):
        check_files(folder, seal.files)


def check_files(folder: str, files: Mapping[str, str]) -> None:
    """Compares a model with what its files were.

    Args:
        folder: The SavedModel's.
        files: The SHA-256 of each by its name.

    Raises:
        TransferlineError: Something was changed, is missing or is more.
    """
    if fault := damage(folder, files):
        raise _broken(fault, folder)


def is_intact(folder: str) -> bool:
    """Returns whether a model is what its seal says; so is one that has no seal, of which nothing is known."""
    try:
        seal = read_seal(folder)
    except TransferlineError:
        return False
    return seal is None or not damage(folder, seal.files)


def damage(folder: str, files: Mapping[str, str]) -> str:
    """Returns in words what differs between a model and what its files were; "" where nothing does.

    Args:
        folder: The SavedModel's.
        files: The SHA-256 of each by its name.
    """
    there = make_seal(folder).files
    changed = [f"{name} is another" for name in sorted(files) if name in there and there[name] != files[name]]
    missing = [f"{name} is missing" for name in sorted(files) if name not in there and not is_left_behind(name)]
    more = [f"{name} wasn't there" for name in sorted(there) if name not in files]
    faults = [*missing, *changed, *more]
    rest = len(faults) - SHOWN
    return ", ".join(faults[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _broken(fault: str, folder: str) -> TransferlineError:
    return TransferlineError(
        f"The model isn't the one that was pushed: {fault}.",
        place=folder,
        cure="Find out who changed it: a model is a program. Serve another version with `transferline rollback`, or "
        "remove the folder and push the model again with `transferline run --force`.",
    )


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with storage.open_file(path) as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()
