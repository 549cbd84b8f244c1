"""The catalog file itself: its name, its text, and where it goes."""

import keyword
import re
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.cells import cell_len

from components.errors import TransferlineError
from components.wording import shown
from pipeline import catalog
from pipeline.config import PipelineConfig
from pipeline.new.python_source import WIDTH, Written, assignment, constant, imports

PROJECT = Path(catalog.__file__).parents[2]
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Draft:
    """What is to be written of a pipeline, and said about its data.

    Attributes:
        config: The pipeline.
        title: What it is, in a few words.
        data: Paragraphs on the data, as they were found.
        expect: What a run of it should show.
        details: More on the data, for the file alone: `warnings` say it on the screen.
        settings: The settings, as `--set` takes them, without which a run of it would stop.
        warnings: What someone should look at before relying on it.
        comments: What is said above a setting, by its dotted key.
        names: An expression in place of a setting's value, by its dotted key.
        imports: Names of `pipeline.config` that those expressions need.
        constants: Tuples of strings above the configuration, by their name.
    """

    config: PipelineConfig
    title: str
    data: str
    expect: str
    details: str = ""
    settings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    constants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def check_name(name: str) -> None:
    """Checks that a pipeline, and a module, can have this name.

    Raises:
        TransferlineError: It can't.
    """
    if not NAME.fullmatch(name):
        cause = f"{shown(name)!r} can't name a pipeline and its catalog file"
        cure = "use small letters, digits and _, beginning with a letter, as in my_photos"
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        cause, cure = f"{name!r} is a word of the Python language", f"use another name, such as my_{name}"
    elif _is_module(name):
        cause = f"{name!r} is the name of a library's module, which a catalog file of that name would hide"
        cure = f"use another name, such as my_{name}"
    else:
        return
    raise TransferlineError(cause, place="NAME", cure=cure)


def _is_module(name: str) -> bool:
    """Whether Python, the environment or this project has a module of this name; the current folder doesn't count."""
    folders = [path for path in sys.path if path and Path(path) != Path.cwd()]
    known = sys.stdlib_module_names | {"components", "pipeline", "schemas"}
    return name in known or PathFinder.find_spec(name, folders) is not None


def target_of(name: str, out: str, *, force: bool) -> Path:
    """Returns the file to write.

    Args:
        name: The pipeline's name.
        out: The file that the user named; "" for the catalog.
        force: Whether a file that is there already may be replaced.

    Raises:
        TransferlineError: There is such a file, or the catalog is no place to write to.
    """
    path = Path(out).expanduser() if out else Path(catalog.__file__).parent / f"{name}.py"
    if not out and not (PROJECT / "pyproject.toml").is_file():
        raise TransferlineError(
            "Transferline is installed as a library here, and its catalog is no place for files of yours",
            place=str(path.parent),
            cure=f"name a file with --out, such as --out {name}.py, or start from a checkout of the project",
        )
    if path.is_dir():
        raise TransferlineError("--out names a folder, not a file", place=str(path), cure=f"use {path / name}.py")
    if path.exists() and not force:
        raise TransferlineError("there is such a file already", place=str(path), cure="add --force to replace it")
    return path


def render(draft: Draft, path: Path) -> str:
    """Returns the text of the catalog file.

    Args:
        draft: What to write.
        path: Where it goes.
    """
    environment = Environment(
        loader=PackageLoader("pipeline.new", "."),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - it is Python, not HTML.
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    comments = {key: shown(text) for key, text in draft.comments.items()}
    in_catalog = path.parent == Path(catalog.__file__).parent
    config = assignment("CONFIG", draft.config, Written(comments, draft.names))
    return environment.get_template("catalog_file.py.jinja").render(
        # A long path, or class, is no reason to fail the project's checks.
        has_long_lines=any(cell_len(line) > WIDTH for line in config.splitlines()),
        name=draft.config.name,
        title=_in_docstring(draft.title),
        data=_paragraph(f"Data: {draft.data} {draft.details}"),
        expect=_paragraph(f"Result: {draft.expect}"),
        is_raw="\\" in f"{shown(draft.title)}{shown(draft.data)}{shown(draft.expect)}{shown(str(path))}",
        in_catalog=in_catalog,
        file=_in_docstring(str(path.relative_to(PROJECT)) if in_catalog else path.name),
        imports=imports(draft.config, draft.imports),
        constants=[constant(name, values) for name, values in draft.constants.items()],
        config=config,
    )


def write(text: str, path: Path) -> None:
    """Writes the file.

    Raises:
        TransferlineError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TransferlineError(
            f"the file can't be written: {error.strerror or error}", place=str(path), cure="name another with --out"
        ) from error


def _paragraph(text: str) -> str:
    return textwrap.fill(_in_docstring(text), WIDTH, break_long_words=False, break_on_hyphens=False)


def _in_docstring(text: str) -> str:
    """Text from someone's data, that it can't end the docstring; where there are escapes, that is a raw one."""
    return shown(text).replace('"""', "'''")
