"""Writes to a terminal, or a log that someone shows on one: names from data never command it."""

import codecs
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from components.errors import TransferlineError
from components.room import full_disk
from components.wording import safe


class SafeConsole(Console):
    """A console whose own colours and bars are all that a terminal obeys; `:cat:` in a name is no emoji."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(emoji=False, highlight=False, **settings)

    def render_str(self, text: str, **settings: Any) -> Text:
        """Returns text with styles, where rich takes every string that is printed or in a table."""
        return super().render_str(safe(text), **settings)


class SafeStream:
    """A stream on which everything is shown to the letter, but for what comes from a console of rich.

    Args:
        stream: Where it goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self.rich_proxied_file = stream  # by this name rich looks for what is behind a stream

    def write(self, text: str) -> int:
        """Writes text, as `safe` shows it."""
        self.rich_proxied_file.write(safe(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Writes lines, as `safe` shows them."""
        self.rich_proxied_file.writelines(map(safe, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


def told(error: TransferlineError | OSError) -> int:
    """Says on stderr what ended a command, without a traceback; returns the exit status."""
    if isinstance(error, TransferlineError):
        sys.stderr.write(f"transferline: {error}\n")
    elif isinstance(error, BrokenPipeError):  # as of `| head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:  # of the output folder: a run's own errors are in its record
        sys.stderr.write(f"transferline: {error}\n  cure:  {_cure(error)}\n")
    return 1


def _cure(error: OSError) -> str:
    if full_disk(error):
        return "Make room there, or give another folder with --output-dir."
    if isinstance(error, PermissionError):
        return "Give this user the right to it, or give another folder with --output-dir."
    return "Give another folder with --output-dir."


def open_closed_streams() -> None:
    """Opens stdin, stdout and stderr on nothing where whoever started the process closed them, as `>&-` does.

    Else Python has None for them, and the next file that is opened would get what is printed.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is the stream's own
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _take_any_character() -> None:
    """Lets stdout and stderr take what their encoding doesn't have: a run's screen is UTF-8 wherever it is shown.

    Where the locale says ASCII, as LC_ALL=C does, it is most often only unset, and UTF-8 is what is understood.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            known = codecs.lookup(stream.encoding).name
            stream.reconfigure(encoding="utf-8" if known == "ascii" else known, errors="replace")


@contextmanager
def safe_streams() -> Iterator[None]:
    """Lets all that Python writes to stdout and stderr meanwhile be shown to the letter, whatever the locale."""
    _take_any_character()
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", SafeStream(stream)) for stream in streams)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
