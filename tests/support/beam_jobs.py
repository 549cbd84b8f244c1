"""Beam's runner for Dataflow as one that sends nothing: it makes the job, notes it, and runs the pipeline here.

`--runner=beam_jobs.DataflowRunner`; nothing is asked of any network but of the storage at STORAGE_EMULATOR_HOST.
"""

import json
from dataclasses import dataclass

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.dataflow import dataflow_runner
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonEnvironment

ARGUMENTS = (
    f"--runner={__name__}.DataflowRunner",
    "--no_auth",
    # With a place for a template, Beam makes and stages all that Dataflow is sent, and ends there.
    "--template_location=gs://bucket/templates/job",
)
HERE = ("--direct_running_mode=in_memory",)


@dataclass(frozen=True)
class Job:
    """A Beam job of a step.

    Attributes:
        pipeline: As it is on its way to any engine.
        for_dataflow: The same as Dataflow's runner changes it.
        description: What Dataflow is sent.
    """

    pipeline: beam_runner_api_pb2.Pipeline
    for_dataflow: beam_runner_api_pb2.Pipeline
    description: dict


JOBS: list[Job] = []


class DataflowRunner(dataflow_runner.DataflowRunner):
    """Its name is what Beam's own validation of Dataflow's options goes by."""

    def run_pipeline(self, pipeline, options, pipeline_proto=None):
        """Makes the job, and runs the pipeline as it was before."""
        here = pipeline.to_runner_api(default_environment=EmbeddedPythonEnvironment.default())
        super().run_pipeline(pipeline, options, pipeline_proto)
        JOBS.append(Job(here, self.proto_pipeline, json.loads(self.job.json())))
        return FnApiRunner().run_via_runner_api(here, PipelineOptions(HERE))
