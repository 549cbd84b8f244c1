"""`transferline predict`."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.options import AsJson, Name, OutputDir, configured

Files = Annotated[list[str], typer.Argument(metavar="FILES...", help="Photos or files of rows, or folders of them.")]
Version = Annotated[int | None, typer.Option(min=0, metavar="N", help="A pushed model's number; the last if unset.")]


def predict(
    name: Name, files: Files, as_json: AsJson = False, model_version: Version = None, output_dir: OutputDir = ""
) -> None:
    """Classify photos or rows by the last pushed model. Exit status: 0 some were, 1 none could be."""
    config = configured(name, output_dir=output_dir)
    # stdout is for results and stderr for what couldn't be read.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    from pipeline.runs.log_file import everything_else_to  # noqa: PLC0415

    with everything_else_to(Path(os.devnull)):  # newer releases of TensorFlow tell of missing GPUs whatever the level
        from pipeline.prediction.predict import predict_and_print  # noqa: PLC0415

    try:
        predicted = predict_and_print(config, [os.path.expanduser(file) for file in files], model_version, as_json)
        sys.stdout.flush()
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    raise typer.Exit(int(not predicted))
