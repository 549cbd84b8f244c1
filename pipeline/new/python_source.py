"""Settings as Python source, laid out as `ruff format` does it, so that a written file is code like any other."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rich.cells import cell_len

from components.settings import Settings

WIDTH = 120
INDENT = "    "
FACE = "pipeline.config"
"""The module that has every class of settings."""


@dataclass(frozen=True)
class Atom:
    """What is never broken into lines: a string, a number, a name."""

    text: str


@dataclass(frozen=True)
class Entry:
    """One thing in brackets.

    Attributes:
        prefix: What stands before the value: "key=" or "key: " or "".
        value: The value.
        comment: What is said above it.
    """

    prefix: str
    value: "Node"
    comment: str = ""


@dataclass(frozen=True)
class Brackets:
    """A call, a tuple or a dictionary.

    Attributes:
        before: What stands before the bracket: a call's name, or "".
        signs: The brackets.
        entries: What is in them.
    """

    before: str
    signs: str
    entries: tuple[Entry, ...]


Node: TypeAlias = Atom | Brackets


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
    return f"{name} = {_laid_out(_node(settings, '', written), 0, len(name) + 3, 0)}"


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
    line = f"from {FACE} import {', '.join(names)}"
    if cell_len(line) <= WIDTH:
        return line
    return "\n".join([f"from {FACE} import (", *(f"{INDENT}{name}," for name in names), ")"])


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


def _node(value: object, key: str, written: Written) -> Node:
    if key in written.names:
        return Atom(written.names[key])
    if isinstance(value, Settings):
        given = [name for name in type(value).model_fields if name in value.model_fields_set]
        entries = [_entry(f"{name}=", getattr(value, name), f"{key}.{name}".lstrip("."), written) for name in given]
        return Brackets(type(value).__name__, "()", tuple(entries))
    if isinstance(value, tuple):
        return Brackets("", "()", tuple(_entry("", each, f"{key}.{at}", written) for at, each in enumerate(value)))
    if isinstance(value, dict):
        pairs = [_entry(f"{quoted(name)}: ", each, f"{key}.{name}", written) for name, each in value.items()]
        return Brackets("", "{}", tuple(pairs))
    return Atom(quoted(value) if isinstance(value, str) else repr(value))


def _entry(prefix: str, value: object, key: str, written: Written) -> Entry:
    return Entry(prefix, _node(value, key, written), written.comments.get(key, ""))


def _laid_out(node: Node, depth: int, column: int, after: int) -> str:
    """Returns a value's source.

    Args:
        node: The value.
        depth: How deep its line is indented.
        column: How much of the line is before it.
        after: How much of the line must stay free behind it.
    """
    flat = _flat(node)
    if isinstance(node, Atom) or (flat is not None and column + cell_len(flat) + after <= WIDTH):
        return flat or ""
    inside = INDENT * (depth + 1)
    body = _flat_entries(node)
    # The arguments of a call may share one line; what is in a tuple or a dictionary may not.
    if node.before and body is not None and len(inside) + cell_len(body) <= WIDTH:
        lines = [f"{inside}{body}"]
    else:
        lines = []
        for entry in node.entries:
            lines += textwrap.wrap(entry.comment, WIDTH, initial_indent=f"{inside}# ", subsequent_indent=f"{inside}# ")
            start = f"{inside}{entry.prefix}"
            lines.append(f"{start}{_laid_out(entry.value, depth + 1, cell_len(start), 1)},")
    return "\n".join([f"{node.before}{node.signs[0]}", *lines, f"{INDENT * depth}{node.signs[1]}"])


def _flat(node: Node) -> str | None:
    """Returns a value in one line; None if a comment stands in it."""
    if isinstance(node, Atom):
        return node.text
    body = _flat_entries(node)
    if body is None:
        return None
    single = "," if not node.before and node.signs == "()" and len(node.entries) == 1 else ""
    return f"{node.before}{node.signs[0]}{body}{single}{node.signs[1]}"


def _flat_entries(node: Brackets) -> str | None:
    pieces = []
    for entry in node.entries:
        flat = _flat(entry.value)
        if flat is None or entry.comment:
            return None
        pieces.append(entry.prefix + flat)
    return ", ".join(pieces)
