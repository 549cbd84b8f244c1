"""What a part of the torture is, and what becomes of one case."""

import os
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from random import Random
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

import torture.parts
from components.errors import TransferlineError

BROKEN = "broken: "
"""How the verdict of a broken promise begins."""

EVERY_MEASURED = 100
_LINES_OF_TRACEBACK = 12


class Part(BaseModel):
    """One kind of thing that is tried.

    Attributes:
        name: Of its module.
        cases: How many `make torture` tries.
        run: Does one case. It gets what decides everything by chance, and an empty folder; it returns its verdict in a
            word or two. TransferlineError counts as "refused"; any other exception is a broken promise.
        refusals: Whether TransferlineError may be its end at all.
        sample: How many cases of seed 0 are in `make test`.
        seconds: The longest that a case may take.
        mebibytes: By how much a case may raise the memory of its process.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cases: int
    run: Callable[[Random, Path], str]
    refusals: bool = True
    sample: int = 20
    seconds: int = 30
    mebibytes: int = 1024


class Result(BaseModel):
    """What became of one case.

    Attributes:
        case: Its number.
        verdict: In a word or two; of a broken promise, it begins with `BROKEN`.
        seconds: How long it took.
        mebibytes: By how much it raised the memory of its process; None where it wasn't measured.
        told: The end of the traceback of a broken promise, or how the process ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: int
    verdict: str
    seconds: float
    mebibytes: int | None = None
    told: str = ""


def part_names() -> list[str]:
    """The names of all parts."""
    return sorted(module.name for module in iter_modules(torture.parts.__path__))


def part_of(name: str) -> Part:
    """The part of a name."""
    part: Part = import_module(f"torture.parts.{name}").PART
    return part


def run_case(part: Part, seed: int, case: int) -> Result:
    """Does one case, in this process, and measures its memory if its number says so."""
    before = _highest_memory(reset=True) if case % EVERY_MEASURED == 0 else None
    begin = time.perf_counter()
    told = ""
    with TemporaryDirectory(prefix="torture-") as folder:
        try:
            # The numbers by chance of a case hang on nothing but these three.
            verdict = part.run(Random(f"{seed}/{part.name}/{case}"), Path(folder))  # noqa: S311
        except (Exception, SystemExit) as error:
            may_be = part.refusals and isinstance(error, TransferlineError)
            verdict = "refused" if may_be else f"{BROKEN}{type(error).__name__}"
            lines = traceback.format_exc().splitlines()[-_LINES_OF_TRACEBACK:]
            # What was read may hold what UTF-8 can't have.
            told = "" if may_be else "\n".join(lines).encode("utf-8", "backslashreplace").decode()
    seconds = round(time.perf_counter() - begin, 3)
    risen = None if before is None else _highest_memory() - before
    if risen is not None and risen > part.mebibytes:
        verdict = f"{BROKEN}{risen} MiB"
    return Result(case=case, verdict=verdict, seconds=seconds, mebibytes=risen, told=told)


def _highest_memory(*, reset: bool = False) -> int:
    """The most memory that this process has had since the last reset, in MiB."""
    if reset:
        # Not every container lets it be reset; then it is that of the whole life, and too low a rise is seen.
        with suppress(OSError):
            Path(f"/proc/{os.getpid()}/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
