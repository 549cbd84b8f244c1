"""Says what became of a job of Beam that another engine ran.

Such an engine hands errors on as text: of an error for people, and of a worker that was killed, only words arrive.
"""

import re
import traceback

from components.errors import TransferlineError, errors_of
from components.wording import printable

SHOWN = 300
ENDED = re.compile(
    r"(?:Pipeline \S+ failed in state|Dataflow pipeline failed\. State:) [A-Z_]+[:,]?(?P<said>.*)", re.DOTALL
)
"""How Beam's runners begin the error of a job that didn't come to its end."""
FOR_PEOPLE = re.compile(
    r"TransferlineError: (?P<cause>[^\n]+)(?:\n +place: (?P<place>[^\n]*))?(?:\n +cure:  (?P<cure>[^\n]*))?"
)
STEP_OF_BEAM = re.compile(r" \[while running '[^\n]*'\]$")
ERROR = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Error|Exception|Empty|Timeout)\b.*$", re.MULTILINE)
DETAILS = re.compile(r'^\s*details = "(?P<details>.*)"$', re.MULTILINE)
"""Where an error of gRPC, which has many lines, says what it is."""


def engine_error(error: BaseException, place: str) -> TransferlineError | None:
    """Returns the error for people of a job that an engine gave up, or that it couldn't be asked for; None of others.

    Args:
        error: With all that it came of.
        place: What to name where the engine names nothing.
    """
    for each in errors_of(error):
        if ended := ENDED.match(str(each)):
            return _told_by_worker(ended["said"]) or _given_up(ended["said"], place)
        if type(each).__module__.startswith("grpc") and _raised_in_beam(each):
            return _no_answer(each, place) if _is_silence(each) else _refused(each, place)
    return None


def _told_by_worker(said: str) -> TransferlineError | None:
    """The error for people that ended a worker's work."""
    told = FOR_PEOPLE.search(said)
    if told is None:
        return None
    cause, place, cure = (STEP_OF_BEAM.sub("", words or "") for words in told.group("cause", "place", "cure"))
    return TransferlineError(cause, place=place, cure=cure)


def _given_up(said: str, place: str) -> TransferlineError:
    return TransferlineError(
        f"The engine gave the job up: {_essence(said) or 'it says no more'}.",
        place=place,
        cure="Look in the engine's log for a worker that ended, as one does that is out of memory; then run again: "
        "finished steps aren't repeated.",
    )


def _no_answer(error: BaseException, place: str) -> TransferlineError:
    reason = _essence(str(error))
    return TransferlineError(
        f"The engine's job service doesn't answer{f': {reason}' if reason else ''}.",
        place=place,
        cure="See that it runs at the address in beam.endpoint; then run again: finished steps aren't repeated.",
    )


def _is_silence(error: BaseException) -> bool:
    """Whether nobody is there, or nobody answers in time; other statuses are answers."""
    status = getattr(error, "code", None)
    return status is None or status().name in ("UNAVAILABLE", "DEADLINE_EXCEEDED")


def _refused(error: BaseException, place: str) -> TransferlineError:
    return TransferlineError(
        f"The engine's job service refused the job: {_essence(str(error)) or 'it says no more'}.",
        place=place,
        cure="Look in its log; docs/beam.md tells of the releases that fit each other.",
    )


def _essence(said: str) -> str:
    """The one line of many that says what it was, without a full stop."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    named = DETAILS.findall(said) or ERROR.findall(said) or lines
    return printable(named[-1].strip().removesuffix("."))[:SHOWN] if named else ""


def _raised_in_beam(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_globals.get("__name__", "").startswith("apache_beam.") for frame, _ in frames)
