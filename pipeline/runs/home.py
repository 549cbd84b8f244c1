"""Remembers which catalog file a folder of runs belongs to, so that pipelines of one name don't share one."""

import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from components.errors import TransferlineError
from components.report.run_view import Origin
from components.settings import Settings
from pipeline.config import PipelineConfig
from pipeline.config.file import built_in_name
from pipeline.config.pipeline import BUILT_IN
from pipeline.runs.record import RunRecord
from pipeline.runs.whole_file import write_whole

MARKER = "pipeline.json"
SHOWN_DIGITS = 16


class Owner(Settings):
    """The pipeline that a folder of runs is of.

    Attributes:
        file: Its catalog file.
        built_in: Its name, where it is one of those that come along: then any installation has it.
    """

    file: str
    built_in: str = ""

    @property
    def is_there(self) -> bool:
        """Whether there is still such a pipeline."""
        return os.path.isfile(self.file) or bool(self.built_in and (BUILT_IN / f"{self.built_in}.py").is_file())

    def __str__(self) -> str:
        return f"the built-in pipeline '{self.built_in}'" if self.built_in else self.file

    def is_same(self, other: "Owner") -> bool:
        """Returns whether two are one pipeline."""
        if self.built_in or other.built_in:
            return self.built_in == other.built_in
        return os.path.realpath(self.file) == os.path.realpath(other.file)


def owner_in(home: str) -> Owner | None:
    """Returns the pipeline that a folder of runs is of; None where none is known, as in folders of before.

    Args:
        home: The folder; a remote one isn't looked into.

    Raises:
        TransferlineError: What is kept of it can't be read.
    """
    marker = Path(home) / MARKER
    if "://" in home or not marker.is_file():
        return None
    try:
        return Owner.model_validate_json(marker.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise TransferlineError(
            "What is kept of whose folder this is can't be read.", place=str(marker), cure="Remove the file."
        ) from error


def refuse_another(config: PipelineConfig) -> str:
    """Refuses the folder of another pipeline of the same name.

    Args:
        config: With the file that it was read from; settings that come from elsewhere are refused nothing.

    Returns:
        What to tell of a folder whose pipeline isn't there any more, as after its file was moved; "" of any other.

    Raises:
        TransferlineError: The folder is of another pipeline, which is still there.
    """
    owner = owner_in(config.home)
    if owner is None or not config.file or owner.is_same(_owner(config)):
        return ""
    if not owner.is_there:
        return f"{config.home} was of {owner}, which isn't there any more: it is taken as that of {config.file}."
    raise TransferlineError(
        f"This folder has the runs of another pipeline of the name '{config.name}': {owner}.",
        place=config.home,
        cure=f"Give another folder with --output-dir, or another name to {_owner(config)}.",
    )


def claim(config: PipelineConfig) -> None:
    """Keeps in a pipeline's folder which file it is of.

    Raises:
        TransferlineError: The folder is of another pipeline.
    """
    refuse_another(config)
    if not config.file or "://" in config.output_dir or owner_in(config.home) == _owner(config):
        return
    write_whole(Path(config.home) / MARKER, _owner(config).model_dump_json(indent=2))


def catalog_files(origins: Iterable[Origin], records: Iterable[RunRecord]) -> list[Origin]:
    """Returns the catalog files, each as it was then, of the runs that made some artifacts.

    Args:
        origins: The artifacts.
        records: All runs of the pipeline.
    """
    made = {origin.run_id for origin in origins}
    found: dict[tuple[str, str], Origin] = {}
    for record in sorted(records, key=lambda each: each.run_id):
        if record.run_id in made and record.file:
            origin = Origin(
                name="catalog file",
                uri=record.file,
                run_id=record.run_id,
                details=f"sha256 {record.file_sha256[:SHOWN_DIGITS]}",
            )
            found.setdefault((record.file, record.file_sha256), origin)
    return list(found.values())


def _owner(config: PipelineConfig) -> Owner:
    return Owner(file=config.file, built_in=built_in_name(config.file))
