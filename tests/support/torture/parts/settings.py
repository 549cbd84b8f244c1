"""`--set KEY=VALUE` that nobody meant: keys that are nearly right, values of any kind, many at a time."""

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from pipeline import catalog
from pipeline.config.overrides import apply_overrides, flattened
from torture.mutation import HOSTILE_TEXTS, hostile_value
from torture.part import Part

HONEST = (
    "3",
    "0.5",
    "true",
    "none",
    "cat",
    "1e-4",
    "[]",
    "{}",
    '["a", "b"]',
    '{"a": 1}',
    '[{"metric": "auc"}]',
    "auto",
)


def run(random: Random, folder: Path) -> str:
    """Gives a pipeline one to three settings; what is taken can be written down again."""
    config, known = _pipeline(random.choice(("digits", "higgs_toy", "cats_vs_dogs", "flowers", "higgs")))
    given = [_assignment(random, known) for _ in range(random.randint(1, 3))]
    changed = apply_overrides(config, given)
    again = type(changed).model_validate(json.loads(changed.model_dump_json()))
    if flattened(again.model_dump()).keys() != flattened(changed.model_dump()).keys():
        raise AssertionError(f"what was taken isn't what was written down: {given}")
    return "taken"


def _assignment(random: Random, known: dict[str, object]) -> str:
    key = random.choice(tuple(known))
    spoiled = random.choice(((True, False), (False, True), (False, True), (True, True), (False, False)))
    value = known[key]
    honest = value if isinstance(value, str) else json.dumps(value, default=str)
    equals = "=" if random.random() < 0.98 else random.choice(("", "=="))
    return f"{_key(random, key) if spoiled[0] else key}{equals}{_value(random) if spoiled[1] else honest}"


@cache
def _pipeline(name: str) -> tuple[Any, dict[str, object]]:
    config = catalog.load(name)
    return config, flattened(config.model_dump())


def _key(random: Random, key: str) -> str:
    parts = key.split(".")
    match random.randrange(6):
        case 0:
            return random.choice(HOSTILE_TEXTS)
        case 1:
            parts.insert(
                random.randrange(len(parts) + 1), random.choice((*HOSTILE_TEXTS, "0", "-1", "9" * 30, "9" * 5000))
            )
        case 2:
            parts.pop(random.randrange(len(parts)))
        case 3:
            at = random.randrange(len(key))
            return key[:at] + key[at + 1 :]
        case 4:
            parts += ["0"] * random.choice((1, 2, 200, 3000))
        case _:
            return key
    return ".".join(parts)


def _value(random: Random) -> str:
    match random.randrange(6):
        case 0:
            return random.choice(HOSTILE_TEXTS)
        case 1:
            return json.dumps(hostile_value(random))
        case 2:
            return random.choice(("[", "{", '{"a":')) * random.choice((1, 50, 20_000))
        case 3:
            return random.choice(("9" * 5000, "1" + "0" * 400, "-0", "1e400", "0x10", "1_000", "٣"))
        case _:
            return random.choice(HONEST)


PART = Part(name="settings", cases=20_000, run=run, sample=150, seconds=20)
