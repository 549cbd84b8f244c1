"""The pipelines that come along: one file each, with its configuration and the script that the tfx command is given.

Such a script puts this folder first on sys.path, so no file here may have the name of a library's module.
"""

import pkgutil

from components.errors import TransferlineError
from components.wording import nearest
from pipeline.config import Pipeline
from pipeline.config.file import load_file
from pipeline.config.pipeline import BUILT_IN as FOLDER

__all__ = ["FOLDER", "load", "names"]


def names() -> list[str]:
    """Returns the names of these pipelines, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Pipeline:
    """Returns the configuration of one of these pipelines.

    Raises:
        TransferlineError: There is none of that name.
    """
    if name not in names():
        raise TransferlineError(
            f"There is no pipeline '{name}'{nearest(name, names())}",
            place=str(FOLDER),
            cure=f"Use one of {', '.join(names())}.",
        )
    return load_file(FOLDER / f"{name}.py")
