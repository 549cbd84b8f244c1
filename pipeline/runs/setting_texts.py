"""Says of a run's settings which differ from their default, and which command sets them again."""

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from components.errors import TransferlineError
from pipeline.config import PipelineConfig
from pipeline.config.file import built_in_name, load_file
from pipeline.config.overrides import flattened
from pipeline.config.pipeline import default_output_dir
from pipeline.data.sources import with_data
from pipeline.runs.record import RunRecord
from pipeline.source_fingerprint import file_fingerprint

OPTIONS = {"data.path": "--data-dir", "output_dir": "--output-dir"}


def setting_text(value: object) -> str:
    """Returns a setting's value as it is shown."""
    return "None" if value is None else value if isinstance(value, str) else json.dumps(value)


def own_settings(config: PipelineConfig, record: RunRecord) -> tuple[str, ...]:
    """Returns the dotted keys of a run's settings that differ from their default; none where these aren't today's.

    Args:
        config: The pipeline, of today.
        record: The run.
    """
    try:
        used = type(config).model_validate(record.config)
    except ValidationError:
        return ()
    return tuple(flattened(used.model_dump(mode="json", exclude_defaults=True)))


def command_of(record: RunRecord) -> str:
    """Returns the command that runs a pipeline with the settings of a run; "" where its file has changed since."""
    if not record.config or not os.path.isfile(record.file) or file_fingerprint(record.file) != record.file_sha256:
        return ""
    try:
        plain = with_data(load_file(Path(record.file)))
        used = type(plain).model_validate(record.config)  # with the defaults of what is new since then
    except (TransferlineError, ValidationError):
        return ""
    arguments = _arguments(plain.model_dump(mode="json"), used.model_dump(mode="json"))
    return shlex.join(["transferline", "run", built_in_name(record.file) or record.file, *arguments])


def predictions_command(record: RunRecord) -> str:
    """Returns the command that writes what the model of a run predicts of its test; "" where its file isn't known."""
    return report_command(record, "--predictions", "predictions.csv")


def report_command(record: RunRecord, *more: str) -> str:
    """Returns the command that draws the report of a run, with further arguments; "" where its file isn't known."""
    if not record.file:
        return ""
    folder = record.config.get("output_dir", "")
    where = () if folder in ("", default_output_dir()) else ("--output-dir", folder)
    name = built_in_name(record.file) or record.file
    return shlex.join(["transferline", "report", name, "--run", record.run_id, *where, *more])


def _arguments(plain: Mapping[str, object], used: Mapping[str, object]) -> Iterator[str]:
    for key, value in _differing(plain, used):
        text = "none" if value is None else setting_text(value)
        yield from (OPTIONS[key], text) if key in OPTIONS else ("--set", f"{key}={text}")


def _differing(
    plain: Mapping[str, object], used: Mapping[str, object], before: str = ""
) -> Iterator[tuple[str, object]]:
    """Yields what is to be set, as --set takes it: a list, or a mapping with other keys, as a whole."""
    for key, value in used.items():
        own = plain.get(key)
        if isinstance(value, dict) and isinstance(own, dict) and value.keys() == own.keys():
            yield from _differing(own, value, f"{before}{key}.")
        elif value != own:
            yield f"{before}{key}", value
