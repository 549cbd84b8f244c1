"""What other engines say of a job that they gave up, as they say it."""

from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc
from servers import free_port

from components.engine_errors import engine_error

WORKER_KILLED = """Pipeline job-1a560041 failed in state FAILED: Error running pipeline.
Traceback (most recent call last):
  File "apache_beam/runners/worker/data_plane.py", line 546, in input_elements
    element = received.get(timeout=1)
_queue.Empty

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "apache_beam/runners/worker/data_plane.py", line 549, in input_elements
    raise RuntimeError('Channel closed prematurely.')
RuntimeError: Channel closed prematurely.
"""
POOL_IS_GONE = """Pipeline job-2 failed in state FAILED: Error running pipeline.
Traceback (most recent call last):
  File "grpc/_channel.py", line 1006, in _end_unary_response_blocking
    raise _InactiveRpcError(state)
grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:
\tstatus = StatusCode.UNAVAILABLE
\tdetails = "failed to connect to all addresses; Connection refused"
\tdebug_error_string = "UNKNOWN: ..."
>
"""
OF_JAVA = """Pipeline beam-app-3 failed in state FAILED: java.lang.RuntimeException: The job was lost
\tat org.apache.beam.runners.flink.FlinkPipelineRunner.run(FlinkPipelineRunner.java:83)
Caused by: java.lang.IllegalStateException: Channel shut down with outstanding calls.
\tat org.apache.beam.fn.Something.run(Something.java:1)
"""
TOLD_BY_WORKER = """Pipeline beam-app-4 failed in state FAILED: java.lang.RuntimeException: Error received
Traceback (most recent call last):
  File "components/csv_example_gen/files.py", line 144, in opened
components.errors.TransferlineError: The file can't be read: it is gone.
  place: /data/rows.csv
  cure:  Run again.

During handling of the above exception, another exception occurred:

RuntimeError: components.errors.TransferlineError: The file can't be read: it is gone.
  place: /data/rows.csv
  cure:  Run again. [while running 'CountLines']
"""


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (WORKER_KILLED, "RuntimeError: Channel closed prematurely"),
        (POOL_IS_GONE, "failed to connect to all addresses; Connection refused"),
        (OF_JAVA, "Caused by: java.lang.IllegalStateException: Channel shut down with outstanding calls"),
        ("Dataflow pipeline failed. State: FAILED, Error:\nWorkflow failed.", "Workflow failed"),
        ("Pipeline 5 failed in state CANCELLED: ", "it says no more"),
    ],
)
def test_a_job_that_an_engine_gave_up_is_told_by_the_one_line_that_says_why(said, cause):
    told = engine_error(RuntimeError(said), "StatisticsGen")
    assert told.cause == f"The engine gave the job up: {cause}."
    assert told.place == "StatisticsGen"
    assert "run again" in told.cure


@pytest.mark.parametrize("said", [TOLD_BY_WORKER, TOLD_BY_WORKER[: TOLD_BY_WORKER.index("\n\nDuring")]])
def test_an_error_for_people_in_a_worker_stays_one(said):
    told = engine_error(RuntimeError(said), "CsvExampleGen")
    assert (told.cause, told.place, told.cure) == (
        "The file can't be read: it is gone.",
        "/data/rows.csv",
        "Run again.",
    )


def test_one_that_beam_named_its_transform_in_is_told_without():
    said = TOLD_BY_WORKER[TOLD_BY_WORKER.rindex("RuntimeError: comp") :]
    told = engine_error(RuntimeError(f"Pipeline job-6 failed in state FAILED: {said}"), "CsvExampleGen")
    assert told.cure == "Run again."


def test_a_job_service_that_does_not_answer_is_told_with_the_setting_that_names_it():
    service = ["--runner=PortableRunner", f"--job_endpoint=localhost:{free_port()}", "--job_server_timeout=1"]
    pipeline = beam.Pipeline(argv=[*service, "--environment_type=LOOPBACK"])
    _ = pipeline | beam.Create([1])
    with pytest.raises(grpc.FutureTimeoutError) as raised:
        pipeline.run()
    told = engine_error(raised.value, "CsvExampleGen")
    assert told.cause.startswith("The engine's job service doesn't answer")
    assert "beam.endpoint" in told.cure


class Refusing(beam_job_api_pb2_grpc.JobServiceServicer):
    """A job service that takes no job."""

    def DescribePipelineOptions(self, _request, _context):
        return beam_job_api_pb2.DescribePipelineOptionsResponse()

    def Prepare(self, _request, context):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Unknown or unsupported transform urn x")


def test_a_job_service_that_refuses_the_job_is_told_with_its_words():
    server = grpc.server(ThreadPoolExecutor(2))
    beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(Refusing(), server)
    service = ["--runner=PortableRunner", f"--job_endpoint=localhost:{server.add_insecure_port('localhost:0')}"]
    server.start()
    pipeline = beam.Pipeline(argv=[*service, "--environment_type=LOOPBACK"])
    _ = pipeline | beam.Create([1])
    with pytest.raises(grpc.RpcError) as raised:
        pipeline.run()
    server.stop(None)
    told = engine_error(raised.value, "CsvExampleGen")
    assert told.cause == "The engine's job service refused the job: Unknown or unsupported transform urn x."


@pytest.mark.parametrize("error", [RuntimeError("anything"), ValueError("Pipeline"), MemoryError()])
def test_other_errors_are_left_to_others(error):
    assert engine_error(error, "Trainer") is None
