"""ML Metadata on PostgreSQL, without the two faults of its connector that TFX trips over.

Texts with a backslash, as every JSON within JSON has: the connector strips one character from each side of what
PQescapeLiteral returns, which begins with " E'" instead of "'" where there is a backslash. The statement is broken, and
what is in the text could become a part of it. So no backslash gets there.

The order of what is asked for: the statements have no ORDER BY, and PostgreSQL moves a row that is updated. TFX pairs
events with artifacts by their places, and took one output of a cached step for another.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from ml_metadata.metadata_store.metadata_store import MetadataStore

BACKSLASH, ESCAPE = "\\", "\x1b"
ESCAPED_BACKSLASH, ESCAPED_ESCAPE = ESCAPE + "b", ESCAPE + "e"
"""The control character ESC is in no text that people or programs write here, and is kept if it is."""


class PostgreSQLStore(MetadataStore):
    """ML Metadata whose texts reach PostgreSQL without a backslash, and whose answers are in order."""

    def _call(self, method_name: str, request: Message, response: Message, extra_options: object = None) -> None:
        # A copy: what is put belongs to the caller.
        escaped = type(request).FromString(request.SerializeToString())
        translate_texts(escaped, without_backslash)
        super()._call(method_name, escaped, response, extra_options)
        translate_texts(response, with_backslash)
        put_in_order(method_name, request, response)


def without_backslash(text: str) -> str:
    """Returns a text that `with_backslash` makes the given one of again."""
    return text.replace(ESCAPE, ESCAPED_ESCAPE).replace(BACKSLASH, ESCAPED_BACKSLASH)


def with_backslash(text: str) -> str:
    """Undoes `without_backslash`."""
    return text.replace(ESCAPED_BACKSLASH, BACKSLASH).replace(ESCAPED_ESCAPE, ESCAPE)


def translate_texts(message: Message, translate: Callable[[str], str]) -> None:
    """Replaces every string in a message and in those within it, but for the keys of maps."""
    for field, value in message.ListFields():
        if isinstance(value, str):
            setattr(message, field.name, translate(value))
        elif isinstance(value, Message):
            translate_texts(value, translate)
        elif isinstance(value, Mapping):
            _translate_items(value, list(value), translate)
        elif field.type in (field.TYPE_STRING, field.TYPE_MESSAGE):
            _translate_items(value, range(len(value)), translate)


def put_in_order(method_name: str, request: Message, response: Message) -> None:
    """Sorts what was asked for by its IDs as they were given, all else by ID, unless another order was asked for."""
    fields = {field.name: value for field, value in request.ListFields()}
    if "options" in fields:
        return
    asked = next(iter(fields.values()), ()) if method_name.endswith("ByID") else ()
    places = {number: place for place, number in enumerate(asked)}
    for field, found in response.ListFields():
        if field.message_type and "id" in field.message_type.fields_by_name and not isinstance(found, Message):
            found.sort(key=lambda each: (places.get(each.id, len(places)), each.id))


def _translate_items(items: Any, keys: Any, translate: Callable[[str], str]) -> None:
    for key in keys:
        if isinstance(items[key], Message):
            translate_texts(items[key], translate)
        elif isinstance(items[key], str):
            items[key] = translate(items[key])
