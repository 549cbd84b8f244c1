"""`transferline data`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from components.errors import TransferlineError
from components.room import Folder
from pipeline.commands.options import Name, configured
from pipeline.config.sources import EmbeddedDigits, HiggsToy
from pipeline.data.sources import write_to


def data(
    name: Name,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")],
    rows: Annotated[int, typer.Option(min=1, help="How many rows, of what is simulated.")] = 12_000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same file.")] = 0,
) -> None:
    """Write a pipeline's own data to a file or folder."""
    source = configured(name).source
    if isinstance(source, HiggsToy):
        source = HiggsToy(rows=rows, seed=seed)
    elif not isinstance(source, EmbeddedDigits):
        raise TransferlineError(
            f"The pipeline '{name}' has no data of its own to write.", cure="Use digits or higgs_toy, or download it."
        )
    out = Path(os.path.expanduser(out))
    write_to(source, out, Folder(out.parent, "name another with --out"))
    sys.stdout.write(f"{out}\n")
