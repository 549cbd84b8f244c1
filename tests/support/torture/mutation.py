"""Ways to spoil what is honest, by chance."""

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

HOSTILE_TEXTS = (
    "",
    " ",
    "\n",
    "\x00",
    "\x1b]0;title\x07\x1b[31m",
    "\x9b31m",
    "\u202etxt.exe",
    "[bold]b[/] [/]",
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "../../etc/passwd",
    "/dev/zero",
    "é" * 300,
    "e\u0301" * 300,
    "a" * 70_000,
    "😀",
    "\ud800",
    "=1+1",
    "NaN",
    "1e999",
    "%s%n",
    "²",
)
HOSTILE_NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 0.5, 1e308, -1e308, float("inf"), float("nan"))


def spoiled_bytes(random: Random, data: bytes) -> bytes:
    """Flips, cuts, inserts, repeats or overwrites a few places of the data."""
    spoiled = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(spoiled) + 1)
        length = random.choice((1, 2, 4, 8, 64, 1024))
        match random.randrange(6):
            case 0 if place < len(spoiled):
                spoiled[place] ^= 1 << random.randrange(8)
            case 1:
                del spoiled[place:]
            case 2:
                del spoiled[place : place + length]
            case 3:
                spoiled[place:place] = random.randbytes(length)
            case 4:
                spoiled[place:place] = spoiled[place : place + length] * random.randint(1, 20)
            case _:
                spoiled[place : place + length] = random.choice((b"\x00", b"\xff", b"\x7f")) * length
    return bytes(spoiled)


def spoiled_tree(random: Random, tree: Any) -> Any:
    """Replaces, removes, adds or repeats a few values of what came from JSON."""
    spoiled = deepcopy(tree)
    for _ in range(random.randint(1, 3)):
        spoiled = _spoiled_once(random, spoiled)
    return spoiled


def hostile_value(random: Random) -> Any:
    """A value of any type that nobody meant."""
    simple = (None, True, [], {}, [[]], {"": None}, random.choice(HOSTILE_TEXTS), random.choice(HOSTILE_NUMBERS))
    return random.choice(simple)


def json_bytes(tree: Any) -> bytes:
    """As a file has it; what UTF-8 can't have is escaped."""
    return json.dumps(tree, ensure_ascii=True).encode()


def _spoiled_once(random: Random, tree: Any) -> Any:
    # Each value is as likely to be hit, however deep it is.
    places = list(_places(tree))
    if not places:
        return hostile_value(random)
    holder, key = random.choice(places)
    match random.randrange(8):
        case 0:
            del holder[key]
        # What is of its type gets farther.
        case 2 | 3 | 4 if isinstance(holder[key], str):
            holder[key] = random.choice(HOSTILE_TEXTS)
        case 2 | 3 | 4 if isinstance(holder[key], int | float):
            holder[key] = random.choice(HOSTILE_NUMBERS)
        case 1 if isinstance(holder, dict):
            holder[random.choice(HOSTILE_TEXTS)] = hostile_value(random)
        case 1:
            holder.insert(key, holder[key])
        case _:
            holder[key] = hostile_value(random)
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(tree, dict | list):
        return
    for key in tree if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        yield from _places(tree[key])
