"""Settings as Python source, formatted by ruff, so that a written file is code like any other."""

import subprocess
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from ruff import find_ruff_bin

from components.errors import TransferlineError
from components.settings import Settings

WIDTH = 120
INDENT = "    "
FACE = "pipeline.config"
"""The module that has every class of settings."""


@dataclass(frozen=True)
class Written:
    """How some settings are to be written, by their dotted keys.

    Attributes:
        comments: What is said above a setting.
        names: An expression in place of a setting's value.
    """

    comments: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def assignment(name: str, settings: Settings, written: Written) -> str:
    """Returns `name = Settings(...)` with the settings that were given, not the defaults."""
    return formatted(f"{name} = {_source(settings, '', written, depth=0)}")


def constant(name: str, values: Sequence[str]) -> str:
    """Returns `name = (...)` with as many strings in a line as fit, which the formatter is told to leave."""
    lines = [INDENT]
    for value in values:
        piece = f"{quoted(value)}, "
        if cell_len(lines[-1] + piece) > WIDTH and lines[-1] != INDENT:
            lines.append(INDENT)
        lines[-1] += piece
    body = "\n".join(line.rstrip() for line in lines)
    return f"{name} = (\n{body}\n)  # fmt: skip"


def imports(settings: Settings, more: Iterable[str] = ()) -> str:
    """Returns the line, or lines, that import the classes of these settings and more names of the same module."""
    found = {type(each).__name__ for each in _all_settings(settings)} | set(more)
    names = sorted(found, key=lambda name: (not name.isupper(), name.lower()))
    return formatted(f"from {FACE} import {', '.join(names)}")


def formatted(source: str) -> str:
    """Returns what `ruff format` makes of Python source, without the last line's end.

    Raises:
        TransferlineError: ruff isn't installed.
    """
    try:
        ruff = find_ruff_bin()
    except FileNotFoundError as error:
        raise TransferlineError(
            "Ruff, which formats the file, isn't installed.",
            place="the environment's programs",
            cure="Run `make setup`, or `pip install ruff`.",
        ) from error
    # Isolated: whatever settings for ruff are in the user's folder.
    command = [ruff, "format", "--isolated", "--line-length", str(WIDTH), "-"]
    return subprocess.run(command, input=source.encode(), stdout=subprocess.PIPE, check=True).stdout.decode().rstrip()


def quoted(text: str) -> str:
    """Returns a string literal, in double quotes unless single ones need fewer backslashes."""
    if text.count('"') > text.count("'"):
        return repr(text)
    # The added quote makes repr() choose single quotes, whatever the text is.
    body = repr('"' + text)[2:-1]
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def _all_settings(value: object) -> Iterator[Settings]:
    if isinstance(value, Settings):
        yield value
        for name in value.model_fields_set:
            yield from _all_settings(getattr(value, name))
    elif isinstance(value, tuple):
        for each in value:
            yield from _all_settings(each)
    elif isinstance(value, dict):
        yield from _all_settings(tuple(value.values()))


def _source(value: object, key: str, written: Written, *, depth: int) -> str:
    """Returns a value's source, on which ruff decides what shares a line.

    Args:
        value: Settings, or what they are made of.
        key: Its dotted key.
        written: How to write it.
        depth: How deep its line is indented if all around it is broken into lines.
    """

    def entry(prefix: str, name: object, each: object) -> str:
        inner = f"{key}.{name}".lstrip(".")
        width = WIDTH - len(f"{INDENT * (depth + 1)}# ")
        above = "".join(f"\n# {line}" for line in textwrap.wrap(written.comments.get(inner, ""), width))
        return f"{above}\n{prefix}{_source(each, inner, written, depth=depth + 1)}"

    if key in written.names:
        return written.names[key]
    if isinstance(value, Settings):
        given = [name for name in type(value).model_fields if name in value.model_fields_set]
        return f"{type(value).__name__}({', '.join(entry(f'{name}=', name, getattr(value, name)) for name in given)})"
    if isinstance(value, tuple):
        # Of one entry, the comma makes a tuple; of more, it would make ruff give each a line.
        return f"({', '.join(entry('', at, each) for at, each in enumerate(value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(entry(f'{quoted(name)}: ', name, each) for name, each in value.items())}}}"
    return quoted(value) if isinstance(value, str) else repr(value)
