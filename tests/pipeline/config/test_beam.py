import pytest
from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config import Beam
from pipeline.config.overrides import apply_overrides

FLINK = ("engine=flink", "endpoint=jobs:8099")
DATAFLOW = ("engine=dataflow", "project=pets", "region=europe-west1", "temp_location=gs://pets/tmp", "image=pets:1")


def beam(*settings):
    return apply_overrides(catalog.load("digits"), [f"beam.{setting}" for setting in settings]).beam


def options(*settings):
    """What Beam itself makes of the arguments."""
    return PipelineOptions(list(beam(*settings).arguments))


def test_without_settings_beam_runs_in_this_process_and_its_runner_is_named():
    assert beam().arguments == (
        "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "--direct_running_mode=in_memory",
        "--sdk_container_image=none",
    )


@pytest.mark.parametrize("engine", ["flink", "spark", "portable"])
def test_a_job_service_with_a_worker_pool(engine):
    found = options(
        f"engine={engine}", "endpoint=jobs:8099", "environment=external", "environment_config=localhost:50000"
    )
    assert found.view_as(StandardOptions).runner.lower() == f"{engine}runner"
    portable = found.view_as(PortableOptions)
    assert portable.job_endpoint == "jobs:8099"
    assert (portable.environment_type, portable.environment_config) == ("EXTERNAL", "localhost:50000")
    assert found.view_as(WorkerOptions).sdk_container_image == "none"


def test_workers_in_containers_with_a_parallelism():
    found = options(*FLINK, "artifact_endpoint=jobs:8098", "image=pets:1", "parallelism=3", "processes=2")
    assert found.view_as(PortableOptions).artifact_endpoint == "jobs:8098"
    assert found.view_as(PortableOptions).environment_type == "DOCKER"
    assert found.view_as(WorkerOptions).sdk_container_image == "pets:1"
    assert found.get_all_options()["parallelism"] == 3
    portable = found.view_as(PortableOptions)
    assert (portable.sdk_worker_parallelism, portable.environment_cache_millis) == ("2", "60000")


def test_the_older_name_of_flinks_parallelism_goes_on():
    old = Beam(engine="flink", endpoint="jobs:8099", image="pets:1", workers=3)
    new = Beam(engine="flink", endpoint="jobs:8099", image="pets:1", parallelism=3)
    assert old.arguments == new.arguments
    assert "--parallelism=8" in apply_overrides(old, ["workers=8"]).arguments


def test_what_is_given_besides_comes_last():
    cached = options(*FLINK, "image=pets:1", 'extra=["--environment_cache_millis=5"]').view_as(PortableOptions)
    assert cached.environment_cache_millis == "5"


def test_a_command_of_workers_is_made_the_json_that_beam_wants():
    found = options(*FLINK, "environment=process", "environment_config=/opt/apache/beam/boot").view_as(PortableOptions)
    assert (found.environment_type, found.environment_config) == ("PROCESS", '{"command": "/opt/apache/beam/boot"}')


@pytest.mark.parametrize(
    "runner",
    [
        "--runner=DaskRunner",
        "--runner=daskrunner",
        "--runner=Dask",
        "--runner DaskRunner",
        "--runner=apache_beam.runners.dask.dask_runner.DaskRunner",
        "--runner=apache_beam.runners.dask.dask_runner.DASKRUNNER",
        "--runner=apache_beam.runners.dask.Runner",
    ],
)
def test_a_runner_that_loses_records_is_refused(runner):
    with pytest.raises(TransferlineError, match="Beam's runner on Dask mixes up the outputs") as raised:
        beam(f'extra=["--machine_type=n1", "{runner}"]')
    assert f"beam.extra: {runner} loses records" in raised.value.cause
    assert "name one of the engines in docs/beam.md" in raised.value.cause


@pytest.mark.parametrize("runner", ["mine.Runner", "DirectRunner", "damask.Runner", "FlaskRunner"])
def test_another_runner_is_taken(runner):
    assert options(f'extra=["--runner={runner}"]').view_as(StandardOptions).runner == runner


def test_dataflow():
    found = options(*DATAFLOW, "workers=5", 'extra=["--machine_type=n1-highmem-4"]')
    assert found.view_as(StandardOptions).runner == "DataflowRunner"
    cloud = found.view_as(GoogleCloudOptions)
    assert (cloud.project, cloud.region, cloud.temp_location) == ("pets", "europe-west1", "gs://pets/tmp")
    workers = found.view_as(WorkerOptions)
    assert (workers.sdk_container_image, workers.max_num_workers) == ("pets:1", 5)
    assert workers.machine_type == "n1-highmem-4"
    assert found.view_as(PortableOptions).environment_type is None


def test_a_bucket_is_a_folder_for_beam():
    """It would make another bucket if it found no folder in the options."""
    found = options(*DATAFLOW, "temp_location=gs://pets").view_as(GoogleCloudOptions)
    assert found.temp_location == "gs://pets/"
    assert PipelineOptionsValidator(found, None).validate_gcs_path(found, "temp_location") == []


def test_a_setup_file_takes_the_place_of_an_image():
    found = options(*DATAFLOW[:-1], "setup_file=setup.py")
    assert found.view_as(SetupOptions).setup_file == "setup.py"
    assert found.view_as(WorkerOptions).sdk_container_image is None


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (["engine=flink"], "beam: with the engine 'flink': endpoint must be given"),
        (["engine=dataflow", "image=a"], "project must be given; region must be given; temp_location must be given"),
        (DATAFLOW[:-1], "image or setup_file must be given"),
        (FLINK, "image or setup_file must be given"),
        ((*FLINK, "environment=external"), "environment_config must be given"),
        ((*FLINK, "environment=loopback", "image=a"), "image has no use with the environment 'loopback'"),
        (["endpoint=jobs:8099"], "with the engine 'local': endpoint has no use"),
        (["engine=spark", "endpoint=jobs:8099", "image=a", "workers=2"], "with the engine 'spark': workers has no use"),
        (["workers=2"], "with the engine 'local': workers has no use"),
        (
            (*FLINK, "image=a", "parallelism=2", "workers=2"),
            "with the engine 'flink': workers is an older name of parallelism: give that alone",
        ),
        ((*DATAFLOW, "processes=2"), "with the engine 'dataflow': processes has no use"),
        ((*DATAFLOW, "endpoint=jobs:8099"), "with the engine 'dataflow': endpoint has no use"),
        (["engine=flnk"], "beam.engine"),
        (["engine=flink", "endpoint=http://jobs:8099"], "beam.endpoint"),
        (["engine=dataflow", "temp_location=/tmp"], "beam.temp_location"),
        ([*DATAFLOW, "temp_location=gs://Pets/tmp"], "beam.temp_location"),
        ([*DATAFLOW, "project=123456789"], "beam.project"),
        ([*DATAFLOW, "project=My Pets"], "beam.project"),
        (['extra=["x"]'], "beam.extra"),
        (["endpont=jobs:1"], "did you mean 'beam.endpoint'"),
    ],
)
def test_a_fault_names_the_setting(settings, fault):
    with pytest.raises(TransferlineError) as raised:
        beam(*settings)
    assert fault in raised.value.cause
