"""Pushes an earlier version again, by the same rule as any push: the highest number is the one that is served."""

import os
from collections.abc import Callable
from datetime import datetime, timezone

from components.errors import TransferlineError
from components.pusher.model_files import SAVED_MODEL_FILE
from components.pusher.publish import publish
from components.pusher.versions import is_same_model, next_version, version_number, versions
from pipeline.config import PipelineConfig
from pipeline.runs.lock import held
from pipeline.runs.record import RunStore
from pipeline.runs.rollbacks import Rollback, forget_unpublished, keep_rollbacks, rollbacks
from pipeline.runs.room import writes_for
from pipeline.runs.served import Versions, check_pushed, version_of


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
            version, it isn't whole, it isn't what was pushed, or it is what is served already.
    """
    if "://" in config.output_dir:
        raise TransferlineError(
            "Only pushes to a local folder can be rolled back from here.",
            place=config.pushed_dir,
            cure="Copy the version's folder to a higher number with the tool of the place where it is.",
        )
    _chosen(config, version)  # a folder that nothing was pushed to gets no lock
    with writes_for(config.home), held(config.home, "rollback", wait=wait, tell=tell):
        forget_unpublished(config.home, config.pushed_dir)
        earlier, newest = _chosen(config, version)
        folder = os.path.join(config.pushed_dir, str(earlier))
        check_pushed(config, folder)
        done = _planned(config, earlier, newest)
        before = rollbacks(config.home)
        # First: a push that no record has would be taken for a run's. With the lock nobody takes the number meanwhile.
        keep_rollbacks(config.home, [*before, done])
        try:
            publish(folder, config.pushed_dir, str(done.pushed_as))
        except BaseException:
            keep_rollbacks(config.home, before)
            raise
        return done


def _planned(config: PipelineConfig, earlier: int, newest: int) -> Rollback:
    number = next_version(config.pushed_dir)
    pushed, runs = Versions(config), RunStore(config.home).runs()
    maker = next((run for run in runs if version_of(run) == pushed.origin(newest)), None)
    return Rollback(
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        from_version=newest,
        to_version=earlier,
        pushed_as=int(number),
        model_uri=os.path.join(config.pushed_dir, number),
        from_model=pushed.digest(newest, runs),
        from_state=maker.state if maker else "",
    )


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
    number = version_number(version)
    if number is None or number not in there:
        raise TransferlineError(f"There is no version '{version}'.", place=config.pushed_dir, cure=cure)
    chosen = os.path.join(config.pushed_dir, version)
    if not _is_whole(chosen):
        raise TransferlineError(
            f"The version {version} isn't whole: it has no {SAVED_MODEL_FILE}.", place=chosen, cure=cure
        )
    if number not in others:
        raise TransferlineError(f"The version {version} is what is served already.", place=newest, cure=cure)
    return number, there[0]


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
