"""`pipeline.config` is all that whoever writes a pipeline imports."""

import ast
import subprocess
import sys
import typing

import pytest

from components.settings import Settings
from pipeline import catalog, config
from pipeline.config import ImagePipeline, RowPipeline

HEAVY = {"tensorflow", "tfx", "apache_beam", "ml_metadata", "tf_keras", "pyarrow"}
ALLOWED = {"pipeline.config", "pipeline.script", "pipeline.data.higgs"}


def settings_in(annotation):
    """Yields every class of settings that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
        for field in annotation.model_fields.values():
            yield from settings_in(field.annotation)
    for part in typing.get_args(annotation):
        yield from settings_in(part)


@pytest.mark.parametrize("kind", [ImagePipeline, RowPipeline])
def test_every_class_of_settings_is_there(kind):
    found = set(settings_in(kind))
    assert len(found) > 10
    assert [each for each in found if getattr(config, each.__name__, None) is not each] == []
    assert {each.__name__ for each in found} <= set(config.__all__)


def test_it_imports_nothing_heavy():
    code = "import sys, pipeline.config; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


@pytest.mark.parametrize("name", catalog.names())
def test_the_catalogs_files_import_from_there(name):
    nodes = list(ast.walk(ast.parse((catalog.FOLDER / f"{name}.py").read_text(encoding="utf-8"))))
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert "pipeline.config" in modules
    assert modules <= ALLOWED
