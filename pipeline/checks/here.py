"""Whether a run of these settings can be one on this machine."""

from collections.abc import Iterator

from components.errors import TransferlineError
from pipeline.checks.finding import Finding, of_error
from pipeline.config import PipelineConfig


def refuse_elsewhere(config: PipelineConfig) -> None:
    """Refuses settings that only a cluster can run with.

    Raises:
        TransferlineError: The output folder isn't local, or the engine's workers can't see it.
    """
    if "://" in config.output_dir:
        raise TransferlineError(
            "a run on this machine keeps its metadata and its log in a local folder",
            place=f"output_dir={config.output_dir}",
            cure="give a local folder with --output-dir",
        )
    if config.beam.engine == "dataflow":
        raise TransferlineError(
            "Dataflow's workers don't see the folders of this machine, where a run here keeps its artifacts",
            place="beam.engine=dataflow",
            cure="run it where the artifacts are on gs://, or here with another engine",
        )


def check_here(config: PipelineConfig) -> Iterator[Finding]:
    """Looks whether a run would be refused at once."""
    try:
        refuse_elsewhere(config)
    except TransferlineError as error:
        yield of_error("place", error)
