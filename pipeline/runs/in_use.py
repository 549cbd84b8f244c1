"""Tells which runs of a pipeline stay when old ones are cleaned away, and which artifacts those that stay need."""

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.pusher.versions import versions
from components.trainer.transfer_learning.store_files import FOLDERS
from pipeline.config import PipelineConfig
from pipeline.metadata.history import Artifact, History
from pipeline.metadata.lineage import PUSHED_TO
from pipeline.runs.record import RunRecord
from pipeline.runs.served import Versions, version_of


@dataclass(frozen=True)
class Kept:
    """What stays of a pipeline.

    Attributes:
        runs: IDs of the runs that stay: the newest, the last one that pushed, and those that made the versions that
            stay and the last blessed model.
        versions: Numbers of the pushed versions that stay: the newest, and those of the newest runs.
    """

    runs: frozenset[str]
    versions: frozenset[int]


def kept(config: PipelineConfig, records: Sequence[RunRecord], history: History, keep: int) -> Kept:
    """Returns what stays where so many of the newest runs, and of the newest versions, are to be kept.

    Args:
        config: The pipeline.
        records: All runs, the newest first.
        history: All executions.
        keep: How many.
    """
    there = versions(config.pushed_dir)
    newest = records[:keep]
    numbers = {*there[:keep], *(set(map(version_of, newest)) & set(there))} - {None}
    pushed = Versions(config)
    # What `rollback` copied is of the run that made the version it was copied from.
    made = {pushed.origin(number) for number in numbers if number is not None}
    last_pushed = [record for record in records if record.status == "pushed"][:1]
    makers = [record for record in records if version_of(record) in made]
    runs = {record.run_id for record in (*newest, *last_pushed, *makers)}
    return Kept(frozenset(runs | _makers(history, made)), frozenset(filter(None, numbers)))


def unused(config: PipelineConfig, history: History, runs: Collection[str]) -> list[Artifact]:
    """Returns the artifacts in a pipeline's folder that none of its runs that stay made or used, also from the cache.

    Args:
        config: The pipeline.
        history: All executions.
        runs: IDs of the runs that stay. Runs of the same name with another folder, in a database that both share, stay
            too.
    """
    root = os.path.join(config.artifacts_dir, "")
    by_run: dict[str, dict[int, Artifact]] = {}
    for execution in history.executions:
        by_run.setdefault(execution.run_id, {}).update({each.number: each for each in execution.artifacts})
    needed: set[int] = set()
    found: dict[int, Artifact] = {}
    for run_id, artifacts in by_run.items():
        if run_id in runs or not all(each.uri.startswith(root) for each in artifacts.values()):
            needed |= artifacts.keys()
        else:
            found |= artifacts
    return [artifact for number, artifact in sorted(found.items()) if number not in needed]


def stored_features(history: History, runs: Collection[str]) -> set[str]:
    """Returns the folders of what is stored of photos that the trainings of some runs used.

    Args:
        history: All executions.
        runs: IDs of the runs.
    """
    trained = [execution.output("model_run") for execution in history.executions if execution.run_id in runs]
    return {folder for model_run in trained if model_run for folder in _folders(Path(model_run.uri) / FOLDERS)}


def _makers(history: History, numbers: Collection[int]) -> set[str]:
    """The runs that made versions, and the one that made the last blessed model: also those without a record."""
    outputs = [
        output for execution in history.executions for output in map(execution.output, ("pushed_model", "blessing"))
    ]
    there = {output.number: output for output in outputs if output and not output.deleted}
    names = set(map(str, numbers))
    pushed = [each for each in there.values() if os.path.basename(each.properties.get(PUSHED_TO, "")) in names]
    blessed = [each for number, each in sorted(there.items()) if each.properties.get("blessed") == "1"][-1:]
    return {maker.run_id for maker in map(history.maker, (*pushed, *blessed)) if maker}


def _folders(file: Path) -> list[str]:
    try:
        return [os.path.normpath(folder) for folder in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError):  # of rows, and of releases that stored nothing
        return []
