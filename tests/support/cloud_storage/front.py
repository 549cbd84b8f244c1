"""A Google Cloud Storage that clients can't tell from Google's own, as far as this project uses it.

`python front.py FOLDER [--latency SECONDS]` writes a certificate authority and a service account's key to FOLDER,
listens on the ports of HTTPS and HTTP, prints "ready", and ends when its stdin does.

The service is PyPI's gcp-storage-emulator. This front gives it HTTP/1.1, TLS and tokens, and mends what it lacks: it
takes a body by its Content-Length even where it is chunked, knows no conditional requests, no pages of a listing, no
empty object by media upload, and says of an upload of which it has nothing that it has a byte.
"""

import argparse
import io
import json
import logging
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
from asked import asked
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from faults import Watch
from gcp_storage_emulator import server as emulator
from gcp_storage_emulator.handlers.buckets import create_bucket
from names import NAMES
from store import ConditionNotMetError, Store

REASONS = {400: "invalid", 401: "required", 403: "forbidden", 404: "notFound", 412: "conditionNotMet",
           416: "requestedRangeNotSatisfiable", 429: "rateLimitExceeded", 503: "backendError"}  # fmt: skip
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing the socket resets the connection."""


class Request(emulator.Request):
    """A request as the emulator takes it, with its own address by HTTPS."""

    def __init__(self, handler, method):
        super().__init__(handler, method)
        self._base_url, self._full_url = (
            url.replace("http://", "https://", 1) for url in (self._base_url, self._full_url)
        )

    @property
    def data(self):
        """The body; one without a byte is still one where it is an object's content."""
        found = super().data
        return b"" if found is None and self.query.get("uploadType") == ["media"] else found


emulator.Request = Request


class Exchange:
    """What the emulator's router takes for its handler: a request that was read, and an answer that isn't sent yet."""

    def __init__(self, handler, body):
        self.path, self.headers, self.server, self.storage = (
            handler.path,
            handler.headers,
            handler.server,
            handler.store,
        )
        self.rfile, self.wfile = io.BytesIO(body), io.BytesIO()
        del self.headers["Transfer-Encoding"], self.headers["Content-Length"]
        self.headers["Content-Length"] = str(len(body))
        self.status, self.answer_headers = 0, {}

    def send_response(self, status, _):
        self.status = status

    def send_header(self, name, value):
        self.answer_headers[name] = value

    def end_headers(self):
        pass

    def refuse(self, status, message=""):
        """Answers with an error as Google writes it."""
        reason = REASONS.get(status, "backendError")
        message = message or HTTPStatus(status).phrase
        errors = [{"domain": "global", "reason": reason, "message": message}]
        self.say({"error": {"code": status, "message": message, "errors": errors}}, status)

    def say(self, answer, status=200):
        """Answers with JSON."""
        self.status, self.wfile = status, io.BytesIO(json.dumps(answer).encode())
        self.answer_headers = {"Content-Type": "application/json; charset=UTF-8"}


class Front(BaseHTTPRequestHandler):
    """A connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 2**20
    exclusive = threading.Lock()
    """The emulator wasn't made for several threads; a condition and what depends on it are one step."""

    def __init__(self, context, store, watch, *arguments):
        self.context, self.store, self.watch = context, store, watch
        super().__init__(*arguments)

    def setup(self):
        self.request = self.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        self.connection.close()

    def handle_expect_100(self):
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def log_message(self, *_):
        pass

    def __getattr__(self, name):
        """Whatever the method, `do_GET` and so on, it is answered by one."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        """Reads a request, serves it, and sends the answer."""
        body = self._body()
        wanted = asked(self.command, self.path, body)
        fault = self.watch.seen(wanted)
        let_go = self.watch.let_go
        time.sleep(self.watch.latency)
        if fault == "hold":
            let_go.wait()
            if self._is_alone():
                self.close_connection = True
                return
        exchange = Exchange(self, body)
        if fault.isdigit():
            exchange.refuse(int(fault))
        else:
            with self.exclusive:
                if fault == "vanish":
                    self.store.objects[wanted.bucket].pop(wanted.name, None)
                serve(exchange, wanted, self.command)
        self._send(exchange, fault)
        if wanted.kind == "read":
            self.watch.count("bytes read", len(exchange.wfile.getvalue()))
        elif wanted.kind == "write":
            self.watch.count("bytes written", len(body))

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _send(self, exchange, fault):
        content = exchange.wfile.getvalue()
        if fault == "lost":
            self._reset()
            return
        self.send_response_only(exchange.status, "Resume Incomplete" if exchange.status == 308 else None)
        for name, value in (exchange.answer_headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)
        self.wfile.flush()
        if fault == "cut":
            self._reset()

    def _is_alone(self):
        """Returns whether the client is gone."""
        poll = select.poll()
        poll.register(self.connection, select.POLLRDHUP)
        return bool(poll.poll(0))

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        os.close(self.connection.detach())
        self.close_connection = True


def serve(exchange, wanted, method):
    """Answers a request: what the front knows itself, and what the emulator does."""
    store, query = exchange.storage, wanted.query
    if wanted.kind == "token":
        # Any place is allowed to the account, as google-auth asks.
        exchange.say(
            {"access_token": "a test's", "token_type": "Bearer", "expires_in": 3600, "encodedLocations": "0x0"}
        )
    elif not exchange.headers.get("Authorization", "").startswith("Bearer "):
        exchange.refuse(401, "Anonymous caller does not have access.")
    elif query.get("upload_id") in store.finished:
        exchange.say(store.finished[query["upload_id"]])
    elif exchange.path.endswith("/storageLayout"):
        exchange.say({"bucket": wanted.bucket, "hierarchicalNamespace": {"enabled": False}})
    elif wanted.kind == "list" and wanted.bucket in store.buckets:
        exchange.say(store.page(wanted.bucket, query))
    else:
        try:
            check_conditions(store, wanted)
            emulator.Router(exchange).handle(method)
            _mend(exchange, wanted)
        except ConditionNotMetError as error:
            exchange.refuse(412, str(error))
        except Exception:
            sys.stderr.write(f"{method} {exchange.path}\n{traceback.format_exc()}")
            exchange.refuse(500, traceback.format_exc())


def check_conditions(store, wanted):
    """Compares the generations of what is read or copied; what is changed the store compares."""
    store.conditions = wanted.query
    if wanted.kind in ("read", "stat"):
        store.require(wanted.bucket, wanted.name, wanted.query)
    if wanted.kind == "copy" and "ifSourceGenerationMatch" in wanted.query:
        store.require(
            wanted.source_bucket, wanted.source, {"ifGenerationMatch": wanted.query["ifSourceGenerationMatch"]}
        )


def _mend(exchange, wanted):
    content = exchange.wfile.getvalue()
    if exchange.status == 206 and not content:
        exchange.refuse(416)
    elif exchange.status >= 400 and not content:
        exchange.refuse(exchange.status, f"Not found: {exchange.path}")
    elif exchange.status == 308 and not exchange.storage.get_resumable_byte_count(wanted.query["upload_id"]):
        exchange.answer_headers.pop("Range", None)
    elif wanted.kind == "read":
        exchange.answer_headers["X-Goog-Generation"] = exchange.storage.generation(wanted.bucket, wanted.name)


class Control(BaseHTTPRequestHandler):
    """What tests ask for; `emulator.py` is its client."""

    disable_nagle_algorithm = True

    def __init__(self, store, watch, *arguments):
        self.store, self.watch = store, watch
        super().__init__(*arguments)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._say({"counts": self.watch.counts, "met": self.watch.met} if self.path == "/counts" else None)

    def do_POST(self):
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path:
            case "/section":
                self.watch.begin(told)
            case "/faults":
                self.watch.replace_faults(told)
            case "/latency":
                self.watch.latency = told
            case "/bucket":
                make_bucket(self.store, told)
        self._say({})

    def _say(self, answer):
        content = json.dumps(answer).encode()
        self.send_response_only(404 if answer is None else 200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """One that answers many at once."""

    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away is no event."""
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


def make_bucket(store, name):
    """Makes a bucket that keeps nothing of what is deleted."""
    create_bucket(name, store)
    store.buckets[name]["softDeletePolicy"]["retentionDurationSeconds"] = "0"


def server_context(folder):
    """Makes an authority and a certificate for Google's names; writes the authority's to `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(*NAMES).configure_cert(context)
    return context


def write_credentials(path):
    """Writes the key of a service account that doesn't exist."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    credentials = {
        "type": "service_account",
        "project_id": "test",
        "private_key_id": "1",
        "private_key": encoded.decode(),
        "client_email": "test@test.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    path.write_text(json.dumps(credentials), encoding="utf-8")


def main():
    """Serves until stdin ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    arguments = parser.parse_args()
    # The emulator logs as errors what clients ask in the course of their work.
    logging.disable()
    store, watch = Store(), Watch(arguments.latency)
    make_bucket(store, "bucket")
    write_credentials(arguments.folder / "credentials.json")
    context = server_context(arguments.folder)
    for port, handler in ((443, partial(Front, context, store, watch)), (80, partial(Control, store, watch))):
        threading.Thread(target=Server(("127.0.0.1", port), handler).serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
