"""`--set trainer.fine_tuning.epochs=3`: settings from the command line, which pydantic reads and judges."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from components.errors import TransferlineError
from components.wording import listed
from pipeline.config.faults import as_read, in_words, keys_to
from pipeline.config.pipeline import PipelineConfig

Config = TypeVar("Config", bound=BaseModel)

NEAR, SUGGESTED = 0.75, 3
ABSENT = object()
GROUPS = (Mapping, list, tuple)
SEPARATOR = "\n  - "


def apply_overrides(config: Config, assignments: Sequence[str]) -> Config:
    """Returns a configuration with some of its settings replaced.

    Args:
        config: The configuration to start from; it isn't changed.
        assignments: "dotted.key=value". A value is read as its setting's type: 3, 1e-4, true, none, cat, or JSON for a
            list or a mapping. The last assignment of a key holds.

    Raises:
        TransferlineError: Names every fault: unknown keys with the nearest valid one, values of the wrong type.
    """
    given = [assignment.partition("=") for assignment in assignments]
    faults = [f"{key!r}: write it as key=value" for key, equals, _ in given if not equals]
    return _replaced(config, [(key.strip(), _readings(text)) for key, equals, text in given if equals], faults)


def with_settings(config: Config, settings: Mapping[str, object]) -> Config:
    """Returns a configuration with some of its settings replaced.

    Args:
        config: The configuration to start from; it isn't changed.
        settings: Value by dotted key.

    Raises:
        TransferlineError: As `apply_overrides`.
    """
    return _replaced(config, [(key, [value]) for key, value in settings.items()], [])


def _replaced(config: Config, settings: Sequence[tuple[str, list[object]]], faults: list[str]) -> Config:
    values = config.model_dump()
    for key, readings in settings:
        try:
            values = _assigned(type(config), values, key.split("."), readings)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise _settings_error(faults)
    try:
        changed = type(config).model_validate(values)
    except ValidationError as error:
        raise _settings_error([_worded(fault, values, values) for fault in error.errors()]) from error
    if isinstance(config, PipelineConfig) and isinstance(changed, PipelineConfig):
        return changed.read_from(config.file)
    return changed


def _settings_error(faults: Sequence[str]) -> TransferlineError:
    return TransferlineError(
        "The settings aren't valid:" + "".join(f"{SEPARATOR}{fault}" for fault in as_read(faults)),
        cure="Correct them in the catalog file or in --set; `transferline settings NAME` lists them.",
    )


def _readings(text: str) -> list[object]:
    """Returns what a text may mean, for the setting to choose from: nothing, itself, or JSON."""
    plain = text.strip()
    found: list[object] = [None] * (plain.lower() in ("none", "null"))
    found += [text, plain] if text != plain else [text]
    if plain.startswith(("[", "{")):
        try:
            found.append(json.loads(plain))
        except json.JSONDecodeError as error:
            found.append(error)
        except (ValueError, RecursionError):  # of a number of thousands of digits, or thousands of brackets
            found.append(json.JSONDecodeError("more than a parser takes", plain, 0))
    return found


def _assigned(model: type[BaseModel], values: Any, path: Sequence[str], readings: Sequence[object]) -> Any:
    """Returns the values with the first reading that the model takes.

    Raises:
        ValueError: It takes none; says why.
    """
    _check_owner(model, values, path)
    changed, faults = values, []
    for reading in readings:
        if isinstance(reading, json.JSONDecodeError):
            what = f"{reading.doc!r} isn't JSON: {reading.msg} at character {reading.pos + 1}"
            raise ValueError(f"{'.'.join(path)}: {what}")
        changed = _with(values, path, reading)
        faults = _faults_below(model, changed, path)
        if not faults:
            return changed
    raise ValueError(SEPARATOR.join(dict.fromkeys(_worded(each, changed, values, path) for each in faults)))


def _check_owner(model: type[BaseModel], values: Any, path: Sequence[str]) -> None:
    """Refuses a key that leads through what isn't there."""
    at = values
    for depth, name in enumerate(path[:-1], start=1):
        above, at = at, _child(at, name)
        if isinstance(at, GROUPS):
            continue
        here = ".".join(path[:depth])
        if at is None:
            raise ValueError(f"{here}: it isn't set; give it whole, as JSON")
        if at is not ABSENT:
            raise ValueError(f"{here}: it has no settings of its own")
        if not isinstance(above, Mapping):
            raise ValueError(f"{here}: there are only {len(above)} of them, counted from 0")
        faults = _faults_below(model, _with(values, path[:depth], {}), path[:depth])
        if any(fault["type"] == "extra_forbidden" for fault in faults):
            raise ValueError(f"{'.'.join(path)}: there is no such setting{suggestion(path, values)}")
        needed = dict.fromkeys(
            [*(str(fault["loc"][-1]) for fault in faults if fault["type"] == "missing"), path[depth]]
        )
        whole = ", ".join(f'"{key}": ...' for key in needed)
        there = f"there are {listed(list(above))}" if above else "there are none yet"
        raise ValueError(f"{here}: there is none of this name ({there}); give a new one whole: {here}='{{{whole}}}'")
    if not isinstance(at, Mapping) and _child(at, path[-1]) is ABSENT:
        raise ValueError(f"{'.'.join(path)}: there are only {len(at)} of them, counted from 0")


def _faults_below(model: type[BaseModel], values: Any, path: Sequence[str]) -> list[Any]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        return [fault for fault in error.errors() if keys_to(values, fault)[: len(path)] == list(path)]
    return []


def _worded(fault: Mapping[str, Any], values: Any, known: Any, assigned: Sequence[str] = ()) -> str:
    keys = keys_to(values, fault)
    if fault["type"] == "extra_forbidden":
        # Within JSON that was given, keys are written without those before it.
        inside = f"{'.'.join(assigned)}." if len(keys) > len(assigned) > 0 else ""
        return f"{'.'.join(keys)}: there is no such setting{suggestion(keys, known, inside)}"
    given = f"{fault['input']!r} " if isinstance(fault["input"], str) and fault["type"] != "value_error" else ""
    return f"{'.'.join(keys)}: {given}{in_words(fault)}" if keys else in_words(fault)


def suggestion(path: Sequence[str], values: Mapping[str, Any], inside: str = "") -> str:
    """Returns " (did you mean 'x'?)" for a key that isn't there, or "" where nothing is near.

    The same last word anywhere goes before a word that is written nearly so, and that beside the key before others.

    Args:
        path: The key.
        values: All settings.
        inside: What suggestions needn't begin with.
    """
    key, last = ".".join(path), path[-1]
    known = sorted(_keys(values) - {key})
    beside = [each for each in known if each.rpartition(".")[0] == key.rpartition(".")[0]]
    same = [each for each in known if each.rpartition(".")[2] == last]
    found = get_close_matches(key, same, SUGGESTED, cutoff=0.0)
    for candidates in (beside, known):
        words = get_close_matches(last, {each.rpartition(".")[2] for each in candidates}, 1, NEAR)
        found = found or get_close_matches(
            key, [each for each in candidates if each.rpartition(".")[2] in words], SUGGESTED, cutoff=0.0
        )
    names = " or ".join(f"'{each.removeprefix(inside)}'" for each in found)
    return f" (did you mean {names}?)" if names else ""


def _keys(values: Any) -> set[str]:
    """Returns the dotted keys of all settings, and of the groups that they are in."""
    parts = [key.split(".") for key in flattened(values)]
    return {".".join(each[:depth]) for each in parts for depth in range(1, len(each) + 1)}


def _child(values: Any, name: str) -> Any:
    if isinstance(values, Mapping):
        return values.get(name, ABSENT)
    return values[int(name)] if name.isdecimal() and int(name) < len(values) else ABSENT


def _with(values: Any, path: Sequence[str], value: object) -> Any:
    """Returns a copy with another value at a path."""
    if not path:
        return value
    name, *rest = path
    if isinstance(values, Mapping):
        return {**values, name: _with(values.get(name), rest, value)}
    at = int(name) if name.isdecimal() else len(values)
    return [*values[:at], _with(_child(values, name), rest, value), *values[at + 1 :]]


def flattened(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested settings by dotted keys.

    >>> flattened({"trainer": {"seed": 0, "models": {}}, "thresholds": [{"metric": "auc"}], "slices": ["label"]})
    {'trainer.seed': 0, 'trainer.models': {}, 'thresholds.0.metric': 'auc', 'slices': ['label']}
    """
    return dict(_leaves(config, ""))


def _leaves(value: object, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        inner = value.items()
    elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
        inner = dict(enumerate(value)).items()
    else:
        yield key, value
        return
    for name, item in inner:
        yield from _leaves(item, f"{key}.{name}" if key else str(name))
