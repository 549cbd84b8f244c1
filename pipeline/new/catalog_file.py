"""Names, renders and writes a catalog file."""

import keyword
import os
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.cells import cell_len

from components.errors import TransferlineError
from components.room import Folder, folder_error
from components.wording import printable, safe
from pipeline import catalog
from pipeline.config import PipelineConfig
from pipeline.lookup import files
from pipeline.lookup.module_names import is_module
from pipeline.new.python_source import WIDTH, Written, assignment, constant, imports
from pipeline.runs.whole_file import write_whole

PROJECT = catalog.FOLDER.parents[1]
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
        cause = f"{printable(name)!r} can't name a pipeline and its catalog file."
        cure = "Use small letters, digits and _, beginning with a letter, as in my_photos."
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        cause, cure = f"{name!r} is a word of the Python language.", f"Use another name, such as my_{name}."
    elif is_module(name):
        cause = f"{name!r} is the name of a library's module, which a catalog file of that name would hide."
        cure = f"Use another name, such as my_{name}."
    else:
        return
    raise TransferlineError(cause, place="NAME", cure=cure)


def target_of(name: str, out: str, *, force: bool) -> Path:
    """Returns the file to write.

    Args:
        name: The pipeline's name.
        out: The file that the user named; "" for where the name is looked up: the catalog of the checkout that this is,
            if the current folder is in it, else the folder `pipelines` of the current folder.
        force: Whether a file that is there already may be replaced.

    Raises:
        TransferlineError: There is such a file or a built-in pipeline of the name, or the path can't be one.
    """
    path = (Path(os.path.expanduser(out)) if out else _folder() / f"{name}{files.SUFFIX}").absolute()
    if path.is_dir():
        raise TransferlineError("--out names a folder, not a file.", place=str(path), cure=f"Use {path / name}.py.")
    if path.suffix != files.SUFFIX:
        raise TransferlineError("--out names no Python file.", place=str(path), cure=f"Use {path}.py.")
    if is_module(path.stem, path.parent):
        raise TransferlineError(
            f"{path.stem!r} is the name of a library's module, which a file of that name would hide.",
            place=str(path),
            cure=f"Use another name, such as my_{path.name}.",
        )
    if name in catalog.names() and path.parent != catalog.FOLDER:
        raise TransferlineError(
            f"{name!r} is a pipeline of the built-in catalog, and both would have one folder of runs.",
            place="NAME",
            cure=f"Use another name, such as my_{name}.",
        )
    if path.exists() and not force:
        raise TransferlineError("There is such a file already.", place=str(path), cure="Add --force to replace it.")
    return path


def _folder() -> Path:
    in_checkout = (PROJECT / "pyproject.toml").is_file() and Path.cwd().is_relative_to(PROJECT)
    return catalog.FOLDER if in_checkout else Path(files.OWN_FOLDER)


def argument_of(name: str, path: Path) -> str:
    """Returns what to give to commands for a pipeline: its name if that finds its file, else the path."""
    if any(file.name == name and file.path == path for file in files.all_files()):
        return name
    return str(path)


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
    name = draft.config.name
    file, target = _commands_name(name, path)
    comments = {key: _one_line(text) for key, text in draft.comments.items()}
    config = assignment("CONFIG", draft.config, Written(comments, draft.names))
    return environment.get_template("catalog_file.py.jinja").render(
        # A long path, or class, is no reason to fail the project's checks.
        has_long_lines=any(cell_len(line) > WIDTH for line in config.splitlines()),
        name=name,
        title=_in_docstring(draft.title),
        data=_paragraph(f"Data: {draft.data} {draft.details}"),
        expect=_paragraph(f"Result: {draft.expect}"),
        is_raw="\\"
        in f"{_one_line(draft.title)}{_one_line(draft.data)}{_one_line(draft.expect)}{_one_line(str(path))}",
        target=_in_docstring(target),
        file=_in_docstring(file),
        imports=imports(draft.config, draft.imports),
        constants=[constant(name, values) for name, values in draft.constants.items()],
        config=config,
    )


def write(text: str, path: Path) -> None:
    """Writes the file, whole or not at all: one that it replaces is as it was until then.

    Raises:
        TransferlineError: It can't be written.
    """
    try:
        write_whole(path, text)
    except OSError as error:
        if refused := folder_error(error, [Folder(path.parent, "name another place with --out")]):
            raise refused from error
        raise TransferlineError(
            f"The file can't be written: {error.strerror or error}.", place=str(path), cure="Name another with --out."
        ) from error


def _commands_name(name: str, path: Path) -> tuple[str, str]:
    """Returns a file's path from the folder where its commands work, and what `transferline run` takes there."""
    folder = path.parent
    root = PROJECT if folder == catalog.FOLDER else folder.parent if folder.name == files.OWN_FOLDER else folder
    file = str(path.relative_to(root))
    return file, name if root != folder and path.stem == name else f"./{file}"


def _paragraph(text: str) -> str:
    return textwrap.fill(_in_docstring(text), WIDTH, break_long_words=False, break_on_hyphens=False)


def _in_docstring(text: str) -> str:
    """Text from someone's data, that it can't end the docstring; where there are escapes, that is a raw one."""
    return _one_line(text).replace('"""', "'''")


def _one_line(text: str) -> str:
    """Text from someone's data in which nothing reads otherwise than Python does, as by a change of direction."""
    return safe(printable(text))
