"""Pushes an earlier version again, by the same rule as any push: the highest number is the one that is served."""

import os
import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from components.errors import TransferlineError
from components.pusher.versions import is_same_model, next_version, versions
from components.settings import Settings
from pipeline.config import PipelineConfig

RECORDS_FILE = "rollbacks.jsonl"
SAVED_MODEL_FILE = "saved_model.pb"


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


def roll_back(config: PipelineConfig, version: str) -> Rollback:
    """Copies a version to a new, higher number, and records it in the pipeline's folder.

    Args:
        config: The pipeline.
        version: The number of an earlier version.

    Raises:
        TransferlineError: There is no such version, it isn't whole, or it is what is served already.
    """
    if "://" in config.output_dir:
        raise TransferlineError(
            "only pushes to a local folder can be rolled back from here",
            place=config.pushed_dir,
            cure="copy the version's folder to a higher number with the tool of the place where it is",
        )
    earlier, newest = _chosen(config, version)
    folder = _copy(config.pushed_dir, earlier)
    done = Rollback(
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        from_version=newest,
        to_version=earlier,
        pushed_as=int(folder.name),
        model_uri=str(folder),
    )
    with (Path(config.home) / RECORDS_FILE).open("a", encoding="utf-8") as file:
        file.write(done.model_dump_json() + "\n")
    return done


def _chosen(config: PipelineConfig, version: str) -> tuple[int, int]:
    """Returns the version that is meant, and the newest."""
    there = versions(config.pushed_dir)
    listed = ", ".join(map(str, there))
    if not version.isdigit() or int(version) not in there:
        raise TransferlineError(
            f"there is no version '{version}'" if there else "nothing was pushed yet",
            place=config.pushed_dir,
            cure=f"use one of {listed}" if there else f"transferline run {config.name}",
        )
    chosen, newest = (os.path.join(config.pushed_dir, str(number)) for number in (int(version), there[0]))
    if not os.path.isfile(os.path.join(chosen, SAVED_MODEL_FILE)):
        raise TransferlineError(
            f"the version {version} isn't whole: it has no {SAVED_MODEL_FILE}", place=chosen, cure="use another version"
        )
    if chosen == newest or is_same_model(chosen, newest):
        raise TransferlineError(
            f"the version {version} is what is served already",
            place=newest,
            cure=f"use another of {listed}" if len(there) > 1 else "there is no other to go back to",
        )
    return int(version), there[0]


def _copy(pushed_dir: str, version: int) -> Path:
    """Copies under a name that no server reads as a version, then renames, so that a version appears whole."""
    with tempfile.TemporaryDirectory(dir=pushed_dir, prefix=".pushing-") as partial:
        number = next_version(pushed_dir)
        copy = shutil.copytree(os.path.join(pushed_dir, str(version)), os.path.join(partial, number))
        return Path(copy).rename(os.path.join(pushed_dir, number))
