"""The one error that is meant for a person."""


class TransferlineError(Exception):
    """A fault that the user can mend: what is wrong, where, and what to do about it.

    Args:
        cause: What is wrong, in one sentence.
        place: The file, row, feature or setting at fault; empty if there is none.
        cure: What to do, in one sentence.
    """

    def __init__(self, cause: str, *, place: str = "", cure: str = "") -> None:
        super().__init__(cause, place, cure)
        self.cause = cause
        self.place = place
        self.cure = cure

    def __str__(self) -> str:
        lines = [self.cause]
        if self.place:
            lines.append(f"  where: {self.place}")
        if self.cure:
            lines.append(f"  cure:  {self.cure}")
        return "\n".join(lines)
