"""Local servers that stand for Kubeflow Pipelines and Vertex AI, and a user whom both know."""

import json
import os

import cluster_apis
import pytest

from pipeline.cluster.target import ClusterTarget


@pytest.fixture
def nobody(tmp_path, monkeypatch):
    """A user of the machine whom no cluster knows."""
    for name in [name for name in os.environ if name.startswith(("KF_PIPELINES", "GOOGLE_", "CLOUDSDK"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture(scope="session")
def account():
    """The key of an account that Google's libraries take."""
    return cluster_apis.account()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """What a server by TLS needs."""
    return cluster_apis.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def kubeflow(nobody):
    """Kubeflow Pipelines."""
    with cluster_apis.serving(cluster_apis.KubeflowApi()) as api:
        yield api


@pytest.fixture
def vertex(nobody, account, tmp_path, monkeypatch):
    """Vertex AI, and credentials for it."""
    with cluster_apis.serving(cluster_apis.VertexApi()) as api:
        (tmp_path / "account.json").write_text(json.dumps(account | {"token_uri": f"{api.endpoint}/token"}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
        yield api


@pytest.fixture
def at(nobody):
    """Returns the target that an API is."""

    def target(api, **changes):
        if isinstance(api, cluster_apis.KubeflowApi):
            return ClusterTarget(**{"target": "kubeflow", "endpoint": api.endpoint} | changes)
        where = {"target": "vertex", "project": cluster_apis.PROJECT, "region": cluster_apis.REGION}
        return ClusterTarget(**where | {"endpoint": api.endpoint} | changes)

    return target
