"""Keeps which versions somebody went back from, and to."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from components.pusher.versions import versions
from components.settings import Settings
from pipeline.runs.whole_file import write_whole

RECORDS_FILE = "rollbacks.jsonl"


class Rollback(Settings):
    """One rollback.

    Attributes:
        time: When, in UTC.
        from_version: The version that was the newest until then.
        to_version: The earlier version that was asked for.
        pushed_as: The new version, a copy of it.
        model_uri: The folder of the new version.
        from_model: Digest of the model that was the newest; see `components.pusher.seal`. "" in earlier releases.
        from_state: Digest of all that the run depended on that had pushed it; "" where no run is known.
    """

    time: str
    from_version: int
    to_version: int
    pushed_as: int
    model_uri: str
    from_model: str = ""
    from_state: str = ""

    @property
    def day(self) -> str:
        """When, in words."""
        try:
            return f"{datetime.fromisoformat(self.time):%Y-%m-%d %H:%M} UTC"
        except ValueError:  # somebody wrote the line
            return self.time

    @property
    def in_words(self) -> str:
        """Says it of the model that was gone back from."""
        return f"Somebody went back from this model, version {self.from_version}, on {self.day}: it isn't pushed again."


def rollbacks(home: str) -> list[Rollback]:
    """Returns the rollbacks of a pipeline, the oldest first.

    Args:
        home: The pipeline's folder.
    """
    file = Path(home) / RECORDS_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return list(_read(lines))


def keep_rollbacks(home: str, done: Iterable[Rollback]) -> None:
    """Keeps these rollbacks, and no others.

    Args:
        home: The pipeline's folder.
        done: The oldest first.

    Raises:
        OSError: They can't be written; those that were kept before still are.
    """
    write_whole(Path(home) / RECORDS_FILE, "".join(f"{each.model_dump_json()}\n" for each in done))


def published(done: Iterable[Rollback], there: Sequence[int]) -> list[Rollback]:
    """Returns the rollbacks that pushed: one that was killed before it did has a record, and no version.

    It can be told from the others until something else is pushed.

    Args:
        done: The oldest first.
        there: The versions, the highest first.
    """
    newest = there[0] if there else 0
    return [each for each in done if each.pushed_as <= newest]


def forget_unpublished(home: str, pushed_dir: str) -> None:
    """Forgets the rollbacks that were killed before they pushed, since the next push would be taken for theirs.

    Args:
        home: The pipeline's folder, whose lock is held by who is about to push.
        pushed_dir: The folder of the versions.

    Raises:
        OSError: What is kept can't be written.
    """
    if kept := rollbacks(home):
        done = published(kept, versions(pushed_dir))
        if done != kept:
            keep_rollbacks(home, done)


def _read(lines: Iterable[str]) -> Iterator[Rollback]:
    for line in lines:
        with suppress(ValidationError):  # of a line that a full disk cut
            yield Rollback.model_validate_json(line)
