import json
import time

import pytest
from tfx.proto import pusher_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.errors import TransferlineError
from components.pusher.executor import Executor
from components.pusher.seal import make_seal
from components.pusher.versions import newest_version


@pytest.fixture
def push(tmp_path):
    """Pushes a model of one file; returns the PushedModel artifact."""
    model = standard_artifacts.Model()
    model.uri = str(tmp_path / "model")
    serving = tmp_path / "model" / "Format-Serving"
    (serving / "assets.extra").mkdir(parents=True)
    (serving / "saved_model.pb").write_bytes(b"the graph")
    (serving / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"requests")
    destination = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(tmp_path / "pushed"))
    )

    def run(*, blessed, **properties):
        blessing = standard_artifacts.ModelBlessing()
        blessing.uri = str(tmp_path / "blessing")
        blessing.set_int_custom_property("blessed", int(blessed))
        pushed = standard_artifacts.PushedModel()
        pushed.uri = str(tmp_path / "archive")
        Executor().Do(
            {"model": [model], "model_blessing": [blessing]},
            {"pushed_model": [pushed]},
            {"push_destination": proto_utils.proto_to_json(destination), **properties},
        )
        return pushed

    return run


def test_a_blessed_model_becomes_a_version_folder(push, tmp_path):
    pushed = push(blessed=True)
    (version,) = (tmp_path / "pushed").iterdir()
    assert int(version.name) == pytest.approx(time.time(), abs=60)
    assert (version / "saved_model.pb").read_bytes() == b"the graph"
    assert (version / "assets.extra" / "tf_serving_warmup_requests").exists()
    assert pushed.get_string_custom_property("pushed_destination") == str(version)
    assert pushed.get_int_custom_property("pushed") == 1


def test_two_pushes_in_one_second_are_two_versions(push, tmp_path):
    push(blessed=True)
    first = newest_version(str(tmp_path / "pushed"))
    push(blessed=True)
    assert len(list((tmp_path / "pushed").iterdir())) == 2
    assert newest_version(str(tmp_path / "pushed")) > first


def test_a_push_that_is_tried_again_is_the_same_version(push, tmp_path):
    (tmp_path / "model" / "Format-Serving" / "fingerprint.pb").write_bytes(b"of this model")
    push(blessed=True)
    push(blessed=True)
    assert len(list((tmp_path / "pushed").iterdir())) == 1


def test_a_model_that_is_not_blessed_goes_nowhere(push, tmp_path):
    assert push(blessed=False).get_int_custom_property("pushed") == 0
    assert not (tmp_path / "pushed").exists()


def test_a_model_that_is_held_back_is_refused_and_says_why(push, tmp_path):
    digest = make_seal(str(tmp_path / "model" / "Format-Serving")).digest
    with pytest.raises(TransferlineError, match="it was bad") as raised:
        push(blessed=True, held_back=json.dumps({digest: "it was bad"}))
    assert "--push-again" in raised.value.cure
    assert not (tmp_path / "pushed").exists()
    push(blessed=True, held_back=json.dumps({"another": "it was bad"}))
    assert len(list((tmp_path / "pushed").iterdir())) == 1


def test_the_newest_version_is_the_highest_number_and_half_a_push_is_none(tmp_path):
    for name in ("9", "10", ".pushing-11", "notes"):
        (tmp_path / name).mkdir()
    assert newest_version(str(tmp_path)) == str(tmp_path / "10")
    assert newest_version(str(tmp_path / "absent")) == ""
