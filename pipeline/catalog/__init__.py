"""The pipelines: one file each, with its configuration and the script that `tfx pipeline create` is given.

Such a script puts this folder first on sys.path, so no file here may have the name of a library's module.
"""

import importlib
import pkgutil
from pathlib import Path

from pydantic import ValidationError

from components.errors import TransferlineError
from components.wording import nearest
from pipeline.config import Pipeline

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Returns the names of the catalog's pipelines, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Pipeline:
    """Returns the configuration of a pipeline.

    Raises:
        TransferlineError: There is none of that name.
    """
    if name not in names():
        raise TransferlineError(
            f"there is no pipeline '{name}'{nearest(name, names())}",
            place="pipeline/catalog/",
            cure=f"use one of {', '.join(names())}",
        )
    try:
        config = importlib.import_module(f"{__name__}.{name}").CONFIG
    except ValidationError as error:
        faults = [f"{error.title}.{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise TransferlineError(
            "the catalog file isn't valid:\n" + "\n".join(f"  - {fault}" for fault in faults),
            place=f"pipeline/catalog/{name}.py",
            cure="correct these settings",
        ) from error
    if not isinstance(config, Pipeline):
        raise TransferlineError(
            f"pipeline/catalog/{name}.py has no CONFIG of the type ImagePipeline or RowPipeline",
            cure="define CONFIG there",
        )
    return config
