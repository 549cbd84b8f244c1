"""What a written catalog file must be: formatted, importable, and the pipeline that was meant."""

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.new.catalog_file import render, write

ROOT = Path(__file__).parents[3]
RUFF = Path(sys.executable).parent / "ruff"


@pytest.fixture
def written(tmp_path):
    """Writes a draft; returns the text and the configuration that it holds."""

    def make(draft):
        path = tmp_path / f"{draft.config.name}.py"
        text = render(draft, path)
        write(text, path)
        for command in (["format", "--check"], ["check", "--ignore", "RUF001,RUF002,RUF003,S108"]):
            done = subprocess.run(
                [str(RUFF), *command, "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(path)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr + text
        assert all_imports_are_there(text)
        assert imported_modules(text) == {"sys", "pipeline.config", "pipeline.script"}
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return text, module.CONFIG

    return make


def imported_modules(text):
    """Returns the modules that a source imports."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom)}


def all_imports_are_there(text):
    """Whether all that a source imports by name exists, in what only a script runs too."""
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    return all(hasattr(importlib.import_module(node.module), name.name) for node in imported for name in node.names)
