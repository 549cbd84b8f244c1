"""Traces the model that is served, or another, back to the data it was made of and to who asked for it."""

import os

from components.pusher.versions import version_number
from components.report.run_view import Origin
from pipeline.config import PipelineConfig
from pipeline.metadata.history import History
from pipeline.metadata.lineage import last_pushed, lineage
from pipeline.runs.home import catalog_files
from pipeline.runs.record import RunStore
from pipeline.runs.rollbacks import Rollback
from pipeline.runs.served import Versions


def origins(config: PipelineConfig, history: History, model: str = "") -> list[Origin]:
    """Returns what led to a model, the model first, then the data, and the catalog file last.

    Args:
        config: The pipeline.
        history: All its executions.
        model: A version's number or folder, or the URI of an artifact; the version that is served, if "".

    Raises:
        TransferlineError: There is no such model.
    """
    pushed = Versions(config)
    name = model or str(pushed.served or last_pushed(history))
    copies = []
    while rollback := pushed.copied(_number(config, name)):
        copies.append(_copy(rollback))
        name = str(rollback.to_version)
    found = lineage(history, name)
    return [*copies, *found, *catalog_files(found, RunStore(config.home).runs())]


def _number(config: PipelineConfig, name: str) -> int:
    """The version that a number or a folder names; 0 of anything else."""
    folder, number = os.path.split(os.path.normpath(name))
    is_version = folder in ("", os.path.normpath(config.pushed_dir))
    return (version_number(number) if is_version else None) or 0


def _copy(rollback: Rollback) -> Origin:
    return Origin(
        name="rollback: pushed_model",
        uri=rollback.model_uri,
        made=rollback.day,
        details=f"copy of version {rollback.to_version}, in place of version {rollback.from_version}",
    )
