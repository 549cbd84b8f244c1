"""How commands print: tables for people, without colour codes and without cuts when piped, or JSON."""

import json
import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.json_values import finite
from pipeline.checks.finding import Finding
from pipeline.terminal import SafeConsole

WIDTH_WHEN_PIPED = 200
MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "fault": "[red]✗[/]"}


def console() -> Console:
    """Returns a console on stdout."""
    return SafeConsole(width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED)


def print_json(value: object) -> None:
    """Prints a value as JSON: null for a number that isn't finite."""
    sys.stdout.write(json.dumps(finite(value), indent=2, allow_nan=False) + "\n")


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Prints what checks found, a line each, with what to do about it below."""
    if as_json:
        print_json([finding.model_dump() for finding in findings])
        return
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        cure = f"\n→ {finding.cure}" if finding.cure else ""
        table.add_row(MARKS[finding.level], escape(finding.subject), escape(finding.text + cure))
    screen = console()
    screen.print(table)
    count = Counter(finding.level for finding in findings)
    screen.print(f"{_counted(count['fault'], 'fault')}, {_counted(count['warning'], 'warning')}")


def _counted(count: int, name: str) -> str:
    return f"{count or 'no'} {name}{'s' * (count != 1)}"
