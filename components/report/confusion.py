"""Lays out the confusion matrix: row percent with counts, each mistake a link to its examples."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from components.report.review import EvaluationReview

MANY = 12
"""With more classes, a cell has room for its percent alone."""

PAIRS_SHOWN = 5


class Cell(NamedTuple):
    """One cell.

    Attributes:
        actual: The class of its row.
        predicted: The class of its column.
        examples: How many, or their weights.
        share: Of the examples of its row.
    """

    actual: str
    predicted: str
    examples: float
    share: float

    @property
    def is_right(self) -> bool:
        """Whether it is on the diagonal."""
        return self.actual == self.predicted


class ConfusionTable(NamedTuple):
    """The matrix as it is shown.

    Attributes:
        names: The classes.
        rows: By actual class: the class, its examples, and its cells in the order of `names`.
        cut: The probability above which the second of two classes is answered; None for more classes.
        often: The pairs that are confused most often, the most frequent first.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, float, tuple[Cell, ...]], ...]
    cut: float | None
    often: tuple[Cell, ...]

    @property
    def has_many(self) -> bool:
        """Whether there are so many classes that cells are small."""
        return len(self.names) > MANY


def confusion_table(evaluation: EvaluationReview | None) -> ConfusionTable | None:
    """Returns the confusion matrix over all examples; None where there is none."""
    confusion = evaluation.plots[0].confusion if evaluation and evaluation.plots else ()
    if not evaluation or not confusion:
        return None
    names = evaluation.class_names
    rows = tuple(_rows(names, confusion))
    wrong = [cell for _, _, cells in rows for cell in cells if cell.examples and not cell.is_right]
    return ConfusionTable(
        names=names,
        rows=rows,
        cut=evaluation.answering.cut if len(names) == 2 else None,
        often=tuple(sorted(wrong, key=lambda cell: -cell.examples)[:PAIRS_SHOWN]),
    )


def _rows(names: Sequence[str], confusion: Sequence[Sequence[float]]) -> Iterator[tuple[str, float, tuple[Cell, ...]]]:
    for actual, counts in zip(names, confusion, strict=True):
        whole = sum(counts)
        shares = [count / whole if whole else 0.0 for count in counts]
        cells = tuple(Cell(actual, *each) for each in zip(names, counts, shares, strict=True))
        yield actual, whole, cells
