import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from components.errors import TransferlineError
from pipeline.cluster import step_command as subject
from pipeline.cluster.step_command import ENTRY_POINT, TFX_RELEASES, check_versions, parse, step_command

PROJECT = Path(__file__).parents[3]
OURS = version("transferline")


def test_what_is_compiled_here_goes_together_with_what_is_here():
    words = [*step_command("Trainer")[len(ENTRY_POINT) :], "--executor_class_path", "a.B"]
    found, rest = parse([*words, "--json_serialized_invocation_args", "{}", "--runner=DirectRunner", "--step_size=1"])
    check_versions(found.transferline_version, found.tfx_version, found.step)
    assert found.step == "Trainer"
    assert rest == ["--runner=DirectRunner", "--step_size=1"]


def test_the_releases_that_go_together_are_those_that_are_required():
    required = re.findall(r"^tfx\[kfp\]==(\S+)", (PROJECT / "requirements.in").read_text(), re.MULTILINE)
    assert tuple(required) == TFX_RELEASES


def test_the_image_enters_as_the_compiled_steps_do():
    lines = (PROJECT / "kubeflow" / "Dockerfile").read_text().splitlines()
    (entry,) = [line.removeprefix("ENTRYPOINT ") for line in lines if line.startswith("ENTRYPOINT ")]
    assert tuple(json.loads(entry)) == ENTRY_POINT


@pytest.fixture(params=TFX_RELEASES)
def tfx_here(request, monkeypatch):
    monkeypatch.setattr(subject, "version", {"transferline": OURS, "tfx": request.param}.__getitem__)
    return request.param


@pytest.mark.parametrize("compiled", TFX_RELEASES)
def test_each_of_the_two_tfx_runs_what_the_other_compiles(compiled, tfx_here):
    check_versions(OURS, compiled, "Trainer")


@pytest.mark.parametrize("compiled", ["1.15.0", "1.21.1", ""])
def test_any_other_tfx_is_refused(compiled, tfx_here):
    with pytest.raises(TransferlineError, match=f"compiled with TFX .*{compiled}.*image has TFX {tfx_here}") as raised:
        check_versions(OURS, compiled, "Trainer")
    assert raised.value.place == "Trainer"
    assert raised.value.cure == "Use the same TFX for both; only 1.16.0 and 1.21.0 go together otherwise."


def test_an_image_of_another_tfx_is_refused(monkeypatch):
    monkeypatch.setattr(subject, "version", {"transferline": OURS, "tfx": "1.22.0"}.__getitem__)
    check_versions(OURS, "1.22.0", "Trainer")
    with pytest.raises(TransferlineError, match=r"compiled with TFX 1\.21\.0, and the image has TFX 1\.22\.0"):
        check_versions(OURS, "1.21.0", "Trainer")


@pytest.mark.parametrize(
    ("compiled_by", "cause"),
    [
        ("0.1.0", f"compiled by Transferline 0.1.0, and the image has {OURS}"),
        ("", f"doesn't say which Transferline compiled the pipeline, as an older one's doesn't; the image has {OURS}"),
    ],
)
def test_another_release_of_this_project_is_refused(compiled_by, cause):
    with pytest.raises(TransferlineError, match=re.escape(cause)) as raised:
        check_versions(compiled_by, version("tfx"), "Trainer")
    assert f"with Transferline {OURS}" in raised.value.cure
