"""Defines what a check reports: a finding, with what to do about it."""

from collections.abc import Iterable
from typing import Literal

from components.errors import TransferlineError
from components.settings import Settings

Level = Literal["ok", "warning", "fault"]


class Finding(Settings):
    """One thing that was looked at.

    Attributes:
        subject: What was looked at, in a word or two.
        level: "ok"; "warning", of what may be meant; or "fault", with which a run would fail or never be blessed.
        text: What was found: a fact where all is well, else a sentence with a full stop.
        cure: What to do about it, in a sentence or as a command; "" where all is well.
    """

    subject: str
    level: Level
    text: str
    cure: str = ""


def ok(subject: str, text: str) -> Finding:
    """Returns a finding that asks for nothing."""
    return Finding(subject=subject, level="ok", text=text)


def warning(subject: str, text: str, cure: str) -> Finding:
    """Returns a finding that may be meant as it is."""
    return Finding(subject=subject, level="warning", text=text, cure=cure)


def fault(subject: str, text: str, cure: str) -> Finding:
    """Returns a finding with which a run would fail or never be blessed."""
    return Finding(subject=subject, level="fault", text=text, cure=cure)


def of_error(subject: str, error: TransferlineError) -> Finding:
    """Returns an error as a finding, with its place."""
    return fault(
        subject, f"{error.cause.removesuffix('.')} ({error.place})." if error.place else error.cause, error.cure
    )


def has_fault(findings: Iterable[Finding]) -> bool:
    """Returns whether a finding is a fault."""
    return any(finding.level == "fault" for finding in findings)
