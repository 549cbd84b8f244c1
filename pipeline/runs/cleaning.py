"""Frees the disk of what old runs left in a pipeline's folder."""

import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from components.errors import TransferlineError
from components.pusher.publish import UNFINISHED
from components.pusher.versions import version_number, versions
from components.room import folder_error
from components.settings import Settings
from components.trainer.transfer_learning.store_files import TENSOR
from pipeline.config import PipelineConfig
from pipeline.metadata.history import Artifact, History, find_history
from pipeline.runs.in_use import Kept, kept, stored_features, unused
from pipeline.runs.lock import LOCK_FILE
from pipeline.runs.record import TIME_OF_ID, RunRecord, RunStore
from pipeline.runs.room import folders_of

Scope = Literal["old", "cache", "everything"]
"""old: what no kept run made or uses; cache: that, all artifacts with their metadata, all checkpoints, and all that is
stored of photos; everything: the folder."""

BY_RUN = ("runs", "logs", "reports")
"""The folders whose files begin with the ID of their run."""

PUSHED = "pushed"
"""The folder of the versions."""

TEMPORARY = ".system/*_execution/*"
"""Where the executions of a component had their temporary files, below its folder."""

_RUN_ID = re.compile(r"(\d{8}T\d{6}-\d+)(?!\d)")


class Size(Settings):
    """How much room something takes.

    Attributes:
        path: The file or folder.
        bytes: Its size, with all that is in it.
    """

    path: str
    bytes: int


class Kind(Settings):
    """How much room one kind of things takes, such as artifacts.

    Attributes:
        name: What lies right in the pipeline's folder.
        bytes: Its size, with all that is in it, before.
        freed: What goes of it.
    """

    name: str
    bytes: int
    freed: int


class Cleaning(Settings):
    """What is in a pipeline's folder, and what of it goes.

    Attributes:
        home: The pipeline's folder.
        contents: Everything right in it.
        removed: What goes, or went.
        needs_no_metadata: How many of these, from the first on, are no artifacts, or are known as deleted already.
        forgotten: Numbers of the artifacts that ML Metadata is to know as deleted.
        done: Whether it went.
    """

    home: str
    contents: tuple[Size, ...]
    removed: tuple[Size, ...]
    needs_no_metadata: int = 0
    forgotten: tuple[int, ...] = ()
    done: bool = False

    @property
    def freed(self) -> int:
        """Bytes of what goes."""
        return sum(size.bytes for size in self.removed)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """How much each thing right in the folder takes, and how much of it goes."""
        freed: Counter[str] = Counter()
        for size in self.removed:
            inside = Path(size.path).relative_to(self.home).parts
            freed[inside[0] if inside else ""] += size.bytes
        return tuple(
            Kind(name=name, bytes=size.bytes, freed=size.bytes if "" in freed else freed[name])
            for size in self.contents
            for name in [os.path.basename(size.path)]
        )


def plan(config: PipelineConfig, keep: int, scope: Scope) -> Cleaning:
    """Looks up what there is and what would go; removes nothing.

    Args:
        config: The pipeline.
        keep: How many of the newest runs, and of the newest pushed versions, stay.
        scope: How much goes.

    Raises:
        TransferlineError: The folder isn't a local one that runs were kept in, or its metadata can't be read.
    """
    check_has_runs(config)
    home = Path(config.home)
    others, artifacts, forgotten = ([], [home], []) if scope == "everything" else _going(config, keep, scope)
    return Cleaning(
        home=config.home,
        contents=tuple(_size(path) for path in sorted(home.iterdir())),
        removed=tuple(_size(path) for path in (*others, *artifacts)),
        needs_no_metadata=len(others),
        forgotten=tuple(forgotten),
    )


def check_has_runs(config: PipelineConfig) -> None:
    """Checks that there is something to clean.

    Raises:
        TransferlineError: The pipeline's folder isn't a local one that runs were kept in.
    """
    if "://" in config.output_dir or not (Path(config.home) / "runs").is_dir():
        raise TransferlineError(
            f"There is no local folder of runs of '{config.name}'.",
            place=config.home,
            cure="Give the folder of its runs with --output-dir.",
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


@contextmanager
def makes_room_in(config: PipelineConfig, scope: Scope) -> Iterator[None]:
    """Says of a folder that can't be written to why, and what helps where this doesn't.

    Args:
        config: The pipeline.
        scope: How much goes.

    Raises:
        FolderError: In place of the error of the system, or of ML Metadata.
    """
    home, *others = folders_of(config.home)
    without_metadata = ", or with --cache, which needs none" if scope == "old" else ""
    try:
        yield
    except Exception as error:  # ML Metadata's is no error of the system
        if refused := folder_error(error, (home._replace(how=f" by hand{without_metadata}"), *others)):
            raise refused from error
        raise


def carry_out(planned: Cleaning, forget: Callable[[], None]) -> Cleaning:
    """Removes what a plan says, in its order.

    Args:
        planned: The plan.
        forget: Has ML Metadata forget the artifacts among it. It is called before the first of them goes: one that is
            left of an interruption is only in the way. But what needs no metadata goes before, since a full disk
            takes none.

    Raises:
        TransferlineError: Something of it leads out of the pipeline's folder; nothing was removed then.
        OSError: Something can't be removed.
    """
    check_within(planned)
    home = Path(planned.home)
    paths = [Path(size.path) for size in planned.removed]
    for path in paths[: planned.needs_no_metadata]:
        _remove(path)
    forget()
    for path in paths[planned.needs_no_metadata :]:
        if path == home:
            _remove_home(home)
        else:
            _remove(path)
    return planned.model_copy(update={"done": True})


def _remove_home(home: Path) -> None:
    """Removes a folder whose lock is held: the lock last, since who waits for it goes on as soon as it isn't there."""
    for number in reversed(versions(str(home / PUSHED))):  # the one that is served last
        _remove(home / PUSHED / str(number))
    for path in home.iterdir():
        if path.name != LOCK_FILE:
            _remove(path)
    (home / LOCK_FILE).unlink(missing_ok=True)
    with suppress(OSError):  # it has a lock again, and is somebody else's
        home.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        is_version = path.parent.name == PUSHED and version_number(path.name)
        shutil.rmtree(_withdrawn(path) if is_version else path)
    else:
        path.unlink(missing_ok=True)


def _withdrawn(version: Path) -> Path:
    """Renames a version, so that all of it is gone at once: half of one could be loaded, or be gone back to.

    What is left of it after an interruption is removed as the next run begins.
    """
    name = version.with_name(f"{UNFINISHED}{version.name}")
    if name.exists():
        shutil.rmtree(name)
    return version.rename(name)


def _going(config: PipelineConfig, keep: int, scope: Scope) -> tuple[list[Path], list[Path], list[int]]:
    """Returns what goes: what needs no metadata, the artifacts, and the numbers that ML Metadata has of these."""
    records = RunStore(config.home).runs()
    history = (find_history(config) if scope == "old" else None) or History([])
    stay = kept(config, records, history, keep)
    of_runs = _of_old_runs(config, records[:keep], stay)
    if scope == "cache":
        return of_runs, _all_artifacts(config), []
    since = _began(records[:keep][-1]) if records else 0.0
    others = [
        *of_runs,
        *_old_checkpoints(config, since),
        *_old_features(config, stored_features(history, stay.runs), since),
        *sorted(Path(config.artifacts_dir).glob(f"*/{TEMPORARY}")),
    ]
    artifacts = unused(config, history, stay.runs)
    # Those that are known as deleted are there where a `clean` was interrupted.
    known, live = ([each for each in artifacts if each.deleted is deleted] for deleted in (True, False))
    return [*others, *_folders_of(known)], _folders_of(live), [artifact.number for artifact in live]


def _folders_of(artifacts: Sequence[Artifact]) -> list[Path]:
    return [path for path in (Path(artifact.uri) for artifact in artifacts) if path.exists()]


def _all_artifacts(config: PipelineConfig) -> list[Path]:
    # The metadata first: without them artifacts are only in the way, and without artifacts they would lie.
    metadata = sorted(Path(config.home).glob(f"{Path(config.metadata_path).name}*"))
    folders = map(Path, (config.artifacts_dir, config.features_dir, config.checkpoints_dir))
    return [*metadata, *(folder for folder in folders if folder.exists())]


def _old_checkpoints(config: PipelineConfig, since: float) -> list[Path]:
    """Those of runs that don't stay; a training that comes to its end removes its own."""
    return [path for path in _folders(config.checkpoints_dir) if _changed(path) < since]


def _old_features(config: PipelineConfig, needed: set[str], since: float) -> list[Path]:
    """What is stored of photos, and neither a run that stays was trained on nor one that came to no end."""
    folders = [path for path in _folders(config.features_dir) if str(path) not in needed]
    return [path for path in folders if _changed(path / TENSOR if (path / TENSOR).is_file() else path) < since]


def _of_old_runs(config: PipelineConfig, newest: Sequence[RunRecord], stay: Kept) -> list[Path]:
    files = (file for folder in BY_RUN for file in sorted((Path(config.home) / folder).glob("*")))
    pushed = Path(config.pushed_dir)
    return [
        *(file for file in files if _is_old(file.name, newest, stay)),
        *(pushed / str(number) for number in reversed(versions(config.pushed_dir)) if number not in stay.versions),
        *sorted(pushed.glob(f"{UNFINISHED}*")),
    ]


def _is_old(name: str, newest: Sequence[RunRecord], stay: Kept) -> bool:
    """Whether a file is of a run before the newest ones that doesn't stay for another reason."""
    run = _RUN_ID.match(name)
    return bool(run and newest and run.group(1) < newest[-1].run_id and run.group(1) not in stay.runs)


def _folders(folder: str) -> list[Path]:
    return sorted(path for path in Path(folder).glob("*") if path.is_dir())


def _changed(path: Path) -> float:
    """Seconds since 1970 at which something right in a folder changed last, or a file did."""
    inside = [Path(path, name) for name in _names(path)]
    return max((status.st_mtime for status in map(_status, (path, *inside)) if status), default=time.time())


def _began(record: RunRecord) -> float:
    """Seconds since 1970 at which a run began; 0 where its ID doesn't say."""
    try:
        began = datetime.strptime(record.run_id.partition("-")[0], TIME_OF_ID)
    except ValueError:
        return 0.0
    return began.replace(tzinfo=timezone.utc).timestamp()


def _size(path: Path) -> Size:
    files = [path] if path.is_symlink() or not path.is_dir() else _files_below(path)
    return Size(path=str(path), bytes=sum(status.st_size for status in map(_status, files) if status))


def _status(path: Path) -> os.stat_result | None:
    """What the system says of a file; None of one that a run has just removed."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _names(folder: Path) -> list[str]:
    """What is right in a folder; nothing in one that a run has just removed, and in a file."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files_below(folder: Path) -> Iterator[Path]:
    for below, _, names in os.walk(folder):
        yield from (Path(below) / name for name in names)
