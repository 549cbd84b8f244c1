"""Computes a hash of a step's own code, so that changed code is never served from the cache.

TFX's cache key holds the name of the function a step runs, not what it says.
"""

import hashlib
import importlib.util
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grimp

PACKAGES = ("components", "pipeline")
LIBRARIES = ("tfx", "tensorflow", "tf_keras", "tensorflow-transform", "tensorflow-model-analysis", "apache-beam")
TEMPLATES = "templates"
"""What a package keeps in a folder of this name is part of it."""


def source_fingerprint(*modules: str) -> str:
    """Hashes modules, everything of ours they import, directly or not, and the versions of the libraries below.

    Args:
        modules: Dotted names, such as "components.trainer.transfer_learning.run_fn".

    Returns:
        16 hex digits.
    """
    digest = hashlib.sha256(library_versions().encode())
    for name in sorted(_with_imports(modules)):
        digest.update(f"{name}\n".encode())
        source = _source_file(name)
        digest.update(source.read_bytes())
        for template in sorted(source.parent.glob(f"{TEMPLATES}/*")) if source.name == "__init__.py" else ():
            digest.update(template.read_bytes())
    return digest.hexdigest()[:16]


def library_versions() -> str:
    """Returns a line for each of the libraries above."""
    return "".join(f"{library}=={version(library)}\n" for library in LIBRARIES)


def file_fingerprint(path: str | None) -> str:
    """Returns the SHA-256 of a local file, so that a replaced one is noticed; "" where there is no such file."""
    if not path or not Path(path).is_file():
        return ""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _with_imports(modules: tuple[str, ...]) -> set[str]:
    graph = _import_graph()
    found = set(modules)
    for name in modules:
        found |= graph.find_upstream_modules(name)
    return found | {parent for name in found for parent in _parents(name)}


@cache
def _import_graph() -> "grimp.ImportGraph":
    import grimp  # noqa: PLC0415 (whether anything has changed at all is asked without it)

    return grimp.build_graph(*PACKAGES, cache_dir=None)


def _parents(name: str) -> list[str]:
    """Importing a.b.c also runs a and a.b."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _source_file(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no source file for {name}", name=name)
    return Path(spec.origin)
