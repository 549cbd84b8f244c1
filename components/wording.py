"""Words names for people: printable text, short lists, natural order, and the nearest to a wrong one."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from difflib import get_close_matches

LONGEST_NUMBER = 20

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udc7f\udd00-\udfff]")


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
    text = _UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), name)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_unicode(text: str) -> bool:
    """Tells whether UTF-8 can have a text: no half characters, as bytes on a command line or escapes of JSON become."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Visible(dict[int, str]):
    """What stands for each character, for `str.translate`: an escape for what a terminal obeys instead of showing it.

    Unicode's categories say which: controls but newline and tab (Cc, with those above U+007F), format characters (Cf,
    which turn the direction of text) but those that join letters of a word, other ends of lines, half characters.
    """

    HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
    LEFT = "\n\t\u200c\u200d"

    def __init__(self, escaped: Callable[[str], str]) -> None:
        super().__init__()
        self._escaped = escaped

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        is_hidden = unicodedata.category(letter) in self.HIDDEN and letter not in self.LEFT
        return self.setdefault(code, self._escaped(letter)[1:-1] if is_hidden else letter)


_ON_A_TERMINAL, _IN_JSON = _Visible(ascii), _Visible(json.dumps)


def safe(text: str) -> str:
    r"""Returns text that a terminal shows to the letter: it moves, colours, hides and turns nothing.

    >>> safe("a\x1b[8mb\u202e\n")
    'a\\x1b[8mb\\u202e\n'
    """
    return text.translate(_ON_A_TERMINAL)


def safe_json(text: str) -> str:
    r"""Returns JSON that says the same, with JSON's own escapes for what `safe` escapes.

    >>> safe_json('"a\x9bb"')
    '"a\\u009bb"'
    """
    return text.translate(_IN_JSON)
