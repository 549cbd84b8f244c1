"""Pushes an earlier version again, by the same rule as any push: the highest number is the one that is served."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from pydantic import ValidationError

from components.errors import TransferlineError
from components.pusher.publish import publish
from components.pusher.versions import SAVED_MODEL_FILE, is_same_model, next_version, versions
from components.settings import Settings
from pipeline.config import PipelineConfig
from pipeline.runs.lock import held

RECORDS_FILE = "rollbacks.jsonl"


class Rollback(Settings):
    """One rollback.

    Attributes:
        time: When, in UTC.
        from_version: The version that was the newest until then.
        to_version: The earlier version that was asked for.
        pushed_as: The new version, a copy of it.
        model_uri: The folder of the new version.
    """

    time: str
    from_version: int
    to_version: int
    pushed_as: int
    model_uri: str


def roll_back(
    config: PipelineConfig, version: str, *, wait: bool = False, tell: Callable[[str], None] | None = None
) -> Rollback:
    """Copies a version to a new, higher number, and records it in the pipeline's folder.

    Args:
        config: The pipeline.
        version: The number of an earlier version.
        wait: Whether to wait for who else is at work on the pipeline.
        tell: Takes a sentence on who is waited for.

    Raises:
        TransferlineError: Somebody else is at work on the pipeline, and isn't to be waited for; there is no such
            version, it isn't whole, or it is what is served already.
    """
    if "://" in config.output_dir:
        raise TransferlineError(
            "Only pushes to a local folder can be rolled back from here.",
            place=config.pushed_dir,
            cure="Copy the version's folder to a higher number with the tool of the place where it is.",
        )
    _chosen(config, version)  # a folder that nothing was pushed to gets no lock
    with held(config.home, "rollback", wait=wait, tell=tell):
        earlier, newest = _chosen(config, version)
        pushed_as = publish(
            os.path.join(config.pushed_dir, str(earlier)), config.pushed_dir, next_version(config.pushed_dir)
        )
        done = Rollback(
            time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            from_version=newest,
            to_version=earlier,
            pushed_as=int(pushed_as),
            model_uri=os.path.join(config.pushed_dir, pushed_as),
        )
        with (Path(config.home) / RECORDS_FILE).open("a", encoding="utf-8") as file:
            file.write(done.model_dump_json() + "\n")
        return done


def rollbacks(home: str) -> list[Rollback]:
    """Returns the rollbacks of a pipeline, the oldest first.

    Args:
        home: The pipeline's folder.
    """
    file = Path(home) / RECORDS_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return list(_read(lines))


def _read(lines: Iterable[str]) -> Iterator[Rollback]:
    for line in lines:
        with suppress(ValidationError):  # of a line that a full disk cut
            yield Rollback.model_validate_json(line)


def _chosen(config: PipelineConfig, version: str) -> tuple[int, int]:
    """Returns the version that is meant, and the newest."""
    there = versions(config.pushed_dir)
    if not there:
        raise TransferlineError(
            "Nothing was pushed yet.", place=config.pushed_dir, cure="Run it first with `transferline run`."
        )
    newest = os.path.join(config.pushed_dir, str(there[0]))
    others = _others(config.pushed_dir, there, newest)
    cure = f"Use one of {', '.join(map(str, others))}." if others else "There is no other to go back to."
    if not version.isdecimal() or int(version) not in there:
        raise TransferlineError(f"There is no version '{version}'.", place=config.pushed_dir, cure=cure)
    chosen = os.path.join(config.pushed_dir, str(int(version)))
    if not _is_whole(chosen):
        raise TransferlineError(
            f"The version {version} isn't whole: it has no {SAVED_MODEL_FILE}.", place=chosen, cure=cure
        )
    if int(version) not in others:
        raise TransferlineError(f"The version {version} is what is served already.", place=newest, cure=cure)
    return int(version), there[0]


def _others(pushed_dir: str, there: list[int], newest: str) -> list[int]:
    """Returns the versions that could be gone back to: not what is served, under whatever number, and whole."""
    folders = {number: os.path.join(pushed_dir, str(number)) for number in there}
    return [
        number
        for number, folder in folders.items()
        if folder != newest and _is_whole(folder) and not is_same_model(folder, newest)
    ]


def _is_whole(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, SAVED_MODEL_FILE))
