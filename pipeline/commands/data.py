"""`transferline data`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.sources import EmbeddedDigits, HiggsToy
from pipeline.data.sources import write_to


def data(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A pipeline whose data is embedded or simulated.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows, of what is simulated.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same file.")] = 0,
) -> None:
    """Write a pipeline's own data to a file or folder."""
    source = catalog.load(name).source
    if isinstance(source, HiggsToy):
        source = HiggsToy(rows=rows, seed=seed)
    elif not isinstance(source, EmbeddedDigits):
        raise TransferlineError(
            f"the pipeline '{name}' has no data of its own to write", cure="use digits or higgs_toy, or download it"
        )
    write_to(source, out)
    sys.stdout.write(f"{out}\n")
