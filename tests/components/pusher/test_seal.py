"""What a seal tells of a model that was changed, cut off or replaced since it was pushed; on a disk and in a bucket."""

import io

import pytest

from components.errors import TransferlineError
from components.ingest import storage
from components.pusher.model_files import SEAL_FILE
from components.pusher.publish import publish
from components.pusher.seal import Seal, check_seal, is_intact, make_seal, read_seal, seal_of
from components.pusher.versions import is_same_model, version_for, versions

FILES = {"fingerprint.pb": b"print", "saved_model.pb": b"graph", "variables/variables.data": b"data"}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return str(folder)


@pytest.fixture(params=["disk", "gs"])
def pushed(request, object_store, tmp_path):
    return {"disk": str(tmp_path / "pushed"), "gs": "gs://bucket/pushed"}[request.param]


def write(path, content):
    storage.upload(io.BytesIO(content), path)


def test_a_push_is_sealed_and_its_copy_has_the_same_seal(model, pushed):
    publish(model, pushed, "7")
    seal = read_seal(f"{pushed}/7")
    assert set(seal.files) == set(FILES)
    assert seal == make_seal(model)
    check_seal(f"{pushed}/7")
    publish(f"{pushed}/7", pushed, "8")
    assert read_seal(f"{pushed}/8").digest == seal.digest == seal_of(f"{pushed}/8").digest


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda folder: write(f"{folder}/saved_model.pb", b"GRAPH"), "saved_model.pb is another"),
        (lambda folder: write(f"{folder}/variables/variables.data", b"da"), "variables/variables.data is another"),
        (lambda folder: storage.remove(f"{folder}/variables/variables.data"), "variables/variables.data is missing"),
        (lambda folder: write(f"{folder}/saved_model.cpb", b"more"), "saved_model.cpb wasn't there"),
        (lambda folder: write(f"{folder}/{SEAL_FILE}", b"{"), "its seal can't be understood"),
    ],
)
def test_what_was_changed_is_told_and_pushed_anew(model, pushed, change, fault):
    publish(model, pushed, "7")
    change(f"{pushed}/7")
    with pytest.raises(TransferlineError, match=f"The model isn't the one that was pushed: .*{fault}") as raised:
        check_seal(f"{pushed}/7")
    assert raised.value.place == f"{pushed}/7"
    assert not is_intact(f"{pushed}/7")
    assert not is_same_model(f"{pushed}/7", model)
    number = publish(model, pushed, version_for(pushed, model))
    assert number != "7"
    assert [str(version) for version in versions(pushed)] == [number, "7"]
    check_seal(f"{pushed}/{number}")


LEFT = (".DS_Store", "variables/._variables.data", "beam-temp-x/half", "assets/Thumbs.db", ".nfs0001")


def test_what_desktops_and_killed_workers_leave_is_no_part_of_a_model(model, pushed):
    sealed = make_seal(model)
    for name in LEFT:
        write(f"{model}/{name}", b"left")
    assert make_seal(model) == sealed
    publish(model, pushed, "7")
    assert {node.name for node in storage.walk(f"{pushed}/7") if not node.is_folder} == {*FILES, SEAL_FILE}
    for name in LEFT:
        write(f"{pushed}/7/{name}", b"left")
    check_seal(f"{pushed}/7")
    assert is_same_model(f"{pushed}/7", model)


def test_a_seal_of_what_was_left_behind_still_holds(model, pushed):
    """Releases up to 0.9.0 sealed it, too."""
    publish(model, pushed, "7")
    earlier = Seal(files={**make_seal(model).files, ".DS_Store": "0" * 64})
    write(f"{pushed}/7/{SEAL_FILE}", earlier.model_dump_json().encode())
    check_seal(f"{pushed}/7")


def test_what_was_changed_is_not_pushed_again(model, pushed):
    publish(model, pushed, "7")
    write(f"{pushed}/7/saved_model.pb", b"GRAPH")
    with pytest.raises(TransferlineError, match=r"saved_model\.pb is another"):
        publish(f"{pushed}/7", pushed, "8")
    assert versions(pushed) == [7]


def test_a_version_of_an_earlier_release_has_none_and_is_taken_as_it_is(model, pushed):
    publish(model, pushed, "7")
    storage.remove(f"{pushed}/7/{SEAL_FILE}")
    check_seal(f"{pushed}/7")
    assert is_same_model(f"{pushed}/7", model)


def test_many_faults_are_counted(model, pushed):
    publish(model, pushed, "7")
    for number in range(5):
        write(f"{pushed}/7/{number}", b"")
    with pytest.raises(TransferlineError, match="0 wasn't there, 1 wasn't there, 2 wasn't there and 2 more"):
        check_seal(f"{pushed}/7")
