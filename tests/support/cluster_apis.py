"""Servers on this machine that answer as Kubeflow Pipelines and Vertex AI do, and keep what they were sent."""

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import kfp_server_api
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.cloud.aiplatform_v1 import PipelineJob
from google.protobuf.field_mask_pb2 import FieldMask

PROJECT, REGION = "project", "europe-west4"
PIPELINE_JOBS = f"/v1/projects/{PROJECT}/locations/{REGION}/pipelineJobs"
SCHEDULES = f"/v1/projects/{PROJECT}/locations/{REGION}/schedules"
HTML = "<!doctype html>\n<html><body>Log in</body></html>"


@dataclass(frozen=True)
class Failure:
    """An answer that every request gets, such as a proxy's in front of the API."""

    status: int
    body: str
    content_type: str = "application/json"


@dataclass
class Api:
    """What the two have in common.

    Attributes:
        sent: Path and body of every POST.
        asked: Path, query and headers of every request.
        failure: What is answered in place of all else.
        refused: What is answered to a POST to the path that ends so.
    """

    sent: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    failure: Failure | None = None
    refused: dict = field(default_factory=dict)
    endpoint: str = ""

    def body(self, end):
        """Returns what was posted to the path that ends so."""
        return next(body for path, body in self.sent if path.endswith(end))


@dataclass
class KubeflowApi(Api):
    """Kubeflow Pipelines, with runs and experiments as kfp's own models."""

    runs: list = field(default_factory=list)
    versions: dict = field(default_factory=dict)
    experiments: dict = field(default_factory=lambda: {"transferline": "7"})
    multi_user: bool = False

    def get(self, path, query):
        resource = path.removeprefix("/apis/v2beta1/")
        if resource == "healthz":
            return {"multi_user": self.multi_user}
        if resource == "experiments":
            wanted = json.loads(query.get("filter") or "{}").get("predicates")
            names = [wanted[0]["stringValue"]] if wanted else list(self.experiments)
            found = [self.experiment(name) for name in names if name in self.experiments]
            return {"experiments": found} if found else {}
        if resource == "runs":
            return self.page(query)
        return self.versions.get(resource)

    def experiment(self, name):
        return {"experiment_id": self.experiments[name], "display_name": name}

    def page(self, query):
        """The newest first and in pages, with what isn't set left out or, for times, 1970: as their server does."""
        assert query["sort_by"] == "created_at desc"
        mine = [run for run in self.runs if run.experiment_id == query["experiment_id"]]
        mine.sort(key=lambda run: run.created_at, reverse=True)
        start = int(query.get("page_token") or 0)
        end = start + int(query["page_size"])
        shown = [kfp_server_api.ApiClient().sanitize_for_serialization(run) for run in mine[start:end]]
        runs = [{"finished_at": "1970-01-01T00:00:00Z"} | run for run in shown]
        return {"runs": runs, "next_page_token": str(end) if end < len(mine) else ""}

    def post(self, path, body):
        if path.endswith("/experiments"):
            self.experiments[body["display_name"]] = "8"
            return self.experiment(body["display_name"])
        return {"run_id": "r1", "recurring_run_id": "s1", "experiment_id": "7"}


@dataclass
class VertexApi(Api):
    """Vertex AI, with runs as Google's own messages; and the tokens that its client asks for."""

    jobs: list = field(default_factory=list)

    def get(self, path, query):
        return self.page(query) if path == PIPELINE_JOBS else None

    def page(self, query):
        """The newest first, of the pipeline's name, in pages, with the fields that are asked for."""
        name = query.get("filter", "").removeprefix("pipeline_name=").strip('"')
        mine = [job for job in self.jobs if not name or _pipeline_name(job) == name]
        mine.sort(key=lambda job: job.create_time, reverse=query.get("orderBy") == "create_time desc")
        start = int(query.get("pageToken") or 0)
        end = start + int(query["pageSize"])
        shown = [json.loads(PipelineJob.to_json(_masked(job, query.get("readMask")))) for job in mine[start:end]]
        return {"pipelineJobs": shown, "nextPageToken": str(end) if end < len(mine) else ""}

    def post(self, path, body):
        if path == "/token":
            return {"access_token": "secret", "expires_in": 3600, "token_type": "Bearer"}
        if path == PIPELINE_JOBS:
            return body | {"name": f"{path.removeprefix('/v1/')}/job-1", "state": "PIPELINE_STATE_PENDING"}
        if path == SCHEDULES:
            return body | {"name": f"{path.removeprefix('/v1/')}/schedule-1", "state": "ACTIVE"}
        return None


def _pipeline_name(job):
    return dict(dict(job.pipeline_spec)["pipelineInfo"])["name"]


def _masked(job, mask):
    if not mask:
        return job
    paths, shown = FieldMask(), PipelineJob()
    paths.FromJsonString(mask)
    paths.MergeMessage(PipelineJob.pb(job), PipelineJob.pb(shown))
    return shown


@contextmanager
def serving(api, certificate=None):
    """Serves an API at its `endpoint` until the block ends; by TLS with a certificate, whose file has its key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, query = self.asked()
            self.answer(api.get(path, query))

        def do_POST(self):
            path, _ = self.asked()
            text = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(text) if "json" in self.headers["Content-Type"] else dict(parse_qsl(text.decode()))
            api.sent.append((path, body))
            refused = next((failure for end, failure in api.refused.items() if path.endswith(end)), None)
            self.answer(api.post(path, body), refused)

        def asked(self):
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query))
            api.asked.append((url.path, query, self.headers))
            return url.path, query

        def answer(self, body, refused=None):
            if failure := api.failure or refused:
                self.write(failure.status, failure.body, failure.content_type)
            elif body is None:
                self.write(404, json.dumps({"code": 5, "message": "Not Found"}), "application/json")
            else:
                self.write(200, json.dumps(body), "application/json")

        def write(self, status, text, content_type):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # a client that speaks another protocol
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.endpoint = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path) -> Path:
    """Makes a certificate for this machine that no authority signed, in a file with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + _pem(key))
    return file


def account():
    """Makes a key of a service account that Google's libraries take, and that is worth nothing."""
    return {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1",
        "private_key": _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)).decode(),
        "client_email": "someone@project.iam.gserviceaccount.com",
        "client_id": "1",
    }


def _pem(key):
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
