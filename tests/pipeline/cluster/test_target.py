import pytest

from pipeline.cluster.target import ClusterTarget, doubts


@pytest.mark.parametrize(
    ("target", "account", "said"),
    [
        (
            {"target": "kubeflow", "endpoint": "http://pipelines.example.org:8080"},
            "",
            "pipelines.example.org:8080 isn't",
        ),
        ({"target": "kubeflow", "endpoint": "https://pipelines.example.org"}, "", ""),
        ({"target": "kubeflow", "endpoint": "http://localhost:8080"}, "", ""),
        ({"target": "kubeflow", "endpoint": "http://[::1]:8080"}, "", ""),
        ({"target": "vertex", "project": "p", "region": "r"}, "", "the project's default account"),
        ({"target": "vertex", "project": "p", "region": "r"}, "runner@p.iam.gserviceaccount.com", ""),
    ],
)
def test_what_is_not_safe_about_a_way_to_a_cluster_is_said(target, account, said):
    found = list(doubts(ClusterTarget(**target), account))
    assert len(found) == bool(said)
    assert said in "".join(found)
