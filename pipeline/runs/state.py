"""What a run depends on, as a digest: if it hasn't changed since a run was pushed, another would only repeat it.

It is looked up before TFX is imported, and is a little stricter than the cache: a changed comment in any of our files
counts.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from components.pusher.versions import newest_version
from components.settings import Settings
from pipeline.config import SCHEMAS, Pipeline, PipelineConfig
from pipeline.data.fingerprint import data_fingerprint
from pipeline.metadata.history import knows_run
from pipeline.runs.record import RunRecord
from pipeline.source_fingerprint import PACKAGES, file_fingerprint, library_versions

COMPILED = "__pycache__"


class State(Settings):
    """What a run depends on, looked at once a run.

    Both are "" where something of it is remote, which only TensorFlow can look at.

    Attributes:
        digest: Of the settings, the data, the pretrained weights, the curated schema, our source and the libraries.
        data: The data's fingerprint, which ExampleGen's driver then needn't look for.
    """

    digest: str = ""
    data: str = ""


def state_of(config: Pipeline) -> State:
    """Returns the state of now.

    Args:
        config: With `data.path` set.

    Raises:
        TransferlineError: There is no data, or it can't be looked at.
    """
    if "://" in config.data.path or "://" in config.weights_file:
        return State()
    data = data_fingerprint(config)
    parts = (
        config.model_dump_json(),
        sys.version,
        library_versions(),
        _source(),
        data,
        file_fingerprint(config.weights_file),
        file_fingerprint(str(config.schema_path)),  # which may lie elsewhere than in `schemas/`
    )
    digest = hashlib.sha256("\n".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
    return State(digest=digest, data=data)


def is_still_there(config: PipelineConfig, record: RunRecord) -> bool:
    """Returns whether a run's model is the newest that was pushed, and whether all that it made is there."""
    made = [uri for step in record.steps for uri in step.artifacts]
    return (
        bool(record.model_uri)
        and newest_version(config.pushed_dir) == record.model_uri
        and all(os.path.exists(path) for path in made)
        and knows_run(config, record.run_id)
    )


def _source() -> str:
    digest = hashlib.sha256()
    for file in _source_files():
        digest.update(f"{file}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    for name in (*PACKAGES, SCHEMAS.name):
        files_below = (SCHEMAS.parent / name).rglob("*")
        yield from sorted(file for file in files_below if file.is_file() and file.parent.name != COMPILED)
