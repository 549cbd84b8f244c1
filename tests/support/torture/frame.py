"""Runs parts, goes on where an interrupted run ended, and counts."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pydantic import BaseModel, ConfigDict

from torture.part import BROKEN, Part, Result

_BROKEN_SHOWN = 20


class Counts(BaseModel):
    """What became of the cases of a part.

    Attributes:
        part: Its name.
        seed: Of the cases.
        cases: How many were tried.
        verdicts: How often each was given.
        broken: The first of the broken promises.
        seconds: Of all cases together.
        median_seconds: Of a case.
        longest_seconds: Of a case.
        most_mebibytes: By how much a case raised the memory of its process, at most, of those that were measured.
        measured: How many those are.
    """

    model_config = ConfigDict(frozen=True)

    part: str
    seed: int
    cases: int
    verdicts: dict[str, int]
    broken: list[Result]
    seconds: float
    median_seconds: float
    longest_seconds: float
    most_mebibytes: int
    measured: int


def run_part(part: Part, seed: int, cases: int, folder: Path) -> Counts:
    """Tries the cases of a part that the results in the folder don't have.

    A case that ends its process, by a fault or because it took too long, is a broken promise; the next one goes on in
    a new one.

    Raises:
        RuntimeError: The process ended by itself, so that no case is to blame.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / f"{part.name}-{seed}.jsonl"
    while (done := len(_read(results))) < cases:
        command = [sys.executable, "-m", "torture.worker", part.name, str(seed), str(done), str(cases), str(results)]
        with TemporaryDirectory(prefix="torture-") as scratch:  # a process that is killed leaves its cases' folders
            # Beam orders its stages by hashes, which Python otherwise draws by chance.
            variables = {**os.environ, "TMPDIR": scratch, "PYTHONHASHSEED": "0"}
            ended = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, env=variables)
        if ended.returncode == 0:
            break
        told = ended.stderr[-2000:]
        if ended.returncode > 0:
            raise RuntimeError(f"{part.name}: its process ended with status {ended.returncode}:\n{told}")
        after = len(_read(results))
        result = Result(case=after, verdict=BROKEN + _how(ended.returncode, part), seconds=part.seconds, told=told)
        with results.open("a", encoding="utf-8") as file:
            file.write(result.model_dump_json() + "\n")
    return counted(part.name, seed, _read(results)[:cases])


def counted(name: str, seed: int, results: list[Result]) -> Counts:
    """Counts the results of a part."""
    measured = [result.mebibytes for result in results if result.mebibytes is not None]
    seconds = [result.seconds for result in results]
    return Counts(
        part=name,
        seed=seed,
        cases=len(results),
        verdicts=dict(sorted(Counter(result.verdict for result in results).items())),
        broken=[result for result in results if result.verdict.startswith(BROKEN)][:_BROKEN_SHOWN],
        seconds=round(sum(seconds), 1),
        median_seconds=median(seconds),
        longest_seconds=max(seconds),
        most_mebibytes=max(measured, default=0),
        measured=len(measured),
    )


def _read(results: Path) -> list[Result]:
    """What the results have; a last line that an interruption cut is taken off."""
    if not results.exists():
        return []
    text = results.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        results.write_text(whole, encoding="utf-8")
    return [Result.model_validate_json(line) for line in whole.splitlines()]


def _how(status: int, part: Part) -> str:
    if status == -signal.SIGALRM:
        return f"more than {part.seconds} s"
    return f"ended by {signal.Signals(-status).name}"
