"""Arguments and options that several commands share."""

from typing import Annotated

import typer

from pipeline import catalog
from pipeline.config import Pipeline
from pipeline.config.overrides import apply_overrides


def _pipelines(incomplete: str) -> list[str]:
    return [name for name in catalog.names() if name.startswith(incomplete)]


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A pipeline of pipeline/catalog/.", autocompletion=_pipelines)
]
DataDir = Annotated[str, typer.Option(metavar="DIR", help="The data, in place of the pipeline's own source.")]
OutputDir = Annotated[str, typer.Option(metavar="DIR", help="Where the pipeline's folder is; ~/transferline if unset.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, as trainer.fine_tuning.epochs=3.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


def configured(name: str, *, data_dir: str = "", output_dir: str = "", settings: list[str] | None = None) -> Pipeline:
    """Returns a pipeline's configuration with what the command line says.

    Raises:
        TransferlineError: There is no such pipeline, or the settings aren't valid.
    """
    given = [f"data.path={data_dir}"] * bool(data_dir) + [f"output_dir={output_dir}"] * bool(output_dir)
    return apply_overrides(catalog.load(name), [*(settings or []), *given])
