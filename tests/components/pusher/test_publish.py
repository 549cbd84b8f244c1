"""Pushes to a disk, to a bucket, and to what TensorFlow alone reaches."""

import io
import os
import threading
from pathlib import Path

import pytest

from components.errors import TransferlineError
from components.ingest import storage
from components.pusher import publish as publishing
from components.pusher.model_files import SEAL_FILE
from components.pusher.publish import publish
from components.pusher.versions import is_same_model, newest_version, version_for, versions

FILES = {
    "fingerprint.pb": b"print of ",
    "saved_model.pb": b"graph of ",
    "assets.extra/warmup": b"requests of ",
    "variables/variables.index": b"index of ",
    "variables/variables.data": b"data of " * 1000,
}


@pytest.fixture
def make_model(tmp_path):
    """Writes a model; returns its folder."""

    def make(name):
        for file, content in FILES.items():
            path = tmp_path / "models" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content + name.encode())
        return str(tmp_path / "models" / name)

    return make


EVERYWHERE = pytest.mark.parametrize("place", ["disk", "gs://", "file://"], ids=["disk", "gs", "by TensorFlow alone"])
WITH_CLAIMS = pytest.mark.parametrize("place", ["disk", "gs://"], ids=["disk", "gs"])
"""What TensorFlow alone reaches knows no file that only one can create."""


@pytest.fixture
def pushed(place, object_store, tmp_path):
    """The folder of the versions."""
    return {
        "gs://": "gs://bucket/pushed",
        "disk": str(tmp_path / "pushed"),
        "file://": f"file://{tmp_path}/pushed",
    }[place]


@pytest.fixture
def bucket(object_store):
    """The folder of the versions in a bucket, and what holds it."""
    return "gs://bucket/pushed", object_store


def held(folder):
    """What is in a folder, by name, without the seals."""
    names = [node.name for node in storage.walk(folder) if not node.is_folder]
    return {
        name: storage.read_file(os.path.join(folder, name), 10**6) for name in names if not name.endswith(SEAL_FILE)
    }


def content_of(name):
    return {file: content + name.encode() for file, content in FILES.items()}


@EVERYWHERE
def test_a_model_is_pushed_whole_and_nothing_else_is_left(pushed, make_model):
    assert publish(make_model("a"), pushed, "7") == "7"
    assert held(pushed) == {f"7/{file}": content for file, content in content_of("a").items()}
    assert versions(pushed) == [7]


@EVERYWHERE
def test_what_looks_like_a_number_is_none(pushed, make_model):
    publish(make_model("a"), pushed, "7")
    for name in ("²", "٣", "007", "9" * 50):
        storage.upload(io.BytesIO(b"model"), f"{pushed}/{name}/saved_model.pb")
        storage.upload(io.BytesIO(b""), f"{pushed}/.pushing-{name}")
    assert versions(pushed) == [7]
    assert publish(make_model("b"), pushed, "8") == "8"


@EVERYWHERE
def test_what_is_pushed_already_is_not_pushed_again(pushed, make_model):
    model = make_model("a")
    publish(model, pushed, "7")
    assert version_for(pushed, model) == "7"
    assert publish(model, pushed, "7") == "7"
    assert versions(pushed) == [7]


@EVERYWHERE
def test_a_number_that_another_model_has_is_never_taken(pushed, make_model):
    publish(make_model("a"), pushed, "7")
    assert publish(make_model("b"), pushed, "7") == "8"
    assert held(f"{pushed}/7") == content_of("a")
    assert held(f"{pushed}/8") == content_of("b")


@EVERYWHERE
def test_half_a_model_is_not_taken_for_the_model(pushed, make_model):
    model = make_model("a")
    publish(model, pushed, "7")
    storage.remove(f"{pushed}/7/variables/variables.data")
    assert not is_same_model(f"{pushed}/7", model)
    storage.upload(io.BytesIO(b"cut"), f"{pushed}/7/variables/variables.data")
    assert not is_same_model(f"{pushed}/7", model)
    assert version_for(pushed, model) != "7"


@WITH_CLAIMS
def test_pushes_at_once_are_versions_of_their_own(pushed, make_model):
    names = [f"model {number}" for number in range(4)]
    models = [make_model(name) for name in names]
    numbers = {}
    together = threading.Barrier(len(names))

    def push(name, model):
        together.wait()
        numbers[name] = publish(model, pushed, "7")

    threads = [threading.Thread(target=push, args=pair) for pair in zip(names, models, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers.values(), key=int) == ["7", "8", "9", "10"]
    for name, number in numbers.items():
        assert held(f"{pushed}/{number}") == content_of(name)
    assert [name for name in storage.names_in(pushed) if not name.isdigit()] == []


def test_the_file_without_which_no_server_loads_a_model_comes_last(bucket, make_model):
    pushed, store = bucket
    publish(make_model("a"), pushed, "7")
    written = [request.removeprefix("POST pushed/") for request in store.requests if request.startswith("POST")]
    assert written[0] == ".pushing-7"
    assert written[-1] == "7/saved_model.pb"
    assert len(written) == 1 + len(FILES) + 1  # the claim, the files, and the seal


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_push_that_dies_is_no_version_and_is_gone_on_with(bucket, make_model, file):
    pushed, store = bucket
    publish(make_model("served"), pushed, "5")
    model = make_model("a")
    store.faults[f"POST pushed/7/{file}"] = [403]
    with pytest.raises(TransferlineError, match="may not write this"):
        publish(model, pushed, "7")
    assert versions(pushed) == [5]
    assert newest_version(pushed) == f"{pushed}/5"
    later = str(int(version_for(pushed, model)))
    assert publish(model, pushed, later) == "7"
    assert held(f"{pushed}/7") == content_of("a")
    assert versions(pushed) == [7, 5]
    assert ".pushing-7" not in storage.names_in(pushed)


def test_another_model_goes_past_what_a_dead_push_left(bucket, make_model):
    pushed, store = bucket
    store.faults["pushed/7/saved_model.pb"] = [403]
    with pytest.raises(TransferlineError):
        publish(make_model("a"), pushed, "7")
    assert publish(make_model("b"), pushed, "7") == "8"
    assert held(f"{pushed}/8") == content_of("b")
    assert versions(pushed) == [8]
    # Filled now, it wouldn't be what is served.
    assert publish(make_model("a"), pushed, "9") == "9"


def test_a_claim_whose_answer_was_lost_is_known_again(bucket, make_model, monkeypatch):
    pushed, _ = bucket
    create = storage.create

    def answered_late(path, content):
        create(path, content)
        return create(path, content)

    monkeypatch.setattr(publishing.storage, "create", answered_late)
    assert publish(make_model("a"), pushed, "7") == "7"


def test_a_version_that_was_finished_between_looking_and_claiming_is_left_alone(bucket, make_model):
    pushed, store = bucket
    for file, content in content_of("a").items():
        store.put(f"pushed/7/{file}", content)
    assert publish(make_model("b"), pushed, "7") == "8"
    assert held(f"{pushed}/7") == content_of("a")


def test_a_folder_that_a_killed_push_left_on_a_disk_is_no_version(tmp_path, make_model):
    (tmp_path / "pushed" / ".pushing-xyz" / "model").mkdir(parents=True)
    assert publish(make_model("a"), str(tmp_path / "pushed"), "7") == "7"
    assert versions(str(tmp_path / "pushed")) == [7]


def test_a_model_may_come_from_a_bucket_too(bucket, make_model):
    pushed, store = bucket
    for path in Path(make_model("a")).rglob("*.*"):
        if path.is_file():
            store.put(f"runs/model/{path.relative_to(make_model('a'))}", path.read_bytes())
    store.put("runs/model/variables/variables.data", content_of("a")["variables/variables.data"])
    store.put("runs/model/assets.extra/warmup", content_of("a")["assets.extra/warmup"])
    store.put("runs/model/variables/", b"")
    publish("gs://bucket/runs/model", pushed, "7")
    assert held(f"{pushed}/7") == content_of("a")
