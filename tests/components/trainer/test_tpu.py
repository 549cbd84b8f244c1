"""What the environment names, resolved by TensorFlow's own classes, up to where a TPU is needed."""

import json

import google_tpu
import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.trainer import tpu
from components.trainer.strategy import distribution_strategy, needs_fixed_batches
from components.trainer.tpu import resolver_of
from components.trainer.tpu_environment import PROJECT, TPU_VARIABLES, ZONE, NamedTPU, named_tpu

READY = {"state": "READY", "networkEndpoints": [{"ipAddress": "10.9.8.7", "port": 8470}]}
IN_THE_API = {"TPU_NAME": google_tpu.NAME, "GOOGLE_CLOUD_PROJECT": google_tpu.PROJECT, "TPU_ZONE": google_tpu.ZONE}
CONFIG = json.dumps({"tpu_node_name": google_tpu.NAME, "project": google_tpu.PROJECT, "zone": google_tpu.ZONE})


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch):
    for variable in (*TPU_VARIABLES, *PROJECT, *ZONE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def environment(monkeypatch):
    def given(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return given


@pytest.fixture
def google(environment, tmp_path):
    """The addresses that were asked of Google."""
    google_tpu.write_credentials(tmp_path / "key.json")
    with google_tpu.google(READY) as (address, asked):
        environment(
            GCE_METADATA_HOST=address,
            TPU_API_DISCOVERY_URL=f"http://{address}/discovery",
            GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json"),
        )
        yield asked


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, None),
        ({"TPU_NAME": ""}, None),
        ({"TPU_WORKER_ID": "0", "TPU_ACCELERATOR_TYPE": "v3-8"}, NamedTPU("local")),
        ({"TPU_ACCELERATOR_TYPE": "v5litepod-4"}, NamedTPU("local")),
        ({"TPU_NAME": "local"}, NamedTPU("local")),
        ({"TPU_NAME": "grpc://10.1.2.3:8470"}, NamedTPU("grpc://10.1.2.3:8470")),
        ({"COLAB_TPU_ADDR": "10.1.2.3:8470"}, NamedTPU("grpc://10.1.2.3:8470")),
        ({"TPU_NAME": "mine"}, NamedTPU("mine")),
        ({"TPU_NAME": "mine", "CLOUDSDK_COMPUTE_ZONE": "z"}, NamedTPU("mine", None, "z")),
        (IN_THE_API, NamedTPU(google_tpu.NAME, google_tpu.PROJECT, google_tpu.ZONE)),
        ({"TPU_CONFIG": CONFIG}, NamedTPU(google_tpu.NAME, google_tpu.PROJECT, google_tpu.ZONE)),
        ({"TPU_CONFIG": '{"tpu_node_name": "mine"}'}, NamedTPU("mine")),
        ({"KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS": "grpc://a:1,b:2"}, NamedTPU("grpc://a:1,grpc://b:2")),
        ({"TPU_NAME": "mine", "TPU_WORKER_ID": "0", "COLAB_TPU_ADDR": "a:1"}, NamedTPU("mine")),
        ({"TPU_NAME": "mine", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS": "grpc://a:1"}, NamedTPU("grpc://a:1")),
    ],
)
def test_what_the_environment_names(variables, found):
    assert named_tpu(variables) == found


@pytest.mark.parametrize(
    ("variables", "master", "workers"),
    [
        ({"TPU_WORKER_ID": "0", "TPU_ACCELERATOR_TYPE": "v3-8"}, "", []),
        ({"COLAB_TPU_ADDR": "10.1.2.3:8470"}, "grpc://10.1.2.3:8470", ["10.1.2.3:8470"]),
        (IN_THE_API, "grpc://10.9.8.7:8470", ["10.9.8.7:8470"]),
        ({"TPU_NAME": google_tpu.NAME}, "grpc://10.9.8.7:8470", ["10.9.8.7:8470"]),
        (
            {"KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS": "grpc://10.0.0.1:8470,grpc://10.0.0.2:8470"},
            "grpc://10.0.0.1:8470",
            ["10.0.0.1:8470", "10.0.0.2:8470"],
        ),
        ({"TPU_CONFIG": CONFIG}, "grpc://10.9.8.7:8470", ["10.9.8.7:8470"]),
    ],
    ids=["local", "address", "name with project and zone", "name", "endpoints", "config"],
)
def test_tensorflow_resolves_it(google, variables, master, workers):
    resolver = resolver_of(named_tpu(variables))

    assert resolver.master() == master
    assert resolver.cluster_spec().as_dict() == ({"worker": workers} if workers else {})
    asks_the_api = "TPU_CONFIG" in variables or "TPU_NAME" in variables
    assert (google_tpu.NODE in google) == asks_the_api
    asks_the_machine = any("computeMetadata" in path for path in google)
    assert asks_the_machine == (variables == {"TPU_NAME": google_tpu.NAME})


@pytest.fixture(scope="module")
def cpu_server():
    """The address of a machine that could be a TPU's but has none."""
    server = tf.distribute.Server({"worker": ["localhost:0"]}, job_name="worker", task_index=0)
    return server.target


@pytest.fixture
def looks_like_a_tpu(request, environment, google, cpu_server, monkeypatch):
    monkeypatch.setattr(tpu, "ANSWER_MS", 1_000)
    environment(**{name: value.format(server=cpu_server) for name, value in request.param.items()})
    return request.param


LIKENESSES = pytest.mark.parametrize(
    "looks_like_a_tpu",
    [
        {"TPU_WORKER_ID": "0", "TPU_ACCELERATOR_TYPE": "v3-8"},
        {"TPU_NAME": "local"},
        {"TPU_NAME": "{server}"},
        {"COLAB_TPU_ADDR": "127.0.0.1:9"},
        {"TPU_NAME": "another", "GOOGLE_CLOUD_PROJECT": google_tpu.PROJECT, "TPU_ZONE": google_tpu.ZONE},
        {"TPU_CONFIG": "{{}}"},
        {"TPU_CONFIG": "no JSON"},
    ],
    ids=["local", "named local", "server without", "nobody there", "unknown name", "no name", "no JSON"],
    indirect=True,
)


@LIKENESSES
def test_auto_goes_on_without_it_and_says_what_it_saw(looks_like_a_tpu, caplog):
    strategy = distribution_strategy("auto")

    assert strategy is tf.distribute.get_strategy()
    (warned,) = [record for record in caplog.records if record.name == "components.trainer.strategy"]
    assert warned.levelname == "WARNING"
    assert all(f"{name}=" in warned.message for name in looks_like_a_tpu if name in TPU_VARIABLES)
    # What is computed from now on is computed here.
    assert "/job:localhost" in tf.add(tf.constant(1), 1).device


@LIKENESSES
def test_a_tpu_that_is_asked_for_and_cannot_be_used_is_an_error(looks_like_a_tpu):
    with pytest.raises(TransferlineError, match=r"The TPU that the environment names .* can't be used") as error:
        distribution_strategy("tpu")

    assert error.value.place == "trainer.strategy"
    assert "tensorflow-tpu" in error.value.cure
    assert "\n" not in error.value.cause
    assert all(f"{name}=" in error.value.cause for name in looks_like_a_tpu if name in TPU_VARIABLES)


def test_without_a_name_there_is_none():
    with pytest.raises(TransferlineError, match="the environment names none"):
        distribution_strategy("tpu")
    assert distribution_strategy("auto") is tf.distribute.get_strategy()


def test_a_tpu_is_initialised_once_a_process(environment, monkeypatch):
    """No TPU is here: what needs one is counted in its place."""
    initialised = []
    monkeypatch.setattr(tf.tpu.experimental, "initialize_tpu_system", initialised.append)
    monkeypatch.setattr(tf.distribute, "TPUStrategy", lambda resolver: object())
    environment(TPU_WORKER_ID="0")
    tpu._strategy_of.cache_clear()
    try:
        assert distribution_strategy("tpu") is distribution_strategy("auto")
    finally:
        tpu._strategy_of.cache_clear()
    assert [resolver.master() for resolver in initialised] == [""]


def test_a_tpu_needs_batches_of_one_shape():
    assert needs_fixed_batches(object.__new__(tf.distribute.TPUStrategy))
