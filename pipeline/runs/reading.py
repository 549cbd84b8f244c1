"""Says how rows are read that a pushed model is asked: as its run read its own, whatever the catalog file says now."""

import json
import os
from collections.abc import Callable

from pydantic import ValidationError

from components.csv_example_gen.config import CsvData
from components.ingest import storage
from pipeline.config import Pipeline
from pipeline.config.pipeline import PipelineConfig
from pipeline.runs.record import RunStore
from pipeline.runs.served import Versions, version_of

READ_BY = (
    "columns",
    "dates",
    "decimal",
    "delimiter",
    "header",
    "id",
    "label",
    "missing",
    "newlines_in_values",
    "types",
    "weight",
)
"""Settings of `data` that decide what a cell means."""


def as_trained(
    config: Pipeline, folder: str, override: Callable[[Pipeline], Pipeline], tell: Callable[[str], None]
) -> Pipeline:
    """Returns a pipeline that reads rows as the run did that pushed a model; as it is where no run is known.

    Args:
        config: The pipeline.
        folder: The pushed model's.
        override: Sets what was given on the command line, which goes before.
        tell: Takes a sentence of what the run had, and the pipeline hasn't.
    """
    if not isinstance(config.data, CsvData):
        return config
    changed = override(config.model_copy(update={"data": _data_of_run(config, config.data, folder)}))
    now, trained = (each.data.model_dump(mode="json") for each in (config, changed))
    if other := [name for name in READ_BY if now[name] != trained[name]]:
        values = ", ".join(f"data.{name}={json.dumps(trained[name], ensure_ascii=False)}" for name in other)
        tell(f"Rows are read as the model's run read its own, and not as the pipeline would now: by {values}.")
    return changed


def _data_of_run(config: PipelineConfig, data: CsvData, folder: str) -> CsvData:
    if not storage.is_local(config.home):
        return data  # where the records are isn't known
    origin = Versions(config).origin(int(os.path.basename(folder)))
    runs = RunStore(config.home).newest_first()
    recorded: dict[str, object] = next((run.config.get("data", {}) for run in runs if version_of(run) == origin), {})
    given = {name: recorded[name] for name in READ_BY if name in recorded}
    try:
        return CsvData.model_validate({**data.model_dump(), **given})
    except ValidationError:  # of a release whose settings were others
        return data
