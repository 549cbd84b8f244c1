"""`transferline check`."""

import typer

from components.errors import TransferlineError
from pipeline.checks.check import check_pipeline
from pipeline.checks.finding import has_fault, of_error, warning
from pipeline.commands.options import AsJson, DataDir, Name, OutputDir, Settings, configured
from pipeline.commands.output import print_findings
from pipeline.lookup.files import Note


def check(
    name: Name, data_dir: DataDir = "", output_dir: OutputDir = "", settings: Settings = None, as_json: AsJson = False
) -> None:
    """Check settings, data and environment in seconds, without running. Exit status: 0 no fault, 1 a fault."""
    notes: list[Note] = []
    try:
        config = configured(name, data_dir=data_dir, output_dir=output_dir, settings=settings, tell=notes.append)
    except TransferlineError as error:
        findings = [of_error("settings", error)]
    else:
        findings = check_pipeline(config)
    findings = [*(warning("file", note.text, note.cure) for note in notes), *findings]
    print_findings(findings, as_json=as_json)
    raise typer.Exit(int(has_fault(findings)))
