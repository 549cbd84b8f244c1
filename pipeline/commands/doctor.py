"""`transferline doctor`."""

import os

import typer

from pipeline.checks.doctor import examine
from pipeline.checks.finding import has_fault
from pipeline.commands.options import AsJson, OutputDir
from pipeline.commands.output import print_findings
from pipeline.config import default_output_dir


def doctor(output_dir: OutputDir = "", as_json: AsJson = False) -> None:
    """Check whether this machine is fit for a run. Exit status: 0 no fault, 1 a fault."""
    findings = examine(os.path.expanduser(output_dir or default_output_dir()))
    print_findings(findings, as_json=as_json)
    raise typer.Exit(int(has_fault(findings)))
