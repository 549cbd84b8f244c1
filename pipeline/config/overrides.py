"""`--set trainer.fine_tuning.epochs=3`: settings from the command line, typed by the model they set."""

import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from components.errors import TransferlineError
from components.wording import nearest

Config = TypeVar("Config", bound=BaseModel)


def apply_overrides(config: Config, assignments: Sequence[str]) -> Config:
    """Returns a configuration with some of its settings replaced.

    Args:
        config: The configuration to start from; it isn't changed.
        assignments: "dotted.key=value". A value is read as its setting's type: 3, 1e-4, true, none, cat, or JSON for a
            list or a mapping. The last assignment of a key holds.

    Raises:
        TransferlineError: Names every fault: unknown keys with the nearest valid one, values of the wrong type.
    """
    values = config.model_dump()
    faults = []
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            faults.append(f"{assignment!r}: write it as key=value")
            continue
        try:
            _assign(values, key.strip().split("."), _parse(type(config), key.strip(), text))
        except ValueError as error:
            faults.append(f"{key.strip()}: {error}")
    if faults:
        raise _settings_error(faults)
    return validated(type(config), values)


def validated(model: type[Config], values: Mapping[str, Any]) -> Config:
    """Builds a configuration, turning pydantic's errors into one that names every fault with its key.

    Raises:
        TransferlineError: The values don't make a valid configuration.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _settings_error([_fault(model, details) for details in error.errors()]) from error


def _settings_error(faults: Sequence[str]) -> TransferlineError:
    return TransferlineError(
        "the settings aren't valid:\n" + "\n".join(f"  - {fault}" for fault in faults),
        cure="correct them in the catalog file or in --set",
    )


def _fault(model: type[BaseModel], details: Mapping[str, Any]) -> str:
    location = [str(part) for part in details["loc"]]
    if details["type"] == "extra_forbidden":
        return f"{'.'.join(location)}: there is no such setting{nearest(location[-1], _known_keys(model, location))}"
    message = details["msg"].removeprefix("Value error, ")
    return f"{'.'.join(location)}: {message}" if location else message


def _known_keys(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """The keys beside the one at a location that pydantic names; none where it leads through a list or a union."""
    try:
        owner = _annotation(model, location[:-1])
    except ValueError:
        return []
    return sorted({name for each in _models(owner) for name in each.model_fields})


def _assign(values: dict[str, Any], path: Sequence[str], value: object) -> None:
    for name in path[:-1]:
        inner = values.get(name)
        if not isinstance(inner, dict):
            raise ValueError(f"'{name}' is unset here; give it whole, as JSON")
        values = inner
    values[path[-1]] = value


def _parse(model: type[BaseModel], key: str, text: str) -> object:
    annotation = _annotation(model, key.split("."))
    if str not in _alternatives(annotation):
        text = text.strip()
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    if text.lower() in ("none", "null") and type(None) in _alternatives(annotation):
        return None
    if text.startswith(("[", "{")) and str not in _alternatives(annotation):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{text!r} isn't JSON: {error.msg} at character {error.pos + 1}") from error
    try:
        return adapter.validate_strings(text)
    except ValidationError as error:
        raise ValueError(f"{text!r}: " + "; ".join(dict.fromkeys(e["msg"] for e in error.errors()))) from error


def _annotation(model: type[BaseModel], path: Sequence[str]) -> Any:
    """Returns the type that a dotted key has, with its constraints.

    Raises:
        ValueError: There is no such key; says which is the nearest.
    """
    annotation: Any = model
    for depth, name in enumerate(path):
        fields = {key: field for each in _models(annotation) for key, field in each.model_fields.items()}
        mapped = _mapping_value(annotation)
        if name in fields:
            field = fields[name]
            annotation = field.annotation
            for constraint in field.metadata:
                annotation = typing.Annotated[annotation, constraint]
        elif mapped is not None:
            annotation = mapped
        else:
            known = [".".join([*path[:depth], key]) for key in sorted(fields)]
            raise ValueError(f"there is no such setting{nearest('.'.join(path[: depth + 1]), known)}")
    return annotation


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The members of a union, or the type alone."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _alternatives(member)
    elif origin is Literal:
        yield from (type(value) if value is None else value for value in typing.get_args(annotation))
    else:
        yield annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [each for each in _alternatives(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def _mapping_value(annotation: Any) -> Any:
    for each in _alternatives(annotation):
        if typing.get_origin(each) is dict:
            return typing.get_args(each)[1]
    return None


def flattened(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested settings by dotted keys.

    >>> flattened({"trainer": {"seed": 0, "models": {}}, "thresholds": [{"metric": "auc"}], "slices": ["label"]})
    {'trainer.seed': 0, 'trainer.models': {}, 'thresholds.0.metric': 'auc', 'slices': ['label']}
    """
    return dict(_leaves(config, ""))


def _leaves(value: object, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        inner = value.items()
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        inner = dict(enumerate(value)).items()
    else:
        yield key, value
        return
    for name, item in inner:
        yield from _leaves(item, f"{key}.{name}" if key else str(name))
