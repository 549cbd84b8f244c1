"""What `predict` and `evaluate` share."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from components.ingest import storage
from components.wording import printable
from pipeline.commands.options import tell_on_stderr
from pipeline.config import Pipeline
from pipeline.config.overrides import apply_overrides
from pipeline.runs.log_file import redirect_output
from pipeline.runs.reading import as_trained

Files = Annotated[list[str], typer.Argument(metavar="FILES...", help="Photos or files of rows, or folders of them.")]
ModelVersion = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="A pushed model's number; the last if unset.")
]


def given_paths(files: Sequence[str]) -> list[str]:
    """Returns the paths that are meant; where none of them is there, says so and ends, before TensorFlow is loaded."""
    paths = [os.path.expanduser(file) for file in files]
    absent = [path for path in paths if storage.is_local(path) and not (storage.exists(path) or storage.glob(path))]
    if len(absent) < len(paths):
        return paths
    sys.stderr.writelines(f"{printable(path)}: There is no such file or folder.\n" for path in absent)
    raise typer.Exit(1)


def read_as_trained(config: Pipeline, folder: str, settings: Sequence[str] | None) -> Pipeline:
    """Returns a pipeline that reads rows as a pushed model's run did, but for what `--set` says; tells what differs."""
    return as_trained(config, folder, lambda trained: apply_overrides(trained, settings or ()), tell_on_stderr)


@contextmanager
def loading_tensorflow() -> Iterator[None]:
    """Keeps what TensorFlow has to say out of stdout, which is for results, and of stderr, which is for faults."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    with redirect_output(Path(os.devnull)):  # newer releases tell of missing GPUs whatever the level
        yield
