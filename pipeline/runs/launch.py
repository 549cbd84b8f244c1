"""Starts a run, from the `transferline` command, from a catalog script or from the tfx command."""

import logging
import os
import traceback
from pathlib import Path

from components.errors import TransferlineError
from components.trainer.workers import starts_workers, worker_network
from pipeline.config import Pipeline
from pipeline.config.pipeline import refuse_elsewhere
from pipeline.data.sources import materialise, source_path, with_data
from pipeline.metadata.connection import check
from pipeline.runs.home import claim
from pipeline.runs.log_file import everything_else_to
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.recorder import Recorder, new_run_id
from pipeline.runs.screen import Screen
from pipeline.runs.state import is_still_there, state_of

EXIT_STATUS = {"pushed": 0, "not_blessed": 3, "failed": 1}


def run(config: Pipeline) -> RunRecord:
    """Runs a pipeline on this machine and returns its record.

    The screen gets a line a step; everything else goes to a log file in the pipeline's folder.

    Raises:
        TransferlineError: The output folder isn't local, the engine's workers can't see it, the Trainer's workers would
            have ports that are open to the network, or the pipeline's folder is another pipeline's.
        OSError: It can't be written to.
    """
    refuse_elsewhere(config)
    refuse_open_ports(config)
    claim(config)
    run_id = new_run_id()
    log = Path(config.home) / "logs" / f"{run_id}.log"
    with everything_else_to(log) as stream:
        recorder = Recorder(config, run_id, Screen(stream), str(log))
        try:
            _run(config, recorder)
        except (Exception, KeyboardInterrupt) as error:
            traceback.print_exc()
            return recorder.failed(error)
        return recorder.ended()


def unchanged_run(config: Pipeline) -> RunRecord | None:
    """Returns the last run that was pushed if nothing has changed since, so that another would only repeat it.

    Args:
        config: The pipeline.

    Returns:
        Its record; None if there was none, if anything has changed, or if that can't be told.
    """
    last = next((record for record in RunStore(config.home).runs() if record.status == "pushed"), None)
    if last is None or not last.state or not is_still_there(config, last):
        return None
    try:
        return last if state_of(with_data(config)) == last.state else None
    except (TransferlineError, OSError):  # which the run itself will meet, and record
        return None


def _run(config: Pipeline, recorder: Recorder) -> None:
    if config.metadata.is_server:
        with recorder.running("Metadata"):
            check(config.metadata)
    located = with_data(config)
    with recorder.running("Data"):
        if config.source is not None and located.data.path == str(source_path(config.source)):
            materialise(config.source)
        # Of now: what changes while the run is at work counts as a change for the next one.
        recorder.resolved(located, state_of(located))
    with recorder.running("TFX"):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        from pipeline.runs.local_runner import run_pipeline  # noqa: PLC0415 (takes ten seconds: the screen comes first)

        logging.getLogger().setLevel(logging.INFO)
    run_pipeline(located, recorder)


def refuse_open_ports(config: Pipeline) -> None:
    """Refuses workers whose ports would be open to the network, where no setting says that they may be.

    Raises:
        TransferlineError: The system gives them no network of their own, or they need another's.
    """
    if starts_workers(config.trainer):
        with worker_network(config.trainer, [config.output_dir]):
            pass
