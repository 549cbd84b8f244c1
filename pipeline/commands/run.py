"""`transferline run`."""

import sys
from typing import Annotated

import typer

from components.errors import TransferlineError
from pipeline.commands.options import DataDir, Name, OutputDir, Settings, Wait, tell_on_stderr, with_runs
from pipeline.commands.output import print_json
from pipeline.commands.run_lists import with_report
from pipeline.config import PipelineConfig
from pipeline.runs import launch
from pipeline.runs.home import claim
from pipeline.runs.record import RunRecord, public
from pipeline.runs.served import Versions


def run(
    name: Name,
    data_dir: DataDir = "",
    output_dir: OutputDir = "",
    settings: Settings = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run even if nothing has changed since the last pushed run.")
    ] = False,
    push_again: Annotated[
        bool, typer.Option("--push-again", help="Run, and push also a model that a rollback went back from.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show only how the run ended.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show a line an epoch, with all that was measured.")
    ] = False,
    wait: Wait = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the run's record as JSON, and on stderr all that is shown.")
    ] = False,
) -> None:
    """Run a pipeline here. Exit status: 0 pushed or nothing to do, 3 not blessed, 1 failed, 128 + N by signal N."""
    config = with_runs(name, data_dir=data_dir, output_dir=output_dir, settings=settings)
    last, state = (None, None) if force or push_again else launch.unchanged_run(config)
    if last:
        claim(config)
        (sys.stderr if as_json else sys.stdout).write(
            f"{name}: nothing changed since run {last.run_id} (pushed): {last.model_uri}. Use --force to run anyway.\n"
        )
        last = _with_report(config, last)
    record = last or launch.run(
        config, state, quiet=quiet, verbose=verbose, on_stderr=as_json, wait=wait, push_again=push_again
    )
    if as_json:
        print_json(_shown(config, record, unchanged=last is not None))
    raise typer.Exit(launch.exit_status(record))


def _with_report(config: PipelineConfig, record: RunRecord) -> RunRecord:
    """Draws what couldn't be drawn at the end of a run, as on a full disk; the model is served all the same."""
    try:
        return with_report(config, record)
    except (TransferlineError, OSError) as error:
        tell_on_stderr(f"the report couldn't be drawn: {error}")
        return record


def _shown(config: PipelineConfig, record: RunRecord, *, unchanged: bool) -> dict[str, object]:
    """Returns what `transferline runs --json` prints of a run, and whether this is an earlier one's record."""
    (values,) = public([record])
    return {"unchanged": unchanged, **values, "mark": Versions(config).mark(record)}
