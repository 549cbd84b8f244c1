"""What bad addresses, logins and places get, from the clients as they are, against servers on this machine."""

import json
import socket
from contextlib import closing

import pytest
from cluster_apis import HTML, PROJECT, REGION, Failure, KubeflowApi, VertexApi, serving
from servers import free_port

from components.errors import TransferlineError
from pipeline.cluster import kubeflow_client, vertex_client
from pipeline.cluster.refusals import AUTHORITY, TOKEN_FILE, explained
from pipeline.cluster.target import ClusterTarget, check, reach

NOWHERE = "nowhere.invalid"


def refused(target):
    """Returns the error that reaching for a target ends with."""
    with pytest.raises(TransferlineError) as raised:
        reach(target)
    assert raised.value.cause.endswith(".")
    assert raised.value.cure.endswith(".")
    return raised.value


def said(status, message, **more):
    return Failure(status, json.dumps({"code": 7, "message": message, "error": message} | more))


def googles(status, name, message):
    return Failure(status, json.dumps({"error": {"code": status, "message": message, "status": name}}))


@pytest.fixture
def silent():
    """An address where somebody listens, and never answers."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_cluster_that_answers_is_reached(kubeflow, vertex, at):
    reach(at(kubeflow))
    reach(at(vertex))


def test_what_a_target_needs_is_asked_for():
    with pytest.raises(TransferlineError, match="project and region must be known"):
        check(ClusterTarget(target="vertex"))
    with pytest.raises(TransferlineError, match="endpoint must be known"):
        check(ClusterTarget(target="kubeflow"))
    check(ClusterTarget(target="kubeflow", endpoint="http://cluster"))


def test_an_address_without_http_or_https_is_asked_for_it():
    with pytest.raises(TransferlineError, match="http or by https") as raised:
        check(ClusterTarget(target="kubeflow", endpoint="localhost:8080"))
    assert "http://localhost:8080" in raised.value.cure


@pytest.mark.parametrize("api", [KubeflowApi(), VertexApi()])
@pytest.mark.usefixtures("vertex")
def test_an_address_where_nobody_listens(api, at):
    api.endpoint = f"http://127.0.0.1:{free_port()}"
    error = refused(at(api))
    assert error.cause == "Nobody listens at this address."
    assert api.endpoint in error.place
    assert "--endpoint" in error.cure


@pytest.mark.parametrize("api", [KubeflowApi(), VertexApi()])
@pytest.mark.usefixtures("vertex")
def test_a_name_that_nobody_knows(api, at):
    api.endpoint = f"http://{NOWHERE}"
    error = refused(at(api))
    assert error.cause == "There is no machine of this name, or no network that knows it."
    assert NOWHERE in error.place


@pytest.mark.parametrize("api", [KubeflowApi(), VertexApi()])
@pytest.mark.usefixtures("vertex")
def test_somebody_who_listens_and_never_answers(api, at, silent, monkeypatch):
    monkeypatch.setattr(kubeflow_client, "ANSWER", 0.2)
    monkeypatch.setattr(vertex_client, "ANSWER", 0.2)
    api.endpoint = silent
    error = refused(at(api))
    assert error.cause == "Nobody answers at this address."
    assert "firewall" in error.cure


def test_a_page_for_browsers_is_not_kubeflow(kubeflow, at):
    kubeflow.failure = Failure(200, HTML, "text/html")
    error = refused(at(kubeflow))
    assert error.cause == "What answers at this address isn't the API of Kubeflow Pipelines."
    assert error.place == kubeflow.endpoint
    assert "/#/" in error.cure


def test_another_server_has_no_such_api(kubeflow, at):
    kubeflow.failure = Failure(404, HTML, "text/html")
    error = refused(at(kubeflow))
    assert error.cause == "Kubeflow Pipelines doesn't find it (404): Not Found."
    assert "/apis/v2beta1" in error.cure


def test_http_where_https_is_spoken(certificate, at):
    with serving(KubeflowApi(), certificate) as api:
        error = refused(at(api, endpoint=api.endpoint.replace("https", "http")))
    assert error.cause == "What answers at this address doesn't speak http."
    assert f"--endpoint {api.endpoint}" in error.cure


def test_http_where_a_server_says_that_it_wants_https(kubeflow, at):
    kubeflow.failure = Failure(400, "Client sent an HTTP request to an HTTPS server.\n", "text/plain")
    error = refused(at(kubeflow))
    assert error.cause == "What answers at this address doesn't speak http."
    assert kubeflow.endpoint.replace("http", "https") in error.cure


def test_https_where_http_is_spoken(kubeflow, at):
    error = refused(at(kubeflow, endpoint=kubeflow.endpoint.replace("http", "https")))
    assert error.cause == "What answers at this address doesn't speak https."
    assert f"--endpoint {kubeflow.endpoint}" in error.cure


@pytest.mark.parametrize("kind", [KubeflowApi, VertexApi])
@pytest.mark.usefixtures("vertex")
def test_a_certificate_of_an_authority_of_ones_own(kind, certificate, at, monkeypatch):
    with serving(kind(), certificate) as api:
        error = refused(at(api))
        assert error.cause == "The certificate at this address is of no authority that is trusted here."
        assert AUTHORITY in error.cure
        monkeypatch.setenv(AUTHORITY, str(certificate))
        reach(at(api))


@pytest.mark.parametrize("api", [KubeflowApi(), VertexApi()])
@pytest.mark.usefixtures("vertex")
def test_an_authoritys_file_that_is_not_there(api, at, tmp_path, monkeypatch):
    api.endpoint = "https://127.0.0.1:1"
    monkeypatch.setenv(AUTHORITY, str(tmp_path / "none"))
    error = refused(at(api))
    assert (error.cause, error.place) == ("The file with the certificate can't be read.", str(tmp_path / "none"))
    assert AUTHORITY in error.cure


def test_a_token_comes_from_the_file_that_kfps_variable_names(kubeflow, at, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("secret")
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "token"))
    reach(at(kubeflow))
    assert {headers.get("Authorization") for *_, headers in kubeflow.asked} == {"Bearer secret"}


def test_a_tokens_file_that_is_not_there(kubeflow, at, tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "none"))
    error = refused(at(kubeflow))
    assert (error.cause, error.place) == ("The file with the token can't be read.", str(tmp_path / "none"))
    assert TOKEN_FILE in error.cure


def test_kubeflows_token_that_has_expired(kubeflow, at):
    kubeflow.failure = said(401, "Jwt is expired")
    error = refused(at(kubeflow, namespace="mine"))
    assert error.cause == "Kubeflow Pipelines doesn't know who asks (401): Jwt is expired."
    assert "kubectl create token" in error.cure
    assert "-n mine" in error.cure
    assert len(kubeflow.asked) == 1


def test_kubeflow_forbids(kubeflow, at):
    kubeflow.failure = Failure(403, "RBAC: access denied", "text/plain")
    error = refused(at(kubeflow, namespace="theirs"))
    assert error.cause == "Kubeflow Pipelines forbids it (403): RBAC: access denied."
    assert "kubeflow-edit in the namespace theirs" in error.cure


def test_kubeflow_is_out_of_order_and_asked_once(kubeflow, at):
    kubeflow.failure = Failure(503, HTML, "text/html")
    error = refused(at(kubeflow))
    assert error.cause == "Kubeflow Pipelines fails (503): Service Unavailable."
    assert "kubectl get pods" in error.cure
    assert len(kubeflow.asked) == 1


def test_kubeflow_for_several_users_needs_a_namespace(kubeflow, at):
    kubeflow.multi_user = True
    assert "--namespace" in refused(at(kubeflow)).cure
    reach(at(kubeflow, namespace="mine"))


def test_kubeflows_client_asks_nobody_and_leaves_nothing_behind(kubeflow, at, tmp_path, monkeypatch):
    for name in ("IAP_OAUTH2_CLIENT_ID", "APP_OAUTH2_CLIENT_ID", "APP_OAUTH2_CLIENT_SECRET"):
        monkeypatch.setenv(f"KF_PIPELINES_{name}", "mine")  # with which it would open a browser
    assert "no credentials of Google Cloud" in refused(at(kubeflow)).cause
    monkeypatch.delenv("KF_PIPELINES_IAP_OAUTH2_CLIENT_ID")
    reach(at(kubeflow))
    assert not (tmp_path / "home").exists()


def test_a_region_that_vertex_does_not_have(vertex, at):
    error = refused(at(vertex, region="europe-west44"))
    assert error.cause == "Vertex AI has no region 'europe-west44' (did you mean 'europe-west4'?)."
    assert vertex.asked == []


@pytest.mark.parametrize("file", ["", "/nowhere/key.json"])
def test_no_credentials_of_google_cloud(vertex, at, file, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
    error = refused(at(vertex))
    assert error.cause.startswith("There are no credentials of Google Cloud that can be used")
    assert "gcloud auth application-default login" in error.cure
    assert vertex.asked == []


def test_credentials_that_google_takes_no_more(vertex, at, tmp_path, monkeypatch):
    (tmp_path / "token").write_text("of another identity provider")
    fields = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/{PROJECT}/providers/mine",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{vertex.endpoint}/token",
        "credential_source": {"file": str(tmp_path / "token")},
    }
    (tmp_path / "key.json").write_text(json.dumps(fields))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    expired = {"error": "invalid_grant", "error_description": "The token has expired"}
    vertex.failure = Failure(400, json.dumps(expired))

    error = refused(at(vertex))

    assert error.cause.startswith("Google Cloud takes the credentials no more")
    assert "The token has expired" in error.cause
    assert "again" in error.cure


@pytest.mark.parametrize(
    ("failure", "cause", "cure"),
    [
        (
            googles(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."),
            "Vertex AI doesn't know who asks (401): Request had invalid authentication credentials.",
            "gcloud auth application-default login",
        ),
        (
            googles(403, "PERMISSION_DENIED", "Permission 'aiplatform.pipelineJobs.list' denied on //x (or none)."),
            "Vertex AI forbids it (403): Permission 'aiplatform.pipelineJobs.list' denied on //x (or none).",
            "roles/aiplatform.user",
        ),
        (
            googles(403, "PERMISSION_DENIED", "Vertex AI API has not been used in project 1 before or it is disabled."),
            "Vertex AI forbids it (403): Vertex AI API has not been used in project 1 before or it is disabled.",
            f"gcloud services enable aiplatform.googleapis.com --project {PROJECT}",
        ),
        (
            googles(404, "NOT_FOUND", "The project was not found."),
            "Vertex AI doesn't find it (404): The project was not found.",
            "Check --project",
        ),
        (
            googles(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
            "Vertex AI takes no more for now (429): Quota exceeded.",
            "quota",
        ),
        (
            googles(503, "UNAVAILABLE", "The service is currently unavailable."),
            "Vertex AI fails (503): The service is currently unavailable.",
            "status.cloud.google.com",
        ),
    ],
)
def test_what_vertex_refuses(vertex, at, failure, cause, cure):
    vertex.failure = failure
    error = refused(at(vertex))
    assert error.cause == cause
    assert cure in error.cure
    assert error.place == f"{PROJECT} in {REGION}, {vertex.endpoint}"


def test_a_file_of_this_machine_is_not_the_clusters_fault(kubeflow, at, tmp_path):
    with pytest.raises(TransferlineError) as raised, explained(at(kubeflow)):
        (tmp_path / "none").read_text()
    assert raised.value.cause == "A file on this machine can't be used: No such file or directory."
    assert raised.value.place == str(tmp_path / "none")


def test_what_no_cluster_said_tells_what_kind_of_error_it_is(kubeflow, at):
    with pytest.raises(TransferlineError) as raised, explained(at(kubeflow)):
        {}["project"]
    assert raised.value.cause == "Kubeflow Pipelines didn't take the request: KeyError: 'project'."
