"""Words names for people: printable text, short lists, natural order, and the nearest to a wrong one."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_NUMBER = 20

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def nearest(name: str, known: Iterable[str]) -> str:
    """Returns " (did you mean 'x'?)" for the known name nearest to `name`, or "" where none is near."""
    matches = get_close_matches(name, list(known), n=1)
    return f" (did you mean '{matches[0]}'?)" if matches else ""


def natural_key(name: str) -> list[str]:
    """Returns a key for sorting that puts line 9 before line 10, and c2 before c10."""
    return [part.zfill(LONGEST_NUMBER) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def listed(names: Iterable[str], at_most: int = 8, between: str = ", ") -> str:
    """Returns names in one line, as many as a person reads.

    >>> listed(["a", "b", "c", "d"], at_most=2)
    'a, b and 2 more'
    """
    every = list(names)
    more = f" and {len(every) - at_most:,} more" if len(every) > at_most else ""
    return between.join(map(printable, every[:at_most])) + more


def printable(name: str) -> str:
    r"""Returns a name as valid, one-line text: undecodable bytes and control characters become escapes.

    >>> printable("a\nb")
    'a\\nb'
    """
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
