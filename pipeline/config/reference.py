"""Every setting of a pipeline: its key, type, default and meaning, and what it is now.

Types, bounds and defaults are those of pydantic's JSON schema, meanings those of the docstrings.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from docstring_parser import DocstringStyle, parse
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from components.settings import Settings

ANY_NAME = "NAME"
"""Stands in a key for the name of an entry where a mapping has none yet."""

TYPES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true | false", "null": "none"}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
ABSENT: Mapping[str, Any] = {}


class Setting(Settings):
    """One setting.

    Attributes:
        key: As `--set` takes it.
        type: What it may be, in words.
        required: Whether it has no default.
        default: The value where none is given.
        now: Its value; None also for an entry that isn't there.
        meaning: What it is for.
    """

    key: str
    type: str
    required: bool
    default: Any
    now: Any
    meaning: str


class Group(Settings):
    """Settings that belong together.

    Attributes:
        key: What their keys begin with; "" for the pipeline's own.
        meaning: What they are for.
        there: Whether it is set now; otherwise it is what may be set.
        settings: The settings, without those of groups within.
    """

    key: str
    meaning: str
    there: bool
    settings: tuple[Setting, ...]


def groups_of(config: BaseModel) -> list[Group]:
    """Returns every setting of a configuration, group by group."""
    schema = type(config).model_json_schema(schema_generator=_WithMeanings)
    return list(_groups(schema, config.model_dump(mode="json"), "", schema.get("$defs", {})))


class _WithMeanings(GenerateJsonSchema):
    """Adds what the docstrings say of each setting, and the defaults that are made anew each time."""

    def model_schema(self, schema: Any) -> dict[str, Any]:
        found = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        parents = [each for each in model.__mro__ if each is not BaseModel and issubclass(each, BaseModel)]
        for documented in map(_docstring, reversed(parents)):
            for parameter in documented.params:
                if parameter.arg_name in found["properties"]:
                    found["properties"][parameter.arg_name]["description"] = _one_line(parameter.description)
        found["description"] = _one_line(_docstring(model).short_description)
        for name, field in model.model_fields.items():
            if field.default_factory:
                default = self.encode_default(field.get_default(call_default_factory=True, validated_data={}))
                found["properties"][name]["default"] = default
        return found

    def dict_schema(self, schema: Any) -> dict[str, Any]:
        """Describes a mapping whose names must match a pattern as any other."""
        found = super().dict_schema(schema)
        if patterns := found.pop("patternProperties", {}):
            (found["additionalProperties"],) = patterns.values()
        return found


def _docstring(model: type[BaseModel]) -> Any:
    return parse(model.__dict__.get("__doc__") or "", DocstringStyle.GOOGLE)


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _groups(schema: Mapping[str, Any], values: Any, key: str, known: Mapping[str, Any]) -> Iterator[Group]:
    """Yields a group and those within it."""
    settings, within = [], []
    required = schema.get("required", ())
    for name, each in schema["properties"].items():
        here = f"{key}.{name}" if key else name
        value = values.get(name)
        if "properties" not in _followed(each, known):
            settings.append(
                Setting(
                    key=here,
                    type=_type(each, known),
                    required=name in required,
                    default=each.get("default"),
                    now=value,
                    meaning=each.get("description", ""),
                )
            )
        within += _within(each, value, here, known)
    if settings:
        yield Group(key=key, meaning=schema["description"], there=bool(values), settings=tuple(settings))
    for inner, value, here in within:
        yield from _groups(inner, value, here, known)


def _within(
    schema: Mapping[str, Any], value: Any, key: str, known: Mapping[str, Any]
) -> list[tuple[Mapping[str, Any], Any, str]]:
    """Returns the groups right in a setting: itself, the entries of a mapping or the items of a list."""
    schema = _list_or_mapping(_followed(schema, known), value)
    if "additionalProperties" in schema and "properties" not in schema:
        entries = [(name, each, schema["additionalProperties"]) for name, each in (value or {ANY_NAME: None}).items()]
    elif schema.get("type") == "array":
        entries = [(str(at), each, schema["items"]) for at, each in enumerate(value or ())]
    else:
        return [(each, value or ABSENT, key) for each in _models(schema, value, known)]
    return [
        (model, each or ABSENT, f"{key}.{name}")
        for name, each, kind in entries
        for model in _models(_followed(kind, known), each, known)
    ]


def _list_or_mapping(schema: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """Of a setting that may be a list or a mapping, the one that it is now; another as it is."""
    kind = "object" if isinstance(value, Mapping) else "array"
    return next((each for each in schema.get("oneOf", ()) if each.get("type") == kind), schema)


def _models(schema: Mapping[str, Any], value: Any, known: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the models that a value may be of: the one that it is of, or all if there is no value."""
    if "properties" in schema:
        return [schema]
    members = [_followed(each, known) for each in schema.get("oneOf") or schema.get("anyOf") or ()]
    models = [each for member in members for each in _models(member, value, known)]
    return [model for model in models if isinstance(value, Mapping) and _fits(model, value)] or models


def _fits(model: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    fields = model["properties"]
    return all(name in fields and fields[name].get("const", each) == each for name, each in value.items())


def _followed(schema: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return known[reference.rpartition("/")[2]] if reference else schema


def _type(schema: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    schema = _followed(schema, known)
    if members := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(each, known) for each in members))
    if "properties" in schema:
        return next((each["const"] for each in schema["properties"].values() if "const" in each), schema["title"])
    if choices := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return " | ".join(map(str, choices))
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'], known)}"
    if schema.get("type") == "object":
        return f"mapping of names to {_type(schema['additionalProperties'], known)}"
    bounds = [f"{sign} {schema[name]:,}" for name, sign in BOUNDS.items() if name in schema]
    return " ".join([TYPES[schema["type"]], ", ".join(bounds)]).strip()
