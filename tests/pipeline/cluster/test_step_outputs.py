import pytest

from components.errors import TransferlineError
from pipeline.cluster.step_outputs import KEPT_FILE, clear, leave_local_folders, remove_markers

STEP = "transferline/digits/run/Trainer/1"
MODEL = f"gs://bucket/{STEP}/model"
MODEL_RUN = f"gs://bucket/{STEP}/model_run"


@pytest.fixture
def bucket(object_store):
    """What is in gs://bucket: a Trainer's outputs as TensorFlow writes them."""
    for marker in ("", "model/", "model/Format-Serving/", "model/Format-Serving/assets/", "model_run/"):
        object_store.put(f"{STEP}/{marker}", b"")
    for file in ("model/Format-Serving/saved_model.pb", "model_run/epochs.jsonl"):
        object_store.put(f"{STEP}/{file}", b"content")
    return object_store


def test_markers_go_and_files_stay(bucket):
    remove_markers([MODEL, MODEL_RUN])
    assert bucket.names() == [
        f"{STEP}/",  # which is in none of the outputs
        f"{STEP}/model/Format-Serving/saved_model.pb",
        f"{STEP}/model_run/epochs.jsonl",
    ]


def test_what_is_not_below_the_step_s_own_outputs_stays(bucket):
    bucket.put(f"{STEP}/model_of_others/", b"")
    bucket.put("transferline/digits/data/digits/", b"")
    remove_markers([f"{MODEL}/"])
    others = (f"{STEP}/model_of_others/", "transferline/digits/data/digits/", f"{STEP}/model_run/")
    assert set(others) <= set(bucket.names())
    assert f"{STEP}/model/" not in bucket.names()


@pytest.mark.parametrize("marker", ["blessing/", "blessing/sub/", None])
def test_an_output_that_would_be_empty_keeps_a_file(bucket, marker):
    if marker:
        bucket.put(f"{STEP}/{marker}", b"")
    remove_markers([f"gs://bucket/{STEP}/blessing"])
    (kept,) = [name for name in bucket.names() if "blessing" in name]
    assert kept == f"{STEP}/blessing/{KEPT_FILE}"
    assert bucket.content(kept)


def test_a_file_without_content_is_no_marker_and_neither_is_a_name_with_content(bucket):
    for name, content in (("blessing/BLESSED", b""), ("blessing/odd/", b"content")):
        bucket.put(f"{STEP}/{name}", content)
    remove_markers([f"gs://bucket/{STEP}/blessing"])
    assert {f"{STEP}/blessing/BLESSED", f"{STEP}/blessing/odd/"} <= set(bucket.names())


def test_a_marker_that_is_gone_meanwhile_is_no_error(bucket):
    bucket.faults[f"DELETE {STEP}/model/Format-Serving/"] = [404]
    remove_markers([MODEL])
    assert f"{STEP}/model/Format-Serving/assets/" not in bucket.names()


def test_a_service_that_is_busy_is_asked_again(bucket):
    bucket.faults[f"DELETE {STEP}/model/"] = [503, 429]
    remove_markers([MODEL])
    assert f"{STEP}/model/" not in bucket.names()


def test_markers_that_may_not_be_removed_are_told(bucket):
    bucket.faults[f"DELETE {STEP}/model/"] = [403]
    with pytest.raises(TransferlineError, match="The account may not write this in Google Cloud Storage") as raised:
        remove_markers([MODEL])
    assert raised.value.place == f"{MODEL}/"
    assert "Storage Object User" in raised.value.cure


def test_local_outputs_are_left_alone(tmp_path):
    (tmp_path / "model" / "assets").mkdir(parents=True)
    remove_markers([str(tmp_path / "model")])
    assert (tmp_path / "model" / "assets").is_dir()


def test_only_the_outputs_themselves_are_cleared(tmp_path):
    for folder in ("model", "model_run", "checkpoints/abc"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").touch()
    clear([str(tmp_path / "model"), str(tmp_path / "missing")])
    assert sorted(path.name for path in tmp_path.rglob("file")) == ["file", "file"]
    assert not (tmp_path / "model").exists()


def test_outputs_that_cannot_be_cleared_are_told():
    kept_by_the_kernel = "/proc/self/fdinfo"
    with pytest.raises(TransferlineError, match="What an earlier try of the step left can't be removed") as raised:
        clear([kept_by_the_kernel])
    assert raised.value.place == kept_by_the_kernel


@pytest.mark.parametrize(("pod", "made"), [("digits-1", ["gcs/bucket/model"]), (None, [])])
def test_kubeflow_s_launcher_finds_a_folder_where_it_looks_for_an_output(tmp_path, monkeypatch, pod, made):
    monkeypatch.setenv("ARTIFACT_LOCAL_PATH", str(tmp_path))
    monkeypatch.delenv("KFP_POD_NAME", raising=False)
    if pod:
        monkeypatch.setenv("KFP_POD_NAME", pod)
    leave_local_folders(["gs://bucket/model", str(tmp_path / "local")])
    assert [str(folder.relative_to(tmp_path)) for folder in tmp_path.glob("gcs/*/*")] == made
