"""Puts a model into a numbered folder that somebody may be serving from: whole, and no number for two models.

On a disk the copy is made beside, under a name that no server reads as a version, and renamed, which replaces nothing.

Each version gets a seal, see `components.pusher.seal`.

An object store has no folders to rename. There a number is claimed by a file that only one can create, and the file
without which no server loads a model comes last. Who died in the middle and is tried again finds its claim, and fills
the same folder; who finds another's takes the next number.
"""

import errno
import hashlib
import os
import tempfile

from components.ingest import storage
from components.pusher.copying import copy_model
from components.pusher.model_files import FINGERPRINT_FILE, SAVED_MODEL_FILE, files_of
from components.pusher.seal import seal_of, write_seal
from components.pusher.versions import is_same_model, newest_version, version_number, versions

UNFINISHED = ".pushing-"
"""So begins what isn't a version yet: a folder on a disk, a claim in an object store."""

CLAIM_BYTES = 1000


def publish(model_path: str, base_directory: str, version: str) -> str:
    """Copies a model to a version, unless it is that model already.

    Args:
        model_path: The folder of a SavedModel.
        base_directory: The folder of the versions, local or remote.
        version: The number that it is to have; the next one that is free if another model has it.

    Returns:
        The number that it has.

    Raises:
        OSError: It can't be read or written.
        TransferlineError: It isn't what its seal says, where it has one; it can't be read or written, on gs://.
    """
    there = is_same_model(os.path.join(base_directory, version), model_path)
    if storage.is_local(base_directory):
        return version if there else _publish_on_disk(model_path, base_directory, int(version))
    if not there or version not in map(str, versions(base_directory)):
        return _publish_remotely(model_path, base_directory, int(version))
    storage.remove(_claim_file(base_directory, int(version)))  # of a push that died with its last file
    return version


def _publish_on_disk(model_path: str, base_directory: str, number: int) -> str:
    os.makedirs(base_directory, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base_directory, prefix=UNFINISHED) as partial:
        copy = os.path.join(partial, "model")
        write_seal(seal_of(model_path), copy)
        copy_model(model_path, copy)
        while not _renamed(copy, os.path.join(base_directory, str(number))):
            number += 1
    return str(number)


def _renamed(folder: str, name: str) -> bool:
    """Renames a folder, unless there is one of that name with something in it."""
    try:
        os.rename(folder, name)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _publish_remotely(model_path: str, base_directory: str, number: int) -> str:
    identity = _identity(model_path)
    number = _begun(base_directory, identity) or _claim(base_directory, number, identity)
    write_seal(seal_of(model_path), f"{base_directory}/{number}")  # before the file that makes it a version
    copy_model(model_path, f"{base_directory}/{number}")
    storage.remove(_claim_file(base_directory, number))
    return str(number)


def _begun(base_directory: str, identity: bytes) -> int:
    """Returns the number that this model claimed before and hasn't filled; 0 if there is none that would be served."""
    newest = int(os.path.basename(newest_version(base_directory)) or 0)
    names = [name.removeprefix(UNFINISHED) for name in storage.names_in(base_directory) if name.startswith(UNFINISHED)]
    numbers = [number for number in map(version_number, names) if number and number > newest]
    return max((number for number in numbers if _claimant(base_directory, number) == identity), default=0)


def _claim(base_directory: str, number: int, identity: bytes) -> int:
    """Returns the first number from this one on that no other model has or will have."""
    while True:
        claim = _claim_file(base_directory, number)
        if not storage.create(claim, identity):
            # An answer that was lost lets the client try again, and find what it wrote itself.
            if _claimant(base_directory, number) == identity:
                return number
        elif storage.is_folder(f"{base_directory}/{number}"):  # whoever filled it has given up its claim
            storage.remove(claim)
        else:
            return number
        number += 1


def _claimant(base_directory: str, number: int) -> bytes:
    try:
        return storage.read_file(_claim_file(base_directory, number), CLAIM_BYTES)
    except FileNotFoundError:
        return b""


def _claim_file(base_directory: str, number: int) -> str:
    return f"{base_directory}/{UNFINISHED}{number}"


def _identity(model_path: str) -> bytes:
    """Returns what tells this model from others: the same each time that a push of it is tried."""
    files = files_of(model_path)
    digest = hashlib.sha256()
    for name, stamp in sorted(files.items()):
        digest.update(f"{name}\0{storage.size_in(stamp)}\0".encode())
    told_apart_by = FINGERPRINT_FILE if FINGERPRINT_FILE in files else SAVED_MODEL_FILE
    with storage.open_file(os.path.join(model_path, told_apart_by)) as file:
        digest.update(file.read())
    return digest.hexdigest().encode()
