"""Starts a run, from the `transferline` command, from a catalog script or from the tfx command."""

from collections.abc import Mapping, Sequence

from rich.filesize import decimal

from components.errors import TransferlineError
from components.memory import ADDRESSES_NEEDED, address_limit
from components.trainer.workers import starts_workers, worker_network
from pipeline.config import Pipeline
from pipeline.config.pipeline import require_local
from pipeline.data.sources import with_data
from pipeline.runs.home import refuse_another
from pipeline.runs.parent import run_in_child
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollbacks import Rollback
from pipeline.runs.room import writes_for
from pipeline.runs.served import Versions, version_of
from pipeline.runs.state import State, is_still_there, state_of

EXIT_STATUS = {"pushed": 0, "not_blessed": 3, "failed": 1}
OF_A_SIGNAL = 128
"""Shells add a signal's number to it."""


def run(
    config: Pipeline,
    state: State | None = None,
    *,
    quiet: bool = False,
    verbose: bool = False,
    on_stderr: bool = False,
    wait: bool = False,
    push_again: bool = False,
) -> RunRecord:
    """Runs a pipeline on this machine and returns its record.

    The screen gets a line a step; everything else goes to a log file in the pipeline's folder.

    Args:
        config: The pipeline.
        state: What `unchanged_run` found; None if it wasn't asked.
        quiet: Whether the screen gets only how the run ended.
        verbose: Whether the screen gets a line an epoch.
        on_stderr: Whether the screen is stderr: stdout gets nothing then.
        wait: Whether to wait for who else is at work on the pipeline.
        push_again: Whether to push a model, too, that somebody went back from.

    Raises:
        TransferlineError: Somebody else is at work on the pipeline, and isn't to be waited for; the output folder isn't
            local, the engine's workers can't see it, the Trainer's workers would have ports that are open to the
            network, the pipeline's folder is another pipeline's, or `ulimit -v` allows too little.
        OSError: It can't be written to.
    """
    require_local(config)
    refuse_open_ports(config)
    refuse_another(config)
    refuse_few_addresses()
    with writes_for(config.home):
        return run_in_child(
            config, state, quiet=quiet, verbose=verbose, on_stderr=on_stderr, wait=wait, push_again=push_again
        )


def exit_status(record: RunRecord) -> int:
    """Returns what a command that ran it ends with: 0 pushed, 3 not blessed, 1 failed, 128 + N ended by signal N."""
    return OF_A_SIGNAL + record.signal if record.signal else EXIT_STATUS[record.status]


def unchanged_run(config: Pipeline) -> tuple[RunRecord | None, State | None]:
    """Looks for the last run that was pushed and since which nothing has changed, so that another would only repeat it.

    Args:
        config: The pipeline.

    Returns:
        Its record; None if there was none, if anything has changed, or if that can't be told. And the state of now, so
        that `run` needn't look again; None where it wasn't needed or can't be told.

    Raises:
        TransferlineError: Another run would only push a model again that somebody went back from.
    """
    records = RunStore(config.home).runs()
    last = next((record for record in records if record.status == "pushed"), None)
    if last is None:
        return None, None
    there = bool(last.state) and is_still_there(config, last)
    rolled_back = Versions(config).rolled_back(records)
    if not there and not rolled_back:
        return None, None
    try:
        state = state_of(with_data(config))
    except (TransferlineError, OSError):  # which the run itself will meet, and record
        return None, None
    _refuse_rolled_back(config, records, rolled_back, state)
    return (last if there and state.digest == last.state else None), state


def _refuse_rolled_back(
    config: Pipeline, records: Sequence[RunRecord], rolled_back: Mapping[str, Rollback], state: State
) -> None:
    """Refuses to repeat a run whose model somebody went back from, unless one like it was pushed since."""
    pushed = [version_of(record) for record in records if record.state == state.digest]
    last = max((version for version in pushed if version is not None), default=0)
    for rollback in rolled_back.values():
        if state.digest and rollback.from_state == state.digest and last < rollback.pushed_as:
            raise TransferlineError(
                f"Nothing changed since the run that pushed version {rollback.from_version}, and on {rollback.day} "
                "somebody went back from it: its model isn't pushed again without being asked for.",
                place=config.pushed_dir,
                cure="Change what made it bad, or push it again with `transferline run --push-again`.",
            )


def refuse_few_addresses() -> None:
    """Refuses a limit of addresses that no run fits into: TensorFlow would wait in it for ever.

    Raises:
        TransferlineError: There is one.
    """
    limit = address_limit()
    if limit is not None and limit < ADDRESSES_NEEDED:
        raise TransferlineError(
            f"`ulimit -v` allows a process {decimal(limit)} of addresses, and a run takes {decimal(ADDRESSES_NEEDED)}.",
            cure="Lift it with `ulimit -v unlimited`; a control group bounds memory itself.",
        )


def refuse_open_ports(config: Pipeline) -> None:
    """Refuses workers whose ports would be open to the network, where no setting says that they may be.

    Raises:
        TransferlineError: The system gives them no network of their own, or they need another's.
    """
    if starts_workers(config.trainer):
        with worker_network(config.trainer, [config.output_dir]):
            pass
