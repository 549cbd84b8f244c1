"""What a request to Google Cloud Storage asks for, by its method and address."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

BUCKET, OBJECT = "/storage/v1/b/(?P<bucket>[^/?]+)", "/o/(?P<name>[^/?]+)"
SOURCE = "/storage/v1/b/(?P<source_bucket>[^/?]+)/o/(?P<source>[^/?]+)"
KINDS = (
    ("token", "POST .*/token|GET .*/allowedLocations"),
    ("batch", "POST /batch/.*"),
    ("start", rf"POST /upload{BUCKET}/o\?(?=.*uploadType=resumable)(?!.*upload_id=).*"),
    ("write", rf"(POST|PUT) /upload{BUCKET}/o\?.*"),
    ("list", rf"GET {BUCKET}/o(\?.*)?"),
    ("copy", rf"POST {SOURCE}/(copy|rewrite)To/b/(?P<bucket>[^/?]+){OBJECT}.*"),
    ("compose", f"POST {BUCKET}{OBJECT}/compose.*"),
    ("read", rf"GET (/download)?{BUCKET}{OBJECT}\?.*alt=media.*"),
    ("stat", f"GET {BUCKET}{OBJECT}.*"),
    ("delete", f"DELETE {BUCKET}{OBJECT}.*"),
    ("patch", f"PATCH {BUCKET}{OBJECT}.*"),
    ("bucket", r"\w+ /storage/v1/b(/(?P<bucket>[^/?]+))?.*"),
    ("read", "GET /(?P<bucket>[^/?]+)/(?P<name>[^?]+).*"),
    ("other", ".*"),
)
"""Kinds of requests, each with a pattern of "METHOD ADDRESS"; the first that matches."""


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        kind: What it counts as, one of `KINDS`. An upload has a "start" and some "write", or a "write" alone.
        query: The parameters, one value each.
        bucket: The bucket; empty if it is about none.
        name: The object that it is about, the one that is written in a copy; empty if its address names none.
        source_bucket: The bucket that is copied from.
        source: The object that is copied.
    """

    kind: str
    query: dict[str, str] = field(default_factory=dict)
    bucket: str = ""
    name: str = ""
    source_bucket: str = ""
    source: str = ""


def asked(method, address, body):
    """Reads a request."""
    query = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    for kind, pattern in KINDS:
        if found := re.fullmatch(pattern, f"{method} {address}"):
            named = {name: unquote(value) for name, value in found.groupdict().items() if value}
            uploaded = (
                {"name": _uploaded_name(query, body)} if kind in ("start", "write") and "name" not in named else {}
            )
            return Asked(kind, query, **named, **uploaded)
    raise ValueError(f"{method} {address}")


def _uploaded_name(query, body):
    """An object's name in the address, in the emulator's name for its upload, or in the JSON that comes first."""
    if "name" in query:
        return query["name"]
    if "upload_id" in query:
        return query["upload_id"].rsplit(":", 3)[0].partition(":")[2]
    said = re.search(rb'"name": *("(?:[^"\\]|\\.)*")', body)
    return json.loads(said[1]) if said else ""
