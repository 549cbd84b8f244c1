"""Runs a catalog file as a script, by itself or by the tfx command."""

import os
import sys
from pathlib import Path

from components.errors import TransferlineError
from pipeline.config import OUTPUT_DIR_VARIABLE, Pipeline
from pipeline.data.sources import with_data
from pipeline.first_process import leave_first_process
from pipeline.runs.home import refuse_another
from pipeline.runs.launch import exit_status, run
from pipeline.terminal import open_closed_streams, safe_streams, told

IMAGE_VARIABLE = "TRANSFERLINE_IMAGE"
VERTEX = "vertex"


def catalog_script(config: Pipeline) -> int:
    """What a catalog file does when it is run as a script.

    Under `tfx pipeline create` or `compile` the pipeline is only declared, for the engine that is named; otherwise it
    is run here.

    Returns:
        Exit status: 1 if the run failed, 128 + N if signal N ended it, else 0, as every TFX pipeline has it: that a
            model isn't blessed is an answer.
    """
    open_closed_streams()
    leave_first_process()
    engine = _engine_of_tfx_command()
    if Path(sys.argv[0]).is_file():  # the script: the tfx command, too, hides its own arguments
        config = config.read_from(sys.argv[0])
    if engine == VERTEX:
        _declare_for_cluster(config)
        return 0
    if engine:
        _declare(config)
        return 0
    with safe_streams():
        try:
            if taken_over := refuse_another(config):
                sys.stderr.write(f"transferline: {taken_over}\n")
            record = run(config)
            return exit_status(record) if record.status == "failed" else 0
        except (TransferlineError, OSError) as error:
            return told(error)


def _declare(config: Pipeline) -> None:
    """Lets the tfx command find the pipeline: it replaces `LocalDagRunner.run`, and nothing runs."""
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner  # noqa: PLC0415

    from pipeline.graph import create_pipeline  # noqa: PLC0415

    LocalDagRunner().run(create_pipeline(with_data(config)))


def _declare_for_cluster(config: Pipeline) -> None:
    """Lets the tfx command compile the pipeline; the file is `pipeline.json` in this folder, or where it keeps them.

    Raises:
        TransferlineError: The image or the root isn't known.
    """
    image = os.environ.get(IMAGE_VARIABLE, "")
    if not image or not os.environ.get(OUTPUT_DIR_VARIABLE):
        raise TransferlineError(
            "The image of the steps and where they write must be known.",
            place="tfx --engine=vertex",
            cure=f"Set {IMAGE_VARIABLE} and {OUTPUT_DIR_VARIABLE} (gs://...), or use `transferline compile`.",
        )
    from pipeline.cluster.compile import run_for_tfx_command  # noqa: PLC0415

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
