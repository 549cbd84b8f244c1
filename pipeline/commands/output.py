"""How commands print: tables for people, without colour codes and without cuts when piped, or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WHEN_PIPED = 200


def console() -> Console:
    """Returns a console on stdout."""
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED)


def print_json(value: object) -> None:
    """Prints a value as JSON; a number that isn't finite is an error, since JSON has none."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")
