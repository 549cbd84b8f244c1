"""Writes a file whole or not at all."""

import fcntl
import secrets
from contextlib import suppress
from pathlib import Path

SUFFIX = ".partial"


def write_whole(path: Path, text: str) -> None:
    """Replaces a file, or makes it; until all is written it is what it was, whoever else writes it meanwhile.

    Args:
        path: The file; its folder is made where there is none.
        text: All that is to be in it.

    Raises:
        OSError: It can't be written; nothing is left of it then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        with partial.open("x", encoding="utf-8") as file:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            file.write(text)
            file.flush()
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_partial(folder: Path, name: str = "*") -> list[Path]:
    """Removes what was left of files that were being written as their process was killed.

    Args:
        folder: Their folder. What somebody is at work on is locked, and stays.
        name: The file's name.

    Returns:
        What was removed.
    """
    return [path for path in sorted(folder.glob(f"{name}.????????{SUFFIX}")) if _removed(path)]


def _removed(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:  # it is locked, or just gone; else only in the way
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    return not path.exists()
