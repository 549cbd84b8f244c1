"""Checks whether these settings can run on this machine."""

from collections.abc import Iterator
from pathlib import Path

from components.errors import TransferlineError
from pipeline.checks.finding import Finding, of_error, warning
from pipeline.config import PipelineConfig
from pipeline.config.file import built_in_name
from pipeline.config.pipeline import require_local
from pipeline.lookup.module_names import is_module
from pipeline.runs.home import refuse_another


def check_here(config: PipelineConfig) -> Iterator[Finding]:
    """Looks whether a run would be refused at once, or as a script hide a library."""
    for refused in (require_local, refuse_another):
        try:
            refused(config)
        except TransferlineError as error:
            yield of_error("place", error)
    file = Path(config.file)
    if config.file and not built_in_name(file) and is_module(file.stem, file.parent):
        text = f"{file} has the name of a library's module, and hides it when run as a script, as by tfx."
        yield warning("file", text, f"Give it another name, such as my_{file.name}.")
