"""Whether a run of these settings can be one on this machine."""

from collections.abc import Iterator

from components.errors import TransferlineError
from pipeline.checks.finding import Finding, of_error
from pipeline.config import PipelineConfig
from pipeline.config.pipeline import refuse_elsewhere
from pipeline.runs.home import refuse_another


def check_here(config: PipelineConfig) -> Iterator[Finding]:
    """Looks whether a run would be refused at once."""
    for refused in (refuse_elsewhere, refuse_another):
        try:
            refused(config)
        except TransferlineError as error:
            yield of_error("place", error)
