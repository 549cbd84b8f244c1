"""Follows a run: keeps its record up to date on disk, and shows it on the screen."""

import logging
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.column_roles import not_learned_text, read_uses
from components.engine_errors import engine_error
from components.errors import TransferlineError, error_in_chain
from components.ingest.findings import findings_of
from components.ingest.report import read_report
from components.memory import is_memory, no_memory
from components.outcome import Failure, Step
from components.pusher.seal import damage, read_seal
from components.room import Folder, folder_error
from pipeline.config import PipelineConfig
from pipeline.metadata.history import Execution, knows_run
from pipeline.metadata.lineage import PUSHED_TO
from pipeline.runs.channel import Display
from pipeline.runs.ending import RUN_AGAIN, place_in, with_model
from pipeline.runs.record import Counts, RunRecord, RunStore
from pipeline.runs.room import folders_of

LOGGER = logging.getLogger(__name__)
SCHEMA_FILE = "schema.pbtxt"
KEPT_SCHEMA = "schema.inferred.pbtxt"


class Recorder:
    """The one who is told what happens in a run.

    Args:
        config: The pipeline.
        record: The run's, as it begins.
        screen: Where to show it.
    """

    def __init__(self, config: PipelineConfig, record: RunRecord, screen: Display) -> None:
        self.run_id = record.run_id
        self._config = config
        self._infers_schema = not config.curated_schema
        self._screen = screen
        self._store = RunStore(config.home)
        self._began = time.monotonic()
        self._record = record
        self._store.save(record)

    def resolved(self, config: PipelineConfig, state: str) -> None:
        """Takes the settings with the data's own path, and the state of all that the run depends on, at its start.

        Args:
            config: With `data.path` set.
            state: See `pipeline.runs.state`.
        """
        self._update(config=config.model_dump(mode="json"), state=state)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Shows a step at work, and keeps that it is; if it fails, keeps its time and lets the error pass."""
        began = time.monotonic()
        try:
            self._update(at_work=name)
            with self._screen.working(name):
                yield
        except BaseException:
            seconds = time.monotonic() - began
            step = Step(name=name, seconds=seconds, cached=False, started=began - self._began)
            self._update(steps=(*self._record.steps, step), at_work="")
            self._screen.step_failed(step)
            raise

    def finished(self, name: str, seconds: float, execution: Execution) -> None:
        """Takes what a finished step left in ML Metadata into the record.

        Args:
            name: The component.
            seconds: Its wall time.
            execution: What it did.
        """
        # They import TensorFlow, which takes seconds.
        from tfx.utils import path_utils  # noqa: PLC0415

        from components.answering import read_answering  # noqa: PLC0415
        from components.evaluator.decision import read_decision  # noqa: PLC0415
        from components.trainer.curves import find_curves  # noqa: PLC0415
        from components.yardstick.results import read_yardstick  # noqa: PLC0415

        started = time.monotonic() - self._began - seconds
        artifacts = tuple(artifact.uri for group in execution.outputs.values() for artifact in group)
        step = Step(name=name, seconds=seconds, cached=execution.cached, started=started, artifacts=artifacts)
        note = ""
        if ingested := execution.output("ingest_report"):
            report = read_report(ingested.uri)
            counts = Counts(
                train=report.written("train"),
                eval=report.written("eval"),
                test=report.written("test"),
                quarantined=report.quarantined,
                unused=report.unused,
            )
            self._update(counts=counts)
            shown = {name: count for name, count in counts.model_dump().items() if name != "unused" or count}
            note = "; ".join([", ".join(f"{count:,} {name}" for name, count in shown.items()), *findings_of(report)])
            self._note(not_learned_text(read_uses(ingested.uri, self._config.column_roles)))
        if (model_run := execution.output("model_run")) and (curves := find_curves(model_run.uri)):
            by = "trained by the Tuner" if curves.trained_by == "Tuner" else ""
            note = "; ".join(filter(None, (curves.kept, by)))
            self._note(curves.sampled)
        if model := execution.output("model"):
            self._note(read_answering(path_utils.serving_model_path(model.uri)).cut_in_words)
        if measured := execution.output("yardstick"):
            yardstick = read_yardstick(measured.uri)
            self._update(yardstick=yardstick)
            fitted = f"fitted on {yardstick.fitted_rows:,} of {yardstick.training_rows:,} training {yardstick.records}"
            note = yardstick.nothing or fitted
        if evaluation := execution.output("evaluation"):
            decision = read_decision(evaluation.uri)
            self._update(metrics=decision.metrics, thresholds=decision.checks)
            note = "blessed" if decision.blessed else "not blessed"
            self._note(decision.not_compared)
        if self._infers_schema and (schema := execution.output("validated_schema")):
            kept = shutil.copy(Path(schema.uri) / SCHEMA_FILE, Path(self._config.home) / KEPT_SCHEMA)
            note = f"inferred schema kept in {kept}"
        if pushed := execution.output("pushed_model"):
            self._pushed(pushed.properties.get(PUSHED_TO, ""))
        self._update(steps=(*self._record.steps, step), at_work="")
        self._screen.step(step, note)

    def check_baseline(self, execution: Execution) -> None:
        """Compares the model that the candidate is held against with what was pushed of it, where it was.

        Raises:
            TransferlineError: It isn't the same.
        """
        from tfx.utils import path_utils  # noqa: PLC0415 (imports TensorFlow)

        baseline = execution.output("model")
        if baseline is None:
            return
        for run in self._store.runs():
            if run.model_files and any(baseline.uri in step.artifacts for step in run.steps):
                folder = path_utils.serving_model_path(baseline.uri)
                if fault := damage(folder, run.model_files):
                    raise TransferlineError(
                        f"The baseline isn't the model that was pushed: {fault}.",
                        place=folder,
                        cure="Find out who changed it. Remove the folder: then the one before it is the baseline.",
                    )
                return

    def _pushed(self, folder: str) -> None:
        """Keeps where the model was pushed to, and what it is, apart from the folder that it lies in."""
        seal = read_seal(folder) if folder else None
        self._update(model_uri=folder, model_files=seal.files if seal else {})

    def ended(self) -> RunRecord:
        """Closes the record of a run that came to its end: pushed, or evaluated and not blessed."""
        status = "pushed" if self._record.model_uri else "not_blessed"
        self._record = self._record.model_copy(update={"status": status, "at_work": ""})
        return self._close()

    def failed(self, error: BaseException) -> RunRecord:
        """Closes the record of a run that didn't."""
        number = signal.SIGINT if isinstance(error, KeyboardInterrupt) else 0
        failure = explain(error, self._record, folders_of(self._config.home))
        failed = {"status": "failed", "error": failure, "signal": number}
        self._record = with_model(self._record.model_copy(update=failed), self._config.home)
        return self._close()

    def _note(self, sentence: str) -> None:
        if sentence:
            self._update(notes=(*self._record.notes, sentence))

    def _close(self) -> RunRecord:
        """Keeps the outcome first, so that nothing that befalls the report can change it."""
        self._update()
        # Of a run that failed before there was anything to report, nobody should wait for TFX.
        if "tfx" in sys.modules and knows_run(self._config, self.run_id):
            with self._screen.working("Report"):
                self._draw_report()
        self._screen.finish(self._record)
        return self._record

    def _draw_report(self) -> None:
        try:
            from pipeline.runs.index_pages import write_index_pages  # noqa: PLC0415 (as below)
            from pipeline.runs.report import write_report  # noqa: PLC0415 (imports TFX)

            self._record = write_report(self._config, self._record)
            self._save()  # first: the pages list what is kept, and this run's own report is there whatever befalls them
            write_index_pages(self._config)
        except Exception as error:  # the run is over, and its outcome stands
            LOGGER.exception("the report couldn't be drawn")
            cause = explain(error, self._record, folders_of(self._config.home)).cause
            command = f"`transferline report {self._config.name}`"
            if self._record.report:
                self._note(f"The pages over all runs aren't up to date. {cause} {command} with --index writes them.")
            else:
                self._note(f"The report couldn't be drawn. {cause} The next run draws it, or {command}.")

    def _update(self, **changes: Any) -> None:
        self._record = self._record.model_copy(update=changes | {"seconds": time.monotonic() - self._began})
        self._save()

    def _save(self) -> None:
        """Keeps the record as far as that can be done: it never hides the error that is at hand, nor ends a run.

        A last word that isn't kept is told all the same, to a process that tries again.
        """
        try:
            self._store.save(self._record)
        except OSError:
            LOGGER.exception("the record couldn't be kept")


def explain(error: BaseException, record: RunRecord, folders: Sequence[Folder] = ()) -> Failure:
    """Turns an error into cause, place and cure.

    Args:
        error: What the run failed of.
        record: The run's, as far as it came.
        folders: What it writes to.
    """
    place = place_in(record)
    if folders and (refused := folder_error(error, folders)):
        return Failure(cause=refused.cause, place=place, cure=f"{refused.cure} {RUN_AGAIN}")
    known = error_in_chain(error) or engine_error(error, place)
    if known:
        return Failure(cause=known.cause, place=known.place, cure=known.cure)
    if is_memory(error):
        hungry = no_memory(_last_line(error))
        return Failure(cause=hungry.cause, place=place, cure=f"{hungry.cure} {RUN_AGAIN}")
    if isinstance(error, KeyboardInterrupt):
        return Failure(cause="The run was interrupted.", place=place, cure=RUN_AGAIN)
    return Failure(cause=f"{_last_line(error)}.", place=place, cure=f"Read the traceback in {record.log}.")


def _last_line(error: BaseException) -> str:
    """An error's kind and the last line that it has, without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ": ".join([type(error).__name__, *(line.removesuffix(".") for line in lines[-1:])])
