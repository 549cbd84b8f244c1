"""A server in place of Google's: what TensorFlow's client of Cloud TPUs asks of the API and of a machine's metadata.

Discovery document and answers are what the client reads of https://cloud.google.com/tpu/docs/reference/rest.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT, ZONE, NAME = "a-project", "us-central1-b", "a-tpu"
NODE = f"/v1/projects/{PROJECT}/locations/{ZONE}/nodes/{NAME}"


def _discovery(root):
    """The one method that is called."""
    parameter = {"type": "string", "required": True, "location": "path", "pattern": "^projects/[^/]+/.*$"}
    get = {
        "id": "tpu.projects.locations.nodes.get",
        "path": "v1/{+name}",
        "httpMethod": "GET",
        "parameters": {"name": parameter},
        "parameterOrder": ["name"],
        "response": {"$ref": "Node"},
    }
    nodes = {"resources": {"nodes": {"methods": {"get": get}}}}
    return {
        "kind": "discovery#restDescription",
        "name": "tpu",
        "version": "v1",
        "rootUrl": root,
        "servicePath": "",
        "batchPath": "batch",
        "schemas": {"Node": {"id": "Node", "type": "object"}},
        "resources": {"projects": {"resources": {"locations": nodes}}},
    }


@contextmanager
def google(node):
    """Runs the server.

    Args:
        node: What the API answers of the TPU.

    Yields:
        (HOST:PORT, the paths that were asked for, in their order).
    """
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.partition("?")[0]
            asked.append(path)
            texts = {
                "/computeMetadata/v1/project/project-id": PROJECT,
                "/computeMetadata/v1/instance/zone": f"projects/1/zones/{ZONE}",
                "/discovery": json.dumps(_discovery(f"http://{self.headers['Host']}/")),
                NODE: json.dumps(node),
            }
            self.send_response(200 if path in texts else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(texts.get(path, "{}").encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", asked
        server.shutdown()


def write_credentials(path):
    """Writes a service account's key, with which a client signs for itself what it asks."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {
        "type": "service_account",
        "client_id": "1",
        "client_email": "trainer@example.com",
        "private_key_id": "1",
        "private_key": text,
    }
    path.write_text(json.dumps(account))
