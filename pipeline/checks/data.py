"""Checks whether a pipeline's data is here, and looks at it if it is."""

from pathlib import Path
from urllib.parse import urlsplit

from typing_extensions import assert_never

from components.errors import TransferlineError
from pipeline.checks.finding import Finding, of_error, ok, warning
from pipeline.checks.look import Look
from pipeline.config import ImagePipeline, Pipeline, RowPipeline
from pipeline.config.sources import Download, Source
from pipeline.data.sources import source_path, with_data


def look_at_data(config: Pipeline) -> Look:
    """Looks at a pipeline's data, as far as it is here."""
    try:
        located = with_data(config)
    except TransferlineError as error:
        return Look((of_error("data", error),))
    path = located.data.path
    if "://" in path:
        text = f"{path} wasn't looked at: it is remote."
        return Look((warning("data", text, "The run looks at it; check a local part of it with --data-dir."),))
    if config.source is not None and path == str(source_path(config.source)) and not Path(path).exists():
        return Look((_not_here_yet(config.source),))
    match located:
        case ImagePipeline():
            from pipeline.checks.photos import look_at_photos  # noqa: PLC0415

            return look_at_photos(located.data, located.gate)
        case RowPipeline():
            from pipeline.checks.rows import look_at_rows  # noqa: PLC0415 (imports Arrow, which photos needn't wait for)

            return look_at_rows(located)
        case _:
            assert_never(located)


def _not_here_yet(source: Source) -> Finding:
    if not isinstance(source, Download):
        return ok("data", "Made by the first run")
    size = f", {source.size / 1e6:,.0f} MB" if source.size else ""
    text = f"It isn't here yet: the first run downloads {source.file_name} from {urlsplit(source.url).hostname}{size}."
    return warning("data", text, "Without a network, give the data with --data-dir.")
