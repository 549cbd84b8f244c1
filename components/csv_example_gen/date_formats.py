"""Defines how dates may be written, as expressions that take a date apart."""

import re

ISO = "iso"
"""ISO 8601, with or without a time, a fraction of a second, and a time zone."""

FRACTION, ZONE = r"\d{1,6}", r"[Zz]|[+-]\d{2}(?::?[0-5]\d)?"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"

DIRECTIVES = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short_year>\d{2})",
    "m": r"(?P<month>1[0-2]|0?[1-9])",
    "b": rf"(?P<name>{'|'.join(MONTHS)})",
    "B": f"(?P<name>{LONG_MONTHS})",
    "d": r"(?P<day>3[01]|[12]\d|0?[1-9]| [1-9])",
    "H": r"(?P<hour>2[0-3]|[01]?\d)",
    "I": r"(?P<hour>1[0-2]|0?[1-9])",
    "p": r"(?P<half>am|pm)",
    "M": r"(?P<minute>[0-5]?\d)",
    "S": r"(?P<second>[0-5]?\d)",
    "f": FRACTION,
    "z": f"(?P<zone>{ZONE})",
    "a": f"(?:{'|'.join(day[:3] for day in DAYS.split('|'))})",
    "A": f"(?:{DAYS})",
    "%": "%",
}
"""What each directive of strptime stands for, in English; the fraction and the day of the week have no say."""

ISO_PATTERN = (
    r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[Tt ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?"
    rf" ?(?P<zone>{ZONE})?)?"
)


def faults_of(written: str) -> str:
    """Returns why a format can't be read; "" if it can.

    Args:
        written: As in `CsvData.dates`.
    """
    if written == ISO:
        return ""
    directives = re.findall(r"%(.?)", written, re.DOTALL)
    unknown = [f"%{each}" for each in directives if each not in DIRECTIVES]
    if unknown:
        return f"{unknown[0]} is none of {' '.join(f'%{each}' for each in DIRECTIVES)}"
    groups = [group for each in directives for group in re.findall(r"\?P<(\w+)>", DIRECTIVES[each])]
    faults = {
        "two of its directives say the same": _say_the_same(directives, groups),
        f"it has no year (%Y or %y), and isn't '{ISO}'": not {"year", "short_year"} & {*groups},
        "%I and %p go together": ("half" in groups) != ("I" in directives),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _say_the_same(directives: list[str], groups: list[str]) -> bool:
    both = ({"year", "short_year"}, {"month", "name"})
    return len(set(groups)) < len(groups) or directives.count("f") > 1 or any(pair <= {*groups} for pair in both)


def pattern_of(written: str) -> str:
    """Returns the expression of a whole date, whose groups are named after its parts.

    Args:
        written: A format without faults.
    """
    if written == ISO:
        return f"^{ISO_PATTERN}$"
    pieces = re.split(r"(%.|\s+)", written)
    as_regex = [
        r"\s+" if piece.isspace() else DIRECTIVES[piece[1]] if at % 2 else re.escape(piece)
        for at, piece in enumerate(pieces)
    ]
    return f"(?i)^{''.join(as_regex)}$"
