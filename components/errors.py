"""Defines the one error that is written for people."""

from collections.abc import Iterator


class TransferlineError(Exception):
    """A fault that the user can fix: what is wrong, where, and what to do about it.

    Args:
        cause: What is wrong: a sentence with a capital and a full stop.
        place: The file, row, feature or setting at fault; empty if there is none.
        cure: What to do: a sentence with a capital and a full stop.
    """

    def __init__(self, cause: str, *, place: str = "", cure: str = "") -> None:
        super().__init__(cause, place, cure)
        self.cause = cause
        self.place = place
        self.cure = cure

    def __str__(self) -> str:
        lines = [self.cause]
        if self.place:
            lines.append(f"  place: {self.place}")
        if self.cure:
            lines.append(f"  cure:  {self.cure}")
        return "\n".join(lines)


def errors_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yields an error and what it came of, the first cause last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def error_in_chain(error: BaseException | None) -> TransferlineError | None:
    """Returns the error for people that an error is, or came of; None where there is none."""
    return next((each for each in errors_of(error) if isinstance(each, TransferlineError)), None)
