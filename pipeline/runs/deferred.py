"""Leaves modules unread until something of them is used.

TFX, Beam and TensorFlow import clients of services that a run on this machine never speaks with, and whatever those
import in turn: half of the time until the first step. A module that is deferred is there, and its code runs when it is
asked for the first name that it would define. So whoever does use it finds all of it.
"""

import sys
import threading
from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import version
from types import ModuleType
from typing import Any

UNUSED_HERE = (
    # Clients of Google's services; gs:// has others, which stay.
    "apache_beam.runners.dataflow.internal.clients.dataflow",
    "google.cloud.aiplatform",
    "google.cloud.bigquery",
    "google.cloud.bigquery_storage_v1",
    "google.cloud.pubsub",
    "googleapiclient.discovery",
    "googleapiclient.http",
    # What notebooks show.
    "IPython",
    "tensorflow_model_analysis.view",
    # Metrics of texts, and tests of significance.
    "nltk",
    "nltk.stem",
    "regex",
    "rouge_score.rouge_scorer",
    "scipy.stats",
)
"""What TFX, Beam and TensorFlow import and a run on this machine has no use for."""

COMPONENTS = "tfx.components"
"""It imports all of TFX's components, with Kubernetes and KerasTuner; each is a module of its own."""


def defer_unused() -> None:
    """Defers all that a run on this machine has no use for."""
    # Later ones mend TFMA there, without which nothing could be imported.
    does_nothing_else = tuple(map(int, version("tfx").split(".")[:2])) < (1, 17)
    defer((*UNUSED_HERE, *([COMPONENTS] if does_nothing_else else [])))


def defer(names: Collection[str]) -> None:
    """Has modules deferred from now on; those that were imported already stay as they are.

    `importlib.util.LazyLoader` wouldn't do: it reads a package as soon as a module in it is imported.
    """
    sys.meta_path.insert(0, _Finder(names))


class Deferred(ModuleType):
    """A module whose code hasn't run yet."""

    def __getattr__(self, name: str) -> Any:
        """Imports a module of that name, or else runs the code; the import system asks for names of its own in vain."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if _has_module(self, name):
            return import_module(f"{self.__name__}.{name}")
        _read(self)
        return ModuleType.__getattribute__(self, name)


class _Finder(MetaPathFinder):
    """Finds what is to be deferred, as the import system would have."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the module's specification, with a loader that doesn't run it."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self._names else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Makes a deferred module.

    Args:
        reads: The loader that would have run its code.
    """

    def __init__(self, reads: Loader) -> None:
        self.reads = reads
        self.lock = threading.RLock()
        self.has_begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Returns the module, empty."""
        return Deferred(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leaves it empty."""


def _has_module(module: Deferred, name: str) -> bool:
    path = getattr(module.__spec__, "submodule_search_locations", None)
    return path is not None and PathFinder.find_spec(f"{module.__name__}.{name}", path) is not None


def _read(module: ModuleType) -> None:
    """Runs a module's code, once: other threads wait for it, and what it imports in turn sees it half made."""
    loader = module.__loader__
    if not isinstance(loader, _Loader):
        return
    with loader.lock:
        if loader.has_begun:
            return
        loader.has_begun = True
        try:
            loader.reads.exec_module(module)
        except BaseException:
            loader.has_begun = False
            raise
        assert module.__spec__ is not None  # noqa: S101 (for the type checker)
        module.__loader__ = module.__spec__.loader = loader.reads
        module.__class__ = ModuleType
