"""Lists all pipelines that a name finds, with their last runs; it runs nobody's file."""

import os
from collections.abc import Iterator

from components.errors import TransferlineError
from components.settings import Settings
from pipeline.config import default_output_dir
from pipeline.config.file import built_in_name
from pipeline.config.outline import Kind, outline
from pipeline.lookup.files import PipelineFile, all_files
from pipeline.runs.home import Owner, owner_in
from pipeline.runs.record import RunStore


class Listed(Settings):
    """One file that a name finds, or would find.

    Attributes:
        name: The name.
        file: The file.
        found_in: Which folder has it.
        taken: Whether the name finds this file, and not another one.
        hidden_by: The file that the name finds instead.
        kind: "photos" or "rows"; "" where the source doesn't tell.
        last_run: The ID of its newest run; "" where it has none.
        status: How that ended.
        fault: Why the file holds no pipeline, or what keeps its name from finding it; "" if all is well.
    """

    name: str
    file: str
    found_in: str
    taken: bool = True
    hidden_by: str = ""
    kind: Kind = ""
    last_run: str = ""
    status: str = ""
    fault: str = ""


def listing(output_dir: str) -> list[Listed]:
    """Returns all pipelines, by name; those that are hidden after the one that hides them.

    Args:
        output_dir: Where their folders are; "" for each one's own.
    """
    return [listed for file in all_files() for listed in _of_name(file, output_dir)]


def _of_name(file: PipelineFile, output_dir: str) -> Iterator[Listed]:
    yield _listed(file, output_dir)
    for other in file.hidden:
        yield _listed(other, output_dir, hidden_by=str(file.path))


def _listed(file: PipelineFile, output_dir: str, hidden_by: str = "") -> Listed:
    source = outline(file.path)
    listed = Listed(
        name=file.name,
        file=str(file.path),
        found_in=file.origin,
        taken=not hidden_by,
        hidden_by=hidden_by,
        kind=source.kind,
        fault=source.fault,
    )
    if source.fault:
        return listed
    if source.name not in ("", file.name):
        return listed.model_copy(update={"fault": f"its pipeline has the name '{source.name}'"})
    home = os.path.join(output_dir or source.output_dir or default_output_dir(), file.name)
    return listed if "://" in home else listed.model_copy(update=_runs(listed, os.path.expanduser(home)))


def _runs(listed: Listed, home: str) -> dict[str, str]:
    """What the folder of its name says of this very file."""
    mine = Owner(file=listed.file, built_in=built_in_name(listed.file))
    try:
        owner = owner_in(home) or mine
    except TransferlineError as error:
        return {"fault": error.cause}
    if owner.is_there and not owner.is_same(mine):
        return {"fault": f"{home} has the runs of {owner}"} if listed.taken else {}
    if not listed.taken and owner is mine:
        return {}  # a folder of before, which says nothing
    last = RunStore(home).last()
    return {"last_run": last.run_id, "status": last.status} if last else {}
