"""Says which model is served, which run made it, and what became of the models of other runs."""

import os
from collections.abc import Sequence
from typing import Literal

from components.pusher.versions import versions
from components.report.run_view import Served
from pipeline.config import PipelineConfig
from pipeline.runs.record import RunRecord
from pipeline.runs.rollback import Rollback, rollbacks


class Versions:
    """The pushed versions of a pipeline.

    Args:
        config: The pipeline.
    """

    def __init__(self, config: PipelineConfig) -> None:
        self._there = versions(config.pushed_dir)
        self._rollbacks = {each.pushed_as: each for each in rollbacks(config.home)}

    @property
    def served(self) -> int | None:
        """The version that is served; None where there is none."""
        return self._there[0] if self._there else None

    def mark(self, record: RunRecord) -> Literal["", "served", "rolled back", "replaced"]:
        """Returns what became of the model that a run pushed; "" where it pushed none."""
        version = version_of(record)
        if version is None:
            return ""
        if self.served is not None and self.origin(self.served) == version:
            return "served"
        return (
            "rolled back"
            if any(self._went_back_from(each, version) for each in self._rollbacks.values())
            else "replaced"
        )

    def before(self, record: RunRecord, runs: Sequence[RunRecord], baseline_uri: str) -> Served | None:
        """Returns what is served, or what was before a run's own model was pushed; None where that is nothing.

        Args:
            record: The run.
            runs: All runs of the pipeline, the newest first.
            baseline_uri: The model that the run's was compared with; "" where there was none.
        """
        own = version_of(record)
        earlier = [version for version in self._there if own is None or version < own]
        if not earlier:
            return None
        origin = self.origin(earlier[0])
        maker = next((run for run in runs if version_of(run) == origin and run.run_id != record.run_id), None)
        artifacts = {uri for step in maker.steps for uri in step.artifacts} if maker else set()
        return Served(
            version=str(earlier[0]),
            run_id=maker.run_id if maker else "",
            metrics=maker.metrics if maker else {},
            rolled_back=earlier[0] in self._rollbacks,
            is_baseline=bool(baseline_uri) and baseline_uri in artifacts,
        )

    def origin(self, version: int) -> int:
        """The version that a run pushed, of which another one is a copy."""
        while version in self._rollbacks:
            version = self._rollbacks[version].to_version
        return version

    def _went_back_from(self, rollback: Rollback, version: int) -> bool:
        return self.origin(rollback.from_version) == version


def version_of(record: RunRecord) -> int | None:
    """Returns the version that a run pushed; None where it pushed none."""
    name = os.path.basename(record.model_uri)
    return int(name) if name.isdigit() else None
