"""Removes what interrupted runs of a pipeline left, as the next one begins: nobody else is at work on it then."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from components import partial
from components.cache_folder import cache_folder
from components.ingest.record_files import TEMPORARY
from components.pusher.publish import UNFINISHED
from pipeline.config import PipelineConfig
from pipeline.metadata.connection import has_metadata, opened
from pipeline.metadata.unfinished import Unfinished, close, unfinished
from pipeline.runs.page_files import remove_partial_overviews
from pipeline.runs.record import RunStore
from pipeline.runs.whole_file import remove_partial

OF_TFX = ".system"
WORKING_DIRS = "stateful_working_dir"


def tidy_files(config: PipelineConfig) -> list[str]:
    """Removes half files, half pushes and what workers of Beam left in artifacts.

    Args:
        config: The pipeline, whose lock is held.

    Returns:
        What was removed.
    """
    home = Path(config.home)
    removed = [*remove_partial(home), *remove_partial_overviews(Path(config.output_dir))]
    for folder in (home / "runs", home / "reports"):
        removed += remove_partial(folder)
    removed += [path for path in sorted(Path(config.pushed_dir).glob(f"{UNFINISHED}*")) if _remove(path)]
    # Workers of Beam that lost their step may have begun files after it ended.
    temporary = sorted(Path(config.artifacts_dir).glob(f"*/*/*/Split-*/{TEMPORARY}*"))
    removed += [path for path in temporary if _remove(path)]
    with suppress(OSError):  # a user without a home has no cache, and may not need one
        for folder in (cache_folder(), *sorted(cache_folder().glob("*/"))):
            removed += partial.remove_dead(folder)
    return list(map(str, removed))


def tidy_executions(config: PipelineConfig, run_id: str) -> Iterator[str]:
    """Closes the executions that interrupted runs left running, and removes what these were writing.

    Only runs that this folder has a record of are looked at: a server's database has others', which may be at work.

    Args:
        config: The pipeline, whose lock is held.
        run_id: The run that begins.

    Yields:
        What was closed, and what was removed.

    Raises:
        TransferlineError: The database can't be opened.
    """
    broken = list(_broken_runs(RunStore(config.home), run_id))
    if not broken or not has_metadata(config):
        return
    with opened(config) as store:
        left = [each for run in broken for each in unfinished(store, config.name, run)]
        for each in left:
            yield f"execution {each.number} of {each.node} in the run {each.run_id}"
            yield from map(str, filter(_remove, _written_by(each, Path(config.artifacts_dir))))
        close(store, left)  # last: the next run looks again at what isn't closed


def _broken_runs(store: RunStore, run_id: str) -> Iterator[str]:
    """The runs that failed since one came to its end, which tidied what was before it."""
    for record in store.newest_first():
        if record.status in ("pushed", "not_blessed"):
            return
        if record.run_id != run_id:
            yield record.run_id


def _written_by(execution: Unfinished, artifacts: Path) -> Sequence[Path]:
    """The folders that TFX made for an execution."""
    node = artifacts / execution.node
    return [
        *sorted(node.glob(f"*/{execution.number}")),
        *sorted((node / OF_TFX).glob(f"*/{execution.number}")),
        *sorted((node / OF_TFX / WORKING_DIRS).glob("*")),
    ]


def _remove(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return not os.path.lexists(path)
