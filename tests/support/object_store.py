"""A small server that answers as the JSON API of Google Cloud Storage, for Google's own client.

It knows what this project asks for: listings, metadata, media with ranges, uploads in one piece and in several, with
conditions, and removal. STORAGE_EMULATOR_HOST leads the client to it; what TensorFlow does on gs:// it can't serve.
"""

import base64
import hashlib
import json
import re
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

PAGE = 1000
CUT = 0
"""In `ObjectStore.faults`: half of the answer, then the connection is closed."""


@dataclass(frozen=True)
class Stored:
    """An object."""

    content: bytes
    generation: int


@dataclass
class ObjectStore:
    """What the server holds.

    Attributes:
        objects: By bucket and name. A bucket without objects exists too.
        requests: "METHOD name" of each request that was answered, in order.
        faults: The states that the next requests are answered with before one is served, by name or "METHOD name".
        latency: Seconds that each answer waits.
    """

    objects: dict[str, dict[str, Stored]] = field(default_factory=lambda: {"bucket": {}})
    requests: list[str] = field(default_factory=list)
    faults: dict[str, list[int]] = field(default_factory=dict)
    latency: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)
    sessions: dict[str, tuple[str, str, dict, bytearray]] = field(default_factory=dict)
    last_generation: int = 1000

    def put(self, name, content, bucket="bucket"):
        """Stores an object, and returns it."""
        with self.lock:
            self.last_generation += 1
            self.objects[bucket][name] = Stored(content, self.last_generation)
            return self.objects[bucket][name]

    def names(self, bucket="bucket"):
        """Returns the names of all objects."""
        return sorted(self.objects[bucket])

    def content(self, name, bucket="bucket"):
        """Returns the bytes of an object."""
        return self.objects[bucket][name].content


@contextmanager
def running():
    """Runs a server; yields its address and the store."""
    store = ObjectStore()

    class Handler(_Handler):
        pass

    Handler.store = store
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", store
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    store: ObjectStore

    def do_GET(self):
        self._serve()

    def do_POST(self):
        self._serve()

    def do_PUT(self):
        self._serve()

    def do_DELETE(self):
        self._serve()

    def log_message(self, *arguments):
        pass

    def _serve(self):
        address = urlsplit(self.path)
        options = {key: values[0] for key, values in parse_qs(address.query, keep_blank_values=True).items()}
        found = re.fullmatch(r"(/\w+)?/storage/v1/b/([^/]+)/o(?:/(.*))?", address.path)
        if not found:  # of the bucket itself, which the client of TFX 1.21 asks for on the side
            self._json({})
            return
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket, name = found[2], unquote(found[3] or "") or self._named(options, content)
        time.sleep(self.store.latency)
        with self.store.lock:
            self.store.requests.append(f"{self.command} {name}")
            waiting = self.store.faults.get(f"{self.command} {name}") or self.store.faults.get(name) or [None]
            fault = waiting.pop(0)
            if fault:
                self._error(fault, f"fault {fault}")
            elif bucket not in self.store.objects:
                self._error(404, "The specified bucket does not exist.")
            elif found[1] == "/upload":
                self._upload(bucket, name, options, content)
            elif found[3] is None:
                self._list(bucket, options)
            else:
                self._object(bucket, name, options, download=found[1] == "/download", cut=fault == CUT)

    def _named(self, options, content):
        """What is asked for, if the path doesn't say it."""
        if "upload_id" in options:
            return self.store.sessions[options["upload_id"]][1]
        if self.command == "POST":
            return json.loads(re.search(rb"\{.*?\}", content)[0])["name"]
        return options.get("prefix", "")

    def _object(self, bucket, name, options, *, download, cut):
        stored = self.store.objects[bucket].get(name)
        if stored is None or options.get("generation") not in (None, str(stored.generation)):
            self._error(404, f"No such object: {bucket}/{name}")
        elif self.command == "DELETE":
            del self.store.objects[bucket][name]
            self._answer(204, b"")
        elif download:
            self._media(stored, cut=cut)
        else:
            self._json(_resource(bucket, name, stored))

    def _list(self, bucket, options):
        prefix, delimiter = options.get("prefix", ""), options.get("delimiter")
        items, prefixes = [], set()
        for name in self.store.names(bucket):
            rest = name[len(prefix) :]
            if not name.startswith(prefix) or name <= options.get("pageToken", ""):
                continue
            if delimiter and delimiter in rest:
                prefixes.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                items.append(_resource(bucket, name, self.store.objects[bucket][name]))
        page = items[: min(PAGE, int(options.get("maxResults", PAGE)))]
        more = {"nextPageToken": page[-1]["name"]} if len(page) < len(items) else {}
        self._json({"items": page, "prefixes": sorted(prefixes)} | more)

    def _media(self, stored, *, cut):
        content, status, headers = stored.content, 200, {}
        if bounds := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            start, end = int(bounds[1]), int(bounds[2] or len(content))
            if start >= len(content):
                return self._error(416, "The requested range cannot be satisfied.")
            content, status = content[start : end + 1], 206
            headers = {"Content-Range": f"bytes {start}-{start + len(content) - 1}/{len(stored.content)}"}
        headers["X-Goog-Stored-Content-Length"] = str(len(stored.content))
        headers["X-Goog-Generation"] = str(stored.generation)
        headers["X-Goog-Hash"] = f"crc32c={_crc32c(stored.content)},md5={_md5(stored.content)}"
        if not cut:
            return self._answer(status, content, headers)
        self._answer(status, content[: len(content) // 2], headers | {"Content-Length": str(len(content))})
        self.close_connection = True
        return None

    def _upload(self, bucket, name, options, content):
        if self._fails_condition(bucket, name, options):
            return self._error(412, "At least one of the pre-conditions you specified did not hold.")
        if options.get("uploadType") == "multipart":
            boundary = re.search(r"boundary=\"?([^\";]+)", self.headers["Content-Type"])[1].encode()
            _, _, media = content.split(b"--" + boundary)[1:][1].partition(b"\r\n\r\n")
            return self._json(_resource(bucket, name, self.store.put(name, media[:-2], bucket)))
        if "upload_id" not in options:
            session = str(len(self.store.sessions))
            self.store.sessions[session] = (bucket, name, options, bytearray())
            place = f"http://{self.headers['Host']}{self.path.split('?')[0]}?uploadType=resumable&upload_id={session}"
            return self._answer(200, b"{}", {"Location": place})
        bucket, name, _, sent = self.store.sessions[options["upload_id"]]
        sent += content
        if self.headers["Content-Range"].endswith(f"/{len(sent)}"):
            return self._json(_resource(bucket, name, self.store.put(name, bytes(sent), bucket)))
        return self._answer(308, b"", {"Range": f"bytes=0-{len(sent) - 1}"})

    def _fails_condition(self, bucket, name, options):
        return options.get("ifGenerationMatch") == "0" and name in self.store.objects[bucket]

    def _error(self, status, message):
        self._answer(status, json.dumps({"error": {"code": status, "message": message}}).encode())

    def _json(self, value):
        self._answer(200, json.dumps(value).encode())

    def _answer(self, status, content, headers=None):
        self.send_response(status)
        all_headers = {"Content-Type": "application/json", "Content-Length": str(len(content))} | (headers or {})
        for key, value in all_headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def _resource(bucket, name, stored):
    return {
        "bucket": bucket,
        "name": name,
        "size": str(len(stored.content)),
        "generation": str(stored.generation),
        "md5Hash": _md5(stored.content),
        "crc32c": _crc32c(stored.content),
    }


def _md5(content):
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _crc32c(content):
    return base64.b64encode(struct.pack(">I", google_crc32c.value(content))).decode()
