"""Writes a file whole or not at all."""

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
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_partial(folder: Path, name: str = "*") -> list[Path]:
    """Removes what was left of files that were being written as their process was killed.

    Args:
        folder: Their folder, in which nobody else writes.
        name: The file's name.

    Returns:
        What was removed.
    """
    found = sorted(folder.glob(f"{name}.????????{SUFFIX}"))
    for path in found:
        with suppress(OSError):  # it is only in the way
            path.unlink()
    return found
