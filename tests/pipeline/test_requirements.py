"""Whether requirements.in says what the code imports."""

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("components", "pipeline", "schemas", "transferline")

NOT_IMPORTED = {
    "dill": "tfx-bsl imports it",
    "pip": "the tfx command calls it",
    "plotly": "the report takes its JavaScript as a file",
    "setuptools": "TFX imports its pkg_resources",
    "tensorboard": "TensorFlow's callback writes for it, and people look with it",
}
"""What is declared all the same, and why."""


def requirements() -> set[str]:
    lines = (REPOSITORY / "requirements.in").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(Requirement(line).name) for line in lines if line and not line.startswith("#")}


def imported_modules(source: str) -> Iterator[str]:
    """Yields dotted names; `from a import b` is a.b, which may be a module or not."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def owners() -> dict[str, set[str]]:
    """Returns the distributions that each module's file belongs to."""
    found: dict[str, set[str]] = {}
    for distribution in distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        for line in (distribution.read_text("RECORD") or "").splitlines():
            if (file := line.split(",")[0]).endswith(".py"):
                found.setdefault(file, set()).add(name)
    return found


def distributions_of(module: str, files: dict[str, set[str]]) -> set[str]:
    """Returns the distributions with the file of a module, or of the innermost package around it.

    What another Python needs isn't here: then it is the one that is named like the module.
    """
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length])
        if owning := files.get(f"{path}/__init__.py") or files.get(f"{path}.py"):
            return owning
    return {canonicalize_name(parts[0])}


def third_party_modules() -> set[str]:
    modules = {
        module
        for package in PACKAGES
        for file in (REPOSITORY / package).rglob("*.py")
        for module in imported_modules(file.read_text(encoding="utf-8"))
    }
    return {module for module in modules if module.split(".")[0] not in {*sys.stdlib_module_names, *PACKAGES}}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    files, declared, used = owners(), requirements(), set(NOT_IMPORTED)
    undeclared = {}
    for module in third_party_modules():
        owning = distributions_of(module, files)
        used |= owning
        if not owning & declared:
            undeclared[module] = owning
    assert undeclared == {}
    assert declared - used == set()


def test_what_is_said_not_to_be_imported_is_declared_and_not_imported():
    files = owners()
    imported = set().union(*(distributions_of(module, files) for module in third_party_modules()))
    assert set(NOT_IMPORTED) <= requirements()
    assert not imported & set(NOT_IMPORTED)


def test_modules_are_found_in_namespaces_and_in_packages():
    files = {"google/protobuf/__init__.py": {"protobuf"}, "six.py": {"six"}}
    assert distributions_of("google.protobuf.message.Message", files) == {"protobuf"}
    assert distributions_of("six.moves", files) == {"six"}
    assert distributions_of("pyarrow_hotfix", files) == {"pyarrow-hotfix"}
    source = "import os.path\nfrom google import protobuf\nfrom . import sibling"
    assert set(imported_modules(source)) == {"os.path", "google.protobuf"}
