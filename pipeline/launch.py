"""Starts a run, from the `transferline` command, from a catalog script or from the tfx command."""

import logging
import os
import traceback
from pathlib import Path

from components.errors import TransferlineError
from pipeline.checks.here import refuse_elsewhere
from pipeline.config import DATA_DIR_VARIABLE, OUTPUT_DIR_VARIABLE, PipelineConfig
from pipeline.data_sources import materialise, source_path
from pipeline.database import check
from pipeline.log_file import everything_else_to
from pipeline.recorder import Recorder, new_run_id
from pipeline.run_record import RunRecord, RunStore
from pipeline.run_state import is_still_there, state_of
from pipeline.screen import Screen

IMAGE_VARIABLE = "TRANSFERLINE_IMAGE"
VERTEX = "vertex"
EXIT_STATUS = {"pushed": 0, "not_blessed": 3, "failed": 1}


def catalog_script(config: PipelineConfig) -> int:
    """What a catalog file does when it is run as a script.

    Under `tfx pipeline create` or `compile` the pipeline is only declared, for the engine that is named; otherwise it
    is run here.

    Returns:
        Exit status: 1 if the run failed, else 0, as every TFX pipeline has it: that a model isn't blessed is an answer.
    """
    engine = _engine_of_tfx_command()
    if engine == VERTEX:
        _declare_for_cluster(config)
        return 0
    if engine:
        _declare(config)
        return 0
    return int(run(config).status == "failed")


def run(config: PipelineConfig) -> RunRecord:
    """Runs a pipeline on this machine and returns its record.

    The screen gets a line a step; everything else goes to a log file in the pipeline's folder.

    Raises:
        TransferlineError: The output folder isn't local, or the engine's workers can't see it.
        OSError: It can't be written to.
    """
    refuse_elsewhere(config)
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


def unchanged_run(config: PipelineConfig) -> RunRecord | None:
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


def with_data(config: PipelineConfig) -> PipelineConfig:
    """Returns the configuration with `data.path` as an absolute path: given, from the environment, or the source's.

    Raises:
        TransferlineError: There is no data to be had, or the path doesn't exist.
    """
    path = config.data.path or os.environ.get(DATA_DIR_VARIABLE, "")
    if not path and config.source is None:
        raise TransferlineError(
            f"the pipeline '{config.name}' has no data of its own",
            cure=f"give it with --data-dir, {DATA_DIR_VARIABLE} or data.path in the catalog file",
        )
    if not path and config.source is not None:
        path = str(source_path(config.source))
    elif "://" not in path:
        path = str(Path(path).expanduser().absolute())
    return config.model_copy(update={"data": config.data.model_copy(update={"path": path})})


def _run(config: PipelineConfig, recorder: Recorder) -> None:
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
        from pipeline.local_runner import run_pipeline  # noqa: PLC0415 (takes ten seconds: the screen comes first)

        logging.getLogger().setLevel(logging.INFO)
    run_pipeline(located, recorder)


def _declare(config: PipelineConfig) -> None:
    """Lets the tfx command find the pipeline: it replaces `LocalDagRunner.run`, and nothing runs."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner  # noqa: PLC0415

    from pipeline.graph import create_pipeline  # noqa: PLC0415

    LocalDagRunner().run(create_pipeline(with_data(config)))


def _declare_for_cluster(config: PipelineConfig) -> None:
    """Lets the tfx command compile the pipeline; the file is `pipeline.json` in this folder, or where it keeps them.

    Raises:
        TransferlineError: The image or the root isn't known.
    """
    image = os.environ.get(IMAGE_VARIABLE, "")
    if not image or not os.environ.get(OUTPUT_DIR_VARIABLE):
        raise TransferlineError(
            "the image of the steps and where they write must be known",
            place="tfx --engine=vertex",
            cure=f"set {IMAGE_VARIABLE} and {OUTPUT_DIR_VARIABLE} (gs://...), or use `transferline compile`",
        )
    from kubeflow.compile import run_for_tfx_command  # noqa: PLC0415

    run_for_tfx_command(config, image)


def _engine_of_tfx_command() -> str:
    """Returns the engine that `tfx pipeline` was given, whose path it then makes absolute; "" outside of it.

    The tfx command stores the path as it was typed, so that `tfx run create` would only work in the same folder.
    """
    import click  # noqa: PLC0415

    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    from tfx.tools.cli import labels  # noqa: PLC0415
    from tfx.tools.cli.cli_context import Context  # noqa: PLC0415

    command = context.find_object(Context)
    if command is None:
        return ""
    command.flags_dict[labels.PIPELINE_DSL_PATH] = str(Path(command.flags_dict[labels.PIPELINE_DSL_PATH]).absolute())
    return str(command.flags_dict[labels.ENGINE_FLAG])
