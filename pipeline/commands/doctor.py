"""`transferline doctor`."""

import typer

from pipeline.commands.options import AsJson, OutputDir
from pipeline.commands.output import print_findings


def doctor(output_dir: OutputDir = "", as_json: AsJson = False) -> None:
    """Check whether this machine is fit for a run. Exit status: 0 no fault, 1 a fault."""
    from pipeline.checks.doctor import examine  # noqa: PLC0415
    from pipeline.checks.finding import has_fault  # noqa: PLC0415
    from pipeline.config import default_output_dir  # noqa: PLC0415

    findings = examine(output_dir or default_output_dir())
    print_findings(findings, as_json=as_json)
    raise typer.Exit(int(has_fault(findings)))
