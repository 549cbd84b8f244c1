"""The order in which people expect names with numbers."""

import re

LONGEST_NUMBER = 20


def natural_key(name: str) -> list[str]:
    """Returns a key for sorting that puts line 9 before line 10, and c2 before c10."""
    return [part.zfill(LONGEST_NUMBER) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
