"""Reads what a catalog file says of itself from its source, without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from components.settings import Settings
from pipeline.config.file import CONFIG
from pipeline.config.pipeline import ImagePipeline, RowPipeline

Kind = Literal["photos", "rows", ""]
KINDS: dict[str, Kind] = {ImagePipeline.__name__: "photos", RowPipeline.__name__: "rows"}


class Outline(Settings):
    """What the source of a catalog file tells.

    Attributes:
        kind: What the pipeline learns from; "" where CONFIG isn't made by a call of its class.
        name: The pipeline's name; "" where it isn't written out.
        output_dir: Where its folder is; "" where that isn't written out.
        fault: Why the file holds no pipeline; "" if it does, as far as can be seen.
    """

    kind: Kind = ""
    name: str = ""
    output_dir: str = ""
    fault: str = ""


def outline(path: Path) -> Outline:
    """Reads a file's source."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        return Outline(fault=f"it can't be read: {error.strerror}")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        return Outline(fault=f"it isn't Python{line}: {getattr(error, 'msg', None) or type(error).__name__}")
    values = list(_assigned(tree))
    if not values:
        return Outline(fault="it has no CONFIG")
    return _of_value(values[-1])


def _assigned(scope: ast.AST) -> Iterator[ast.expr | None]:
    """What CONFIG of the module is set to; None where that is no expression, as where it is imported."""
    for node in ast.iter_child_nodes(scope):
        match node:
            case ast.Assign(targets=targets, value=value) if any(map(_is_config, targets)):
                yield value
            case ast.AnnAssign(target=target, value=value) if _is_config(target):
                yield value
            case ast.ImportFrom(names=names) if any((name.asname or name.name) == CONFIG for name in names):
                yield None
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
                pass
            case _:
                yield from _assigned(node)


def _is_config(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == CONFIG


def _of_value(value: ast.expr | None) -> Outline:
    if not isinstance(value, ast.Call):
        return Outline()
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    if called not in KINDS:
        return Outline()
    texts = {
        keyword.arg: keyword.value.value
        for keyword in value.keywords
        if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
    }
    return Outline(kind=KINDS[called], name=texts.get("name", ""), output_dir=texts.get("output_dir", ""))
