"""`transferline predict`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands.model_options import Files, ModelVersion, given_paths, loading_tensorflow, read_as_trained
from pipeline.commands.options import AsJson, Name, OutputDir, Settings, with_runs
from pipeline.commands.output import print_json
from pipeline.prediction.output import check_out
from pipeline.runs.served import load_pushed, pushed_model

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write them to a file: .csv, or .jsonl for JSON.")
]

MaxUnseen = Annotated[
    float | None,
    typer.Option(
        "--max-unseen",
        min=0,
        max=1,
        metavar="SHARE",
        help="Fail where more of a category's values than this are none that training had; any may be if unset.",
    ),
]


def predict(
    name: Name,
    files: Files,
    as_json: AsJson = False,
    out: Out = None,
    max_unseen: MaxUnseen = None,
    model_version: ModelVersion = None,
    settings: Settings = None,
    output_dir: OutputDir = "",
) -> None:
    """Predict photos or rows by the last pushed model. Exit status: 0 some were, 1 none could be."""
    if out:
        out = Path(os.path.expanduser(out))
        check_out(out)
    config = with_runs(name, output_dir=output_dir, settings=settings)
    folder = pushed_model(config, model_version)
    paths = given_paths(files)
    with loading_tensorflow():
        # Both load TensorFlow, which takes seconds.
        from pipeline.prediction import predict as prediction  # noqa: PLC0415
        from pipeline.prediction.novelties import WatchedModel  # noqa: PLC0415
    model = load_pushed(config, model_version, folder, WatchedModel)
    config = read_as_trained(config, model.folder, settings)
    try:
        if out:
            outcome = prediction.predict_and_write(config.data, paths, model, out, max_unseen)
            _print_summary(out, outcome.predicted, outcome.quarantined, as_json=as_json)
        else:
            outcome = prediction.predict_and_print(config.data, paths, model, as_json=as_json, max_unseen=max_unseen)
        sys.stdout.flush()
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    raise typer.Exit(int(not outcome.predicted))


def _print_summary(out: Path, predicted: int, quarantined: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"out": str(out) if predicted else None, "predicted": predicted, "quarantined": quarantined})
        return
    where = f"written to {out}" if predicted else f"{out} wasn't written"
    sys.stdout.write(f"{predicted:,} predicted, {quarantined:,} couldn't be: {where}\n")
