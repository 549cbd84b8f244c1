"""The names that no pipeline's file should have: run as a script it is found first, and hides the module."""

import sys
from importlib.machinery import PathFinder
from pathlib import Path

from pipeline.lookup.files import folders

OWN_NAMES = frozenset(
    {"benchmarks", "components", "kubeflow", "pipeline", "pipelines", "schemas", "tests", "transferline"}
)
"""Of this project, and of the Kubeflow SDK, which may come later."""


def is_module(name: str, folder: Path | None = None) -> bool:
    """Returns whether Python, the environment or this project has a module of a name.

    What lies in the current folder, or in a folder where pipelines are looked up, doesn't count.

    Args:
        name: The name.
        folder: One more that doesn't count.
    """
    if not name.isidentifier():
        return False
    if name in sys.stdlib_module_names or name in OWN_NAMES:
        return True
    ours = {Path.cwd(), folder, *(each.path for each in folders())}
    elsewhere = [path for path in sys.path if path and Path(path).absolute() not in ours]
    if PathFinder.find_spec(name, elsewhere) is not None:
        return True
    # Packages that were installed editable have finders of their own.
    specs = [finder.find_spec(name, None) for finder in sys.meta_path if finder is not PathFinder]
    return any(spec is not None and Path(spec.origin or name).absolute().parent not in ours for spec in specs)
