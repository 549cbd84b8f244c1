import pytest
from model_files import write_model_files
from tfx.types import standard_artifacts

from components.errors import TransferlineError
from components.pusher.baseline import PushedBaseline
from components.pusher.publish import publish


@pytest.fixture
def baseline(tmp_path):
    """Looks for the baseline of a candidate; returns the fingerprint of what was found, None for nothing."""
    write_model_files(tmp_path / "candidate" / "Format-Serving", b"new")

    def run():
        candidate, model = standard_artifacts.Model(), standard_artifacts.Model()
        candidate.uri, model.uri = str(tmp_path / "candidate"), str(tmp_path / "baseline")
        PushedBaseline.EXECUTOR_SPEC.executor_class().Do(
            {"candidate": [candidate]},
            {"model": [model]},
            {"base_directory": str(tmp_path / "pushed")},
        )
        assert (tmp_path / "baseline").is_dir()
        found = tmp_path / "baseline" / "Format-Serving" / "fingerprint.pb"
        return found.read_bytes() if found.exists() else None

    return run


def test_nothing_was_pushed_yet(baseline):
    assert baseline() is None


def test_the_newest_version_is_copied_as_the_evaluator_reads_models(baseline, tmp_path):
    write_model_files(tmp_path / "pushed" / "9", b"old")
    write_model_files(tmp_path / "pushed" / "10", b"newest")
    assert baseline() == b"newest"


def test_a_model_is_not_compared_with_itself(baseline, tmp_path):
    write_model_files(tmp_path / "pushed" / "9", b"old")
    write_model_files(tmp_path / "pushed" / "10", b"new")
    assert baseline() == b"old"


def test_a_push_that_is_under_way_is_no_version(baseline, tmp_path):
    write_model_files(tmp_path / "pushed" / ".pushing-11", b"half")
    assert baseline() is None


def test_a_push_to_a_bucket_that_died_is_no_baseline(object_store, tmp_path):
    write_model_files(tmp_path / "candidate" / "Format-Serving", b"new")
    for version, files in {"9": ("fingerprint.pb", "saved_model.pb"), "10": ("fingerprint.pb",)}.items():
        for name in files:
            object_store.put(f"pushed/{version}/{name}", version.encode())
    candidate, model = standard_artifacts.Model(), standard_artifacts.Model()
    candidate.uri, model.uri = str(tmp_path / "candidate"), str(tmp_path / "baseline")
    PushedBaseline.EXECUTOR_SPEC.executor_class().Do(
        {"candidate": [candidate]}, {"model": [model]}, {"base_directory": "gs://bucket/pushed"}
    )
    assert (tmp_path / "baseline" / "Format-Serving" / "fingerprint.pb").read_bytes() == b"9"


def test_a_version_that_was_tampered_with_is_no_baseline(baseline, tmp_path):
    write_model_files(tmp_path / "model", b"old")
    publish(str(tmp_path / "model"), str(tmp_path / "pushed"), "9")
    assert baseline() == b"old"
    (tmp_path / "pushed" / "9" / "saved_model.pb").write_bytes(b"a graph")
    with pytest.raises(TransferlineError, match=r"saved_model\.pb is another"):
        baseline()
