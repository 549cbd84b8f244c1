"""Frees the disk of what old runs left in a pipeline's folder."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from components.errors import TransferlineError
from components.pusher.publish import UNFINISHED
from components.pusher.versions import versions
from components.settings import Settings
from pipeline.config import PipelineConfig
from pipeline.runs.lock import LOCK_FILE
from pipeline.runs.record import RunRecord, RunStore

Scope = Literal["old", "cache", "everything"]
"""old: of old runs, old versions, and checkpoints that no run goes on from; cache: that, all artifacts with their
metadata, and what is stored of photos; everything: the folder."""

BY_RUN = ("runs", "logs", "reports")
"""The folders whose files begin with the ID of their run."""

_RUN_ID = re.compile(r"(\d{8}T\d{6}-\d+)(?!\d)")


class Size(Settings):
    """How much room something takes.

    Attributes:
        path: The file or folder.
        bytes: Its size, with all that is in it.
    """

    path: str
    bytes: int


class Cleaning(Settings):
    """What is in a pipeline's folder, and what of it goes.

    Attributes:
        home: The pipeline's folder.
        contents: Everything right in it.
        removed: What goes, or went.
        done: Whether it went.
    """

    home: str
    contents: tuple[Size, ...]
    removed: tuple[Size, ...]
    done: bool = False

    @property
    def freed(self) -> int:
        """Bytes of what goes."""
        return sum(size.bytes for size in self.removed)


def plan(config: PipelineConfig, keep: int, scope: Scope) -> Cleaning:
    """Looks up what there is and what would go; removes nothing.

    Args:
        config: The pipeline.
        keep: How many of the newest runs, and of the newest pushed versions, stay.
        scope: How much goes.

    Raises:
        TransferlineError: The folder isn't a local one that runs were kept in.
    """
    home = Path(config.home)
    if "://" in config.output_dir or not (home / "runs").is_dir():
        raise TransferlineError(
            f"There is no local folder of runs of '{config.name}'.",
            place=config.home,
            cure="Give the folder of its runs with --output-dir.",
        )
    records = RunStore(config.home).runs()
    going = [home] if scope == "everything" else list(_going(config, records, keep, scope))
    return Cleaning(
        home=config.home,
        contents=tuple(_size(path) for path in sorted(home.iterdir())),
        removed=tuple(_size(path) for path in going),
    )


def check_within(planned: Cleaning) -> None:
    """Checks that a plan removes nothing outside of the pipeline's folder.

    Raises:
        TransferlineError: Something of it leads out.
    """
    home = Path(planned.home).resolve()
    for path in (Path(size.path) for size in planned.removed):
        if not path.resolve().is_relative_to(home):
            raise TransferlineError(
                "What is to be removed leads out of the pipeline's folder: nothing was removed.",
                place=str(path),
                cure="Remove the link yourself.",
            )


def carry_out(planned: Cleaning) -> Cleaning:
    """Removes what a plan says, in its order.

    Raises:
        TransferlineError: Something of it leads out of the pipeline's folder; nothing was removed then.
        OSError: Something can't be removed.
    """
    check_within(planned)
    home = Path(planned.home)
    for path in (Path(size.path) for size in planned.removed):
        if path == home:
            _remove_home(home)
        else:
            _remove(path)
    return planned.model_copy(update={"done": True})


def _remove_home(home: Path) -> None:
    """Removes a folder whose lock is held: the lock last, since who waits for it goes on as soon as it isn't there."""
    for path in home.iterdir():
        if path.name != LOCK_FILE:
            _remove(path)
    (home / LOCK_FILE).unlink(missing_ok=True)
    with suppress(OSError):  # it has a lock again, and is somebody else's
        home.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _going(config: PipelineConfig, records: Sequence[RunRecord], keep: int, scope: Scope) -> Iterator[Path]:
    home = Path(config.home)
    if scope == "cache":
        # The metadata first: without them artifacts are only in the way, and without artifacts they would lie.
        yield from sorted(home.glob(f"{Path(config.metadata_path).name}*"))
        yield from [path for path in [Path(config.artifacts_dir), Path(config.features_dir)] if path.exists()]
    if scope == "cache" or (records and records[0].status != "failed"):
        # Else the next run may go on from them.
        yield from [path for path in [Path(config.checkpoints_dir)] if path.exists()]
    for folder in BY_RUN:
        yield from [path for path in sorted((home / folder).glob("*")) if _is_old(path.name, records, keep)]
    pushed = Path(config.pushed_dir)
    yield from [pushed / str(number) for number in reversed(versions(config.pushed_dir)[keep:])]
    yield from sorted(pushed.glob(f"{UNFINISHED}*"))


def _is_old(name: str, records: Sequence[RunRecord], keep: int) -> bool:
    """Whether a file is of a run before the newest ones, but for the last one that was pushed: it is what is served."""
    run = _RUN_ID.match(name)
    if run is None or not records:
        return False
    last_pushed = next((record.run_id for record in records if record.status == "pushed"), "")
    return run.group(1) < records[:keep][-1].run_id and run.group(1) != last_pushed


def _size(path: Path) -> Size:
    files = [path] if path.is_symlink() or not path.is_dir() else _files_below(path)
    return Size(path=str(path), bytes=sum(file.lstat().st_size for file in files))


def _files_below(folder: Path) -> Iterator[Path]:
    for below, _, names in os.walk(folder):
        yield from (Path(below) / name for name in names)
