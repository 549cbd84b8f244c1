"""Checks the database of ML Metadata if it is on a server."""

from collections.abc import Iterator

from components.errors import TransferlineError
from pipeline.checks.finding import Finding, of_error, ok
from pipeline.config.metadata import Metadata
from pipeline.metadata.connection import check


def check_metadata(settings: Metadata) -> Iterator[Finding]:
    """Asks a server for an answer; a file of the pipeline's own is made by the first run."""
    if not settings.is_server:
        return
    try:
        check(settings)
    except TransferlineError as error:
        yield of_error("metadata", error)
    else:
        yield ok("metadata", settings.address)
