import pytest

from components.errors import TransferlineError
from pipeline.cluster.executor_input import output_folders, read_json, with_types

SCHEMA = {"instanceSchema": "title: tfx.Schema\ntype: object\n"}
STATISTICS = {"instanceSchema": "title: tfx.ExampleStatistics\ntype: object\nproperties:\n  span:\n    type: integer\n"}
DECLARED = {"artifacts": {"schema": {"artifactType": SCHEMA}, "statistics": {"artifactType": STATISTICS}}}


def given(**types):
    """An ExecutorInput whose inputs have these types; None for no type at all."""
    artifacts = {
        name: {"artifacts": [{"uri": f"gs://b/{name}"} | ({} if each is None else {"type": each})]}
        for name, each in types.items()
    }
    return {"inputs": {"artifacts": artifacts}}


def types_of(executor_input):
    artifacts = executor_input["inputs"]["artifacts"]
    return {name: each["artifacts"][0]["type"] for name, each in artifacts.items()}


@pytest.mark.parametrize(
    "untyped",
    [
        pytest.param({"instanceSchema": ""}, id="Kubeflow Pipelines 2.0.4 to 2.17"),
        pytest.param({"schemaTitle": "Artifact"}, id="Kubeflow Pipelines without ML Metadata"),
        pytest.param({"schemaTitle": "Model"}, id="a kind of Kubeflow's own"),
        pytest.param({"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}, id="a type of Kubeflow's own"),
        pytest.param({"schema_title": ""}, id="as protobuf reads it, too"),
        pytest.param({}, id="empty"),
        pytest.param(None, id="none"),
    ],
)
def test_an_input_without_a_type_gets_the_declared_one(untyped):
    assert types_of(with_types(given(schema=untyped, statistics=untyped), DECLARED, "step")) == {
        "schema": SCHEMA,
        "statistics": STATISTICS,
    }


def test_a_schema_that_comes_as_a_title_as_from_kubeflow_without_ml_metadata_is_the_declared_one():
    typed = {"schemaTitle": SCHEMA["instanceSchema"]}
    assert types_of(with_types(given(schema=typed, statistics=STATISTICS), DECLARED, "step"))["schema"] == SCHEMA


@pytest.mark.parametrize("typed", [SCHEMA, {"schemaTitle": "tfx.Schema"}, {"instance_schema": "title: tfx.Schema\n"}])
def test_an_input_with_its_type_stays_as_it_is_as_on_vertex(typed):
    assert types_of(with_types(given(schema=typed, statistics=STATISTICS), DECLARED, "step"))["schema"] == typed


@pytest.mark.parametrize(
    "typed",
    [STATISTICS, {"schemaTitle": "tfx.ExampleStatistics"}, {"schemaTitle": STATISTICS["instanceSchema"]}],
)
def test_a_type_that_does_not_fit_is_refused(typed):
    with pytest.raises(TransferlineError, match=r"The input .schema. is of type tfx\.ExampleStatistics, and") as raised:
        with_types(given(schema=typed, statistics=STATISTICS), DECLARED, "ExampleValidator")
    assert "takes tfx.Schema" in raised.value.cause
    assert raised.value.place == "ExampleValidator"
    assert "Compile the pipeline anew" in raised.value.cure


@pytest.mark.parametrize("executor_input", [{}, given(statistics=None), {"inputs": {"artifacts": {"schema": {}}}}])
def test_an_input_that_is_missing_is_refused(executor_input):
    with pytest.raises(TransferlineError, match="An input that the step needs is missing: schema"):
        with_types(executor_input, DECLARED, "step")


def test_an_optional_input_may_be_missing():
    declared = {"artifacts": {"schema": {"artifactType": SCHEMA, "isOptional": True}}}
    assert with_types({"inputs": {}}, declared, "step") == {"inputs": {}}


def test_parameters_and_outputs_stay_as_they_are():
    executor_input = given(schema=None, statistics=None)
    executor_input["inputs"]["parameterValues"] = {"rules": "{}", "max_epochs": 3.0}
    executor_input["outputs"] = {"artifacts": {"anomalies": {"artifacts": [{"uri": "gs://b/anomalies"}]}}}
    typed = with_types(executor_input, DECLARED, "step")
    assert typed["inputs"]["parameterValues"] == {"rules": "{}", "max_epochs": 3.0}
    assert typed["outputs"] == {"artifacts": {"anomalies": {"artifacts": [{"uri": "gs://b/anomalies"}]}}}
    assert output_folders(typed) == ["gs://b/anomalies"]


@pytest.mark.parametrize("text", ["{", "[]", "{{$}}"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(TransferlineError, match="The ExecutorInput isn't a JSON object"):
        read_json(text, "ExecutorInput", "step")
