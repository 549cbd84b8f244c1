"""Keeps the pages over runs and over pipelines true after a command that changed what they tell; draws a run's own."""

import os
from pathlib import Path

from pipeline.commands.options import tell_on_stderr
from pipeline.config import PipelineConfig
from pipeline.runs.log_file import redirect_output
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.room import writes_for


def with_report(config: PipelineConfig, record: RunRecord) -> RunRecord:
    """Draws the report of a run if it is missing; returns the record that names it.

    Raises:
        TransferlineError: The output folder can't be written to.
    """
    if record.report and Path(record.report).is_file():
        return record
    with writes_for(config.home):
        with redirect_output(Path(os.devnull)):  # TFX's imports have much to say
            from pipeline.runs.report import write_report  # noqa: PLC0415 (imports TFX)

            record = write_report(config, record)
        RunStore(config.home).save(record)
    list_runs(config)
    return record


def list_runs(config: PipelineConfig) -> None:
    """Writes both pages anew; of a folder that is gone there is only the page over the other pipelines.

    What was done before is done: a page that can't be written is told, and nothing more.
    """
    try:
        with redirect_output(Path(os.devnull)):  # what draws imports TensorFlow, which has much to say
            from pipeline.runs.index_pages import write_index_pages, write_overview  # noqa: PLC0415

            if Path(config.home).is_dir():
                write_index_pages(config)
            else:
                write_overview(Path(config.output_dir))
    except OSError as error:
        tell_on_stderr(f"the pages over runs aren't up to date: {error}")
