"""The stand-in for Kubeflow Pipelines does what its driver and its launcher do, as far as a step could see it."""

import json

import pytest
from kubeflow_stand_in.artifacts import input_of
from kubeflow_stand_in.cache import fingerprint
from kubeflow_stand_in.driver import LEGACY_OUTPUT_FILE, DriverError, inputs_of, outputs_of, run_parameters
from kubeflow_stand_in.engines import Containers, Step
from kubeflow_stand_in.launcher import LauncherError, after, before, command_of
from kubeflow_stand_in.releases import RELEASES
from kubeflow_stand_in.run import Cluster, Run, StepError, engine_of, value_of
from kubeflow_stand_in.storage import GoogleBucket, download, upload
from object_store import running

WITH_STORE, LAST_WITH_STORE, MASTER = (RELEASES[name] for name in ("2.5", "2.18", "master"))
TYPE = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
WRITES = """
import json, pathlib, sys
given = json.loads(sys.argv[1])
print("given", sys.argv[1])
outputs = given["outputs"]
model = pathlib.Path(outputs["artifacts"]["model"]["artifacts"][0]["uri"])
model.mkdir(parents=True)
(model / "text").write_text(given["inputs"]["parameterValues"]["text"])
file = pathlib.Path(outputs["outputFile"])
file.parent.mkdir(parents=True, exist_ok=True)
said = {"uri": str(model), "metadata": {"pushed": True, "splits": ["a", "b"], "of": {"x": 1.0}, "rows": 3.0}}
file.write_text(json.dumps({"artifacts": {"model": {"artifacts": [said]}}}))
"""
FAILS_AT_FIRST = """
import json, pathlib, sys
copy = pathlib.Path(json.loads(sys.argv[1])["outputs"]["artifacts"]["copy"]["artifacts"][0]["uri"])
print("here", pathlib.Path.cwd().name)
if not copy.exists():
    copy.mkdir(parents=True)
    print("out of memory")
    sys.exit(3)
"""


def component(label, parameters=(), inputs=(), outputs=()):
    return {
        "executorLabel": label,
        "inputDefinitions": {
            "parameters": dict(parameters),
            "artifacts": {key: {"artifactType": TYPE} for key in inputs},
        },
        "outputDefinitions": {"artifacts": {key: {"artifactType": TYPE} for key in outputs}},
    }


@pytest.fixture
def spec():
    """Two steps: Writes makes a model of a text, Reads takes it and fails at first."""
    scripts = {"writes": WRITES, "reads": FAILS_AT_FIRST}
    model = {"taskOutputArtifact": {"producerTask": "Writes", "outputArtifactKey": "model"}}
    return {
        "pipelineInfo": {"name": "two"},
        "components": {
            "W": component("writes", {"text": {"parameterType": "STRING"}}, outputs=["model"]),
            "R": component("reads", inputs=["model", "baseline"], outputs=["copy"]),
        },
        "deploymentSpec": {
            "executors": {
                label: {"container": {"image": "image", "command": ["python", "-c", script], "args": ["{{$}}"]}}
                for label, script in scripts.items()
            }
        },
        "root": {
            "inputDefinitions": {"parameters": {"text": {"parameterType": "STRING", "defaultValue": "even"}}},
            "dag": {
                "tasks": {
                    "Writes": {
                        "componentRef": {"name": "W"},
                        "inputs": {"parameters": {"text": {"componentInputParameter": "text"}}},
                        "cachingOptions": {"enableCache": True},
                    },
                    "Reads": {
                        "componentRef": {"name": "R"},
                        "dependentTasks": ["Writes"],
                        "inputs": {"artifacts": {"model": model}},
                    },
                }
            },
        },
    }


@pytest.fixture
def cluster(tmp_path):
    return Cluster(str(tmp_path / "root"), tmp_path / "work")


class Objects:
    """A bucket as a dictionary of its objects."""

    def __init__(self, **objects):
        self.objects = objects

    def keys(self, prefix):
        return sorted(key for key in self.objects if key.startswith(prefix))

    def read(self, key):
        return self.objects[key]

    def write(self, key, content):
        self.objects[key] = content


def test_with_metadata_store_an_input_comes_without_its_type_and_with_a_number_for_a_name(spec, cluster):
    run = Run(cluster, spec, "first", retries=1)
    run.all_steps()
    # As JSON: a truth value has become a number.
    assert json.dumps(run.executor_inputs["Reads"]["inputs"]) == json.dumps(
        {
            "artifacts": {
                "model": {
                    "artifacts": [
                        {
                            "name": "1",
                            "type": {"instanceSchema": ""},
                            "uri": run.executor_inputs["Writes"]["outputs"]["artifacts"]["model"]["artifacts"][0][
                                "uri"
                            ],
                            "metadata": {
                                "display_name": "model",
                                "store_session_info": '{"Provider":"","Params":{"fromEnv":"true"}}',
                                "pushed": 1,
                                "splits": {"list": ["a", "b"]},
                                "of": {"struct": {"x": 1.0}},
                                "rows": 3.0,
                            },
                        }
                    ]
                }
            }
        }
    )


def test_without_it_the_whole_schema_comes_as_a_title_and_the_key_as_a_name():
    output = {"name": "model", "type": TYPE, "uri": "gs://b/model", "metadata": {"pushed": True, "of": None}}
    told = input_of("model", output, 7, "gs://b", MASTER)
    assert told["type"] == {"schemaTitle": TYPE["instanceSchema"]}
    assert (told["name"], told["metadata"]) == ("model", {"pushed": True, "of": None})
    assert told["artifactId"] != input_of("model", output | {"uri": "gs://b/2"}, 7, "gs://b", MASTER)["artifactId"]


def test_metadata_that_the_store_has_no_value_for_ends_the_step():
    output = {"type": TYPE, "uri": "gs://b/model", "metadata": {"of": None}}
    with pytest.raises(TypeError, match="unsupported value None"):
        input_of("model", output, 1, "gs://b", WITH_STORE)


@pytest.mark.parametrize(
    ("release", "names", "file"),
    [
        (WITH_STORE, {}, LEGACY_OUTPUT_FILE),
        (LAST_WITH_STORE, {"name": "model"}, "/gcs/b/two/first/Writes/salt/output_metadata.json"),
        (MASTER, {"name": "model"}, "/gcs/b/two/first/Writes/salt/output_metadata.json"),
    ],
)
def test_outputs_have_their_types_and_a_folder_of_the_execution(spec, release, names, file):
    assert outputs_of(spec, "Writes", "gs://b/two/first", "salt", release) == {
        "artifacts": {"model": {"artifacts": [{"uri": "gs://b/two/first/Writes/salt/model", "type": TYPE} | names]}},
        "outputFile": file,
    }


def test_an_input_that_nothing_gives_is_absent_and_one_that_was_not_made_stops_the_driver(spec):
    made = {("Writes", "model"): {"uri": "gs://b/model"}}
    assert list(inputs_of(spec, "Reads", {}, made)["artifacts"]) == ["model"]
    with pytest.raises(DriverError, match='cannot find output artifact key "model" in producer task "Writes"'):
        inputs_of(spec, "Reads", {}, {})


def test_parameters_are_the_runs_or_their_defaults(spec):
    assert run_parameters(spec, {}) == {"text": "even"}
    assert run_parameters(spec, {"text": "odd"}) == {"text": "odd"}
    with pytest.raises(DriverError, match="parent DAG does not have input parameter text"):
        inputs_of(spec, "Writes", {}, {})


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [("STRING", 3.0, "3"), ("STRING", ["a"], '["a"]'), ("NUMBER_INTEGER", 3, 3), ("NUMBER_DOUBLE", 0.5, 0.5)],
)
def test_a_parameter_is_told_as_its_type(spec, declared, value, told):
    spec["components"]["W"]["inputDefinitions"]["parameters"]["text"]["parameterType"] = declared
    assert inputs_of(spec, "Writes", {"text": value}, {}) == {"parameterValues": {"text": told}}


@pytest.mark.parametrize(("declared", "value"), [("NUMBER_INTEGER", "3"), ("BOOLEAN", 1), ("LIST", {"a": 1})])
def test_a_parameter_of_another_type_stops_the_driver(spec, declared, value):
    spec["components"]["W"]["inputDefinitions"]["parameters"]["text"]["parameterType"] = declared
    with pytest.raises(DriverError, match=f'input parameter "text" type mismatch: expect {declared}, got '):
        inputs_of(spec, "Writes", {"text": value}, {})


def test_a_component_parameter_has_its_default_in_the_command_and_not_in_what_the_driver_made(spec):
    definition = {"parameterType": "NUMBER_INTEGER", "defaultValue": 4, "isOptional": True}
    spec["components"]["R"]["inputDefinitions"]["parameters"]["epochs"] = definition
    made = inputs_of(spec, "Reads", {}, {("Writes", "model"): {"uri": "gs://b/model"}})
    assert "parameterValues" not in made
    container = {"command": ["x", "--epochs={{$.inputs.parameters['epochs']}}"], "args": ["{{$}}"]}
    words = command_of(container, spec["components"]["R"], {"inputs": made, "outputs": {}})
    assert words[1] == "--epochs=4"
    assert json.loads(words[2])["inputs"]["parameterValues"] == {"epochs": 4}


def test_uris_and_paths_are_put_into_the_command():
    of = {"artifacts": {"model": {"artifacts": [{"uri": "gs://b/model"}]}}}
    places = ["{{$.inputs.artifacts['model'].uri}}", "{{$.outputs.artifacts['model'].path}}"]
    assert command_of({"command": places}, {}, {"inputs": of, "outputs": of}) == ["gs://b/model", "/gcs/b/model"]


def test_inputs_are_downloaded_each_to_its_place(tmp_path):
    bucket = Objects(**{"m/model/text": b"1", "m/model/deep/text": b"2", "m/model_run/text": b"3"})
    given = {"artifacts": {"model": {"artifacts": [{"uri": "gs://b/m/model"}]}}}
    before({"inputs": given, "outputs": {}}, tmp_path, {"b": bucket}.__getitem__)
    files = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert files == {"gcs/b/m/model/text": b"1", "gcs/b/m/model/deep/text": b"2"}


@pytest.mark.parametrize("marker", ["m/model/", "m/model/deep/"])
def test_a_directory_marker_of_the_step_before_stops_the_launcher(tmp_path, marker):
    bucket = Objects(**{marker: b"", "m/model/deep/text": b"2"})
    given = {"artifacts": {"model": {"artifacts": [{"uri": "gs://b/m/model"}]}}}
    words = r'failed to download input artifact "model" from .*: mkdir \S*/gcs/b/\S*: not a directory'
    with pytest.raises(LauncherError, match=words):
        before({"inputs": given, "outputs": {}}, tmp_path, {"b": bucket}.__getitem__)


def test_a_marker_with_nothing_below_it_is_a_file_to_the_launcher(tmp_path):
    download(Objects(**{"m/model/": b""}), "m/model", tmp_path / "model")
    assert (tmp_path / "model").is_file()


def written_to_the_bucket(tmp_path, release, local):
    """What the launcher does after a step that wrote to gs:// itself, with its local path as given."""
    folder = tmp_path / "gcs/b/model"
    if local is not None:
        folder.mkdir(parents=True)
        for name, content in local.items():
            (folder / name).write_bytes(content)
    bucket = Objects(**{"model/text": b"1"})
    outputs = {"artifacts": {"model": {"artifacts": [{"uri": "gs://b/model", "type": TYPE}]}}}
    made = after({"outputs": outputs}, tmp_path, tmp_path / "nothing", {"b": bucket}.__getitem__, release)
    assert made["model"]["uri"] == "gs://b/model"
    return bucket.objects


def test_with_metadata_store_an_output_without_local_files_is_taken_as_written(tmp_path):
    assert written_to_the_bucket(tmp_path, WITH_STORE, None) == {"model/text": b"1"}


def test_on_master_it_ends_the_step_unless_there_is_a_folder(tmp_path):
    with pytest.raises(LauncherError, match='declared output artifact "model" is missing at "/gcs/b/model"'):
        written_to_the_bucket(tmp_path / "1", MASTER, None)
    assert written_to_the_bucket(tmp_path / "2", MASTER, {}) == {"model/text": b"1"}


def test_local_files_of_an_output_are_uploaded(tmp_path):
    assert written_to_the_bucket(tmp_path, WITH_STORE, {"more": b"2"}) == {"model/text": b"1", "model/more": b"2"}


def test_google_s_own_client_copies_from_a_bucket_and_to_it(tmp_path, monkeypatch):
    with running() as (address, store):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        store.put("m/model/text", b"1")
        bucket = GoogleBucket("bucket")
        download(bucket, "m/model", tmp_path / "model")
        upload(bucket, tmp_path / "model", "copy/of/model")
        assert store.names() == ["copy/of/model/text", "m/model/text"]
        assert store.content("copy/of/model/text") == b"1"


def test_a_retry_gets_the_same_input_in_another_pod(spec, cluster):
    run = Run(cluster, spec, "first", retries=1)
    run.all_steps()
    logs = [(cluster.work / f"logs/first/Reads-{attempt}.log").read_text() for attempt in (0, 1)]
    assert [log.splitlines()[0] for log in logs] == ["here Reads-0", "here Reads-1"]
    assert logs[0].endswith("out of memory\nfailed to execute component: exit status 3\n")


def test_a_step_that_fails_ends_the_run_with_the_end_of_its_log(spec, cluster):
    with pytest.raises(
        StepError, match=r"out of memory\nfailed to execute component: exit status 3\nReads failed; its log: "
    ):
        Run(cluster, spec, "first").all_steps()


def test_what_was_computed_once_is_taken_over_with_its_number(spec, cluster):
    first, second, other = (Run(cluster, spec, each, retries=1) for each in ("first", "second", "other"))
    other.parameters = {"text": "odd"}
    for run in (first, second, other):
        run.all_steps()
    assert [run.cached for run in (first, second, other)] == [set(), {"Writes"}, set()]
    assert second.made["Writes", "model"] == first.made["Writes", "model"]
    # Reads isn't cached: its output has a number of its own in each run.
    assert [run.made["Writes", "model"]["name"] for run in (first, other)] == ["1", "4"]


def test_the_cache_goes_by_image_command_values_and_names_and_not_by_places():
    given = {
        "inputs": {"parameterValues": {"n": 1}, "artifacts": {"a": {"artifacts": [{"name": "1", "uri": "gs://b/1"}]}}},
        "outputs": {"artifacts": {"model": {"artifacts": [{"uri": "gs://b/2", "type": TYPE}]}}},
    }
    container = {"image": "image:1", "command": ["python"]}
    key = fingerprint("two", container, given)
    moved = json.loads(json.dumps(given).replace("gs://b", "gs://c"))
    assert fingerprint("two", container, moved) == key
    others = [
        ("three", container, given),
        ("two", container | {"image": "image:2"}, given),
        ("two", container | {"command": ["python3"]}, given),
        ("two", container, json.loads(json.dumps(given).replace('"n": 1', '"n": 2'))),
        ("two", container, json.loads(json.dumps(given).replace('"name": "1"', '"name": "2"'))),
        ("two", container, json.loads(json.dumps(given).replace("tfx.Model", "tfx.Examples"))),
    ]
    assert key not in {fingerprint(*other) for other in others}


def test_a_container_sees_the_root_the_pod_and_nothing_else(tmp_path):
    words = engine_of("podman", tmp_path).words
    assert words[-2:] == ["--volume", f"{tmp_path}:{tmp_path}"]
    said = tmp_path / "said"
    step = Step(["python", "-m", "x"], "image", {"A": "1"}, tmp_path / "pod", said)
    assert Containers(["echo"]).run(step) == 0
    assert said.read_text().split() == [
        *("--volume", f"{tmp_path}/pod/gcs:/gcs"),
        *("--volume", f"{tmp_path}/pod/tmp/kfp_outputs:/tmp/kfp_outputs"),
        *("--env", "A=1", "--entrypoint", "python", "image", "-m", "x"),
    ]


def test_run_parameters_are_typed_as_a_client_sends_them(spec):
    spec["root"]["inputDefinitions"]["parameters"]["epochs"] = {"parameterType": "NUMBER_INTEGER"}
    assert [value_of(spec, "text", "3"), value_of(spec, "epochs", "3")] == ["3", 3]
