"""What a look at the data finds, whatever the data is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.wording import listed
from pipeline.checks.finding import Finding, fault, ok, warning

MIN_CLASSES = 2
UNBALANCED = 10
"""Times as many records in the largest class as in the smallest."""

FEW = 10
"""With fewer records than this, a class is easily missing from a split by hash."""


@dataclass(frozen=True)
class Look:
    """What was found, and what of it other checks go by.

    Attributes:
        findings: In the order in which they are shown.
        classes: The classes; None where that isn't known.
        columns: The columns of rows, but for the label; None for photos, and where that isn't known.
    """

    findings: tuple[Finding, ...]
    classes: frozenset[str] | None = None
    columns: tuple[str, ...] | None = None


def class_findings(counts: Mapping[str, int], what: str, *, whole: bool = True) -> Iterator[Finding]:
    """Yields what there is to say of the records of each class.

    Args:
        counts: Records by class.
        what: What the records are: "photos" or "rows".
        whole: Whether all records were counted.
    """
    by_size = sorted(counts, key=lambda name: (-counts[name], name))
    told = listed([f"{name} {counts[name]:,}" for name in by_size])
    told += "" if whole else f" (of the first {sum(counts.values()):,} {what})"
    if len(counts) < MIN_CLASSES:
        found = f"there is one class alone: {told}" if counts else "there is no class"
        if whole:
            yield fault("classes", found, f"a classifier needs {what} of two or more classes")
        else:
            yield warning("classes", found, "check that the label is what is meant")
        return
    yield ok("classes", f"{len(counts):,}: {told}")
    smallest, largest = counts[by_size[-1]], counts[by_size[0]]
    if largest > UNBALANCED * smallest:
        text = f"very unbalanced: {largest / smallest:.0f} times as many {what} of {by_size[0]} as of {by_size[-1]}"
        yield warning("classes", text, 'bound the metrics of each class too, by a threshold with slice="label"')
    few = [name for name in by_size if counts[name] < FEW]
    if few and whole:
        text = f"fewer than {FEW} {what} of {listed(few)}"
        yield warning("classes", text, f"add {what}, or leave the class out: it may be missing from a split")
