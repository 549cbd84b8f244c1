"""Says which model is served and why, which run made it, and what became of the models of other runs."""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Literal, TypeVar

from components.errors import TransferlineError
from components.ingest import storage
from components.pusher.seal import Seal, check_files, check_seal, seal_of
from components.pusher.versions import version_number, versions
from components.report.run_view import Served
from pipeline.config import PipelineConfig
from pipeline.prediction.pushed_version import find_pushed
from pipeline.runs.ending import PUSHER
from pipeline.runs.record import RunRecord, RunStore
from pipeline.runs.rollbacks import Rollback, published, rollbacks

Model = TypeVar("Model")


class Versions:
    """The pushed versions of a pipeline.

    Args:
        config: The pipeline.
    """

    def __init__(self, config: PipelineConfig) -> None:
        self._home = config.home
        self._pushed_dir = config.pushed_dir
        self._there = versions(config.pushed_dir)
        self._rollbacks = {each.pushed_as: each for each in published(rollbacks(config.home), self._there)}

    @property
    def served(self) -> int | None:
        """The version that is served; None where there is none."""
        return self._there[0] if self._there else None

    def mark(self, record: RunRecord) -> Literal["", "served", "rolled back", "replaced"]:
        """Returns what became of the version that a run pushed; "" where it pushed none, or one that was there."""
        version = version_of(record)
        if version is None or self._makers.get(version, record.run_id) != record.run_id:
            return ""
        if version == self._served_of_run:
            return "served"
        return "rolled back" if self._went_back_from(version) else "replaced"

    def in_words(self, runs: Sequence[RunRecord]) -> str:
        """Returns which version is served, whose it is, and why; "" where none is.

        Args:
            runs: All runs of the pipeline, the newest first.
        """
        if self.served is None:
            return ""
        origin, rollback = self.origin(self.served), self._rollbacks.get(self.served)
        maker = maker_of(runs, origin)
        made = f"of run {maker.run_id}" if maker else "of no run that is kept here"
        if rollback is None:
            return f"Version {self.served}, {made}, is served: it was pushed last."
        return (
            f"Version {self.served}, a copy of version {origin} {made}, is served: on {rollback.day} "
            f"somebody went back to it from version {rollback.from_version}."
        )

    def before(self, record: RunRecord, runs: Sequence[RunRecord], baseline_uri: str) -> Served | None:
        """Returns what is served, or what was before a run's own model was pushed; None where that is nothing.

        Args:
            record: The run.
            runs: All runs of the pipeline, the newest first.
            baseline_uri: The model that the run's was compared with; "" where there was none.
        """
        version = self._before(record, runs)
        if version is None:
            return None
        maker = maker_of([run for run in runs if run.run_id != record.run_id], self.origin(version))
        artifacts = {uri for step in maker.steps for uri in step.artifacts} if maker else set()
        return Served(
            version=str(version),
            run_id=maker.run_id if maker else "",
            metrics=maker.metrics if maker else {},
            rolled_back=version in self._rollbacks,
            is_baseline=bool(baseline_uri) and baseline_uri in artifacts,
            is_kept=self.is_kept(version),
        )

    def is_kept(self, version: int) -> bool:
        """Returns whether a version's folder is there; `clean` removes old ones."""
        return version in self._there

    def origin(self, version: int) -> int:
        """The version that a run pushed, of which another one is a copy."""
        while version in self._rollbacks:
            version = self._rollbacks[version].to_version
        return version

    def copied(self, version: int) -> Rollback | None:
        """The rollback that made a version; None where none did."""
        return self._rollbacks.get(version)

    def rolled_back(self, runs: Sequence[RunRecord]) -> dict[str, Rollback]:
        """Returns the models that somebody went back from, and that weren't pushed again since, by their digest.

        Args:
            runs: All runs of the pipeline.
        """
        if not self._rollbacks:
            return {}
        pushed = {version_of(run) for run in runs} - {None}
        last: dict[str, Rollback | None] = {}
        for number in sorted({*filter(None, pushed), *self._rollbacks}):
            if rollback := self._rollbacks.get(number):
                last[rollback.from_model or self.digest(rollback.from_version, runs)] = rollback
            last[self.digest(number, runs)] = None
        return {digest: rollback for digest, rollback in last.items() if rollback and digest}

    def digest(self, version: int, runs: Sequence[RunRecord]) -> str:
        """Returns the digest of a version's model; "" where it isn't known any more, as of one that is gone.

        Args:
            version: Its number.
            runs: All runs of the pipeline.
        """
        origin = self.origin(version)
        kept = files_kept(runs, origin)
        if kept or version not in self._there:
            return Seal(files=kept).digest if kept else ""
        try:
            return seal_of(os.path.join(self._pushed_dir, str(version))).digest
        except TransferlineError:  # it was tampered with, and is no run's model
            return ""

    def _before(self, record: RunRecord, runs: Sequence[RunRecord]) -> int | None:
        """The version that was the newest when a run pushed its own; that is its own where it found its model there."""
        own = version_of(record)
        if own is None:
            return self.served
        maker, cached = maker_of(runs, own), any(step.cached for step in record.steps if step.name == PUSHER)
        if cached or own in self._rollbacks or (maker and maker.run_id < record.run_id):
            return own
        known = {*self._there, *self._rollbacks, *filter(None, map(version_of, runs))}
        return max((version for version in known if version < own), default=None)

    @cached_property
    def _makers(self) -> dict[int, str]:
        """The run that pushed each version, not one that found it there; the newest version of a run first."""
        found = ((version_of(run), run.run_id) for run in RunStore(self._home).runs())
        return {version: run_id for version, run_id in found if version is not None}  # an older run replaces a newer

    @cached_property
    def _served_of_run(self) -> int | None:
        """The version that a run pushed of the model that is served; of several, as after a rollback, the last."""
        if self.served is None:
            return None
        origin = self.origin(self.served)
        return next((version for version in self._makers if self.origin(version) == origin), None)

    def _went_back_from(self, version: int) -> bool:
        origin = self.origin(version)
        return any(self.origin(each.from_version) == origin for each in self._rollbacks.values())


def pushed_model(config: PipelineConfig, version: int | None = None) -> str:
    """Returns the folder of a pushed model that is what its run pushed: of this version, or the last.

    Raises:
        TransferlineError: There is none; it isn't what its seal says, or what its run kept of it.
    """
    while True:
        folder = find_pushed(config, version)
        try:
            check_pushed(config, folder)
        except (TransferlineError, OSError):
            # Else it has just gone: `clean` may remove what isn't the last any more.
            if int(os.path.basename(folder)) in versions(config.pushed_dir):
                raise
        else:
            return folder


def load_pushed(config: PipelineConfig, version: int | None, folder: str, load: Callable[[str], Model]) -> Model:
    """Loads a pushed model that `pushed_model` found, or the one that it finds now, if that one has gone since.

    To import TensorFlow takes seconds, in which a run may push another model and `clean` remove this one.

    Args:
        config: The pipeline.
        version: Of the model; None for the last.
        folder: The model's.
        load: Loads a model from its folder, and needs nothing of the folder afterwards.

    Raises:
        TransferlineError: As `pushed_model` does.
    """
    while True:
        try:
            return load(folder)
        except Exception:
            if storage.exists(folder):
                raise
            folder = pushed_model(config, version)


def check_pushed(config: PipelineConfig, folder: str) -> None:
    """Compares a pushed model with what its run kept of it; where it kept nothing, with its seal.

    Raises:
        TransferlineError: It isn't the same.
    """
    kept = _kept_files(config, int(os.path.basename(folder)))
    if kept:
        check_files(folder, kept)
    else:
        check_seal(folder)


def _kept_files(config: PipelineConfig, version: int) -> dict[str, str]:
    if "://" in config.output_dir:
        return {}
    origin = Versions(config).origin(version)
    records = RunStore(config.home).runs()
    return files_kept(records, origin)


def files_kept(runs: Sequence[RunRecord], version: int) -> dict[str, str]:
    """Returns the SHA-256 of each file of the model that a run pushed as a version; empty where no run kept them."""
    return next((run.model_files for run in runs if run.model_files and version_of(run) == version), {})


def maker_of(runs: Sequence[RunRecord], version: int) -> RunRecord | None:
    """Returns the run that pushed a version: the oldest of those that have it, since later ones found it there.

    Args:
        runs: The newest first.
        version: Its number.
    """
    return next((run for run in reversed(runs) if version_of(run) == version), None)


def version_of(record: RunRecord) -> int | None:
    """Returns the version that a run pushed; None where it pushed none."""
    return version_number(os.path.basename(record.model_uri))
