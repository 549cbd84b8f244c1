"""Defines where the Beam steps run, and translates that into Beam's own options."""

import json
import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from components.settings import Settings

Engine = Literal["local", "portable", "flink", "spark", "dataflow"]
Environment = Literal["docker", "external", "process", "loopback"]

LOCAL = (
    # Named, because a newer Beam would otherwise try to download another runner on every run.
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--direct_running_mode=in_memory",
)
RUNNERS = {
    "portable": "PortableRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
}
ENVIRONMENT_CACHE_MILLIS = 60_000
"""How long Flink keeps a worker process for the stages to come. With 600,000, processes of 0.8 GB were left behind."""

NO_IMAGE = "none"
"""TFX packs itself for remote workers, two seconds in every step, unless an image for them is named."""

NEEDED: dict[str, tuple[str, ...]] = {
    "portable": ("endpoint",),
    "flink": ("endpoint",),
    "spark": ("endpoint",),
    "dataflow": ("project", "region", "temp_location"),
}
PORTABLE_ONLY = ("endpoint", "artifact_endpoint", "environment", "environment_config")
USED: dict[str, frozenset[str]] = {
    "local": frozenset({"extra"}),
    "portable": frozenset({*PORTABLE_ONLY, "image", "setup_file", "extra"}),
    "flink": frozenset({*PORTABLE_ONLY, "image", "setup_file", "parallelism", "processes", "workers", "extra"}),
    "spark": frozenset({*PORTABLE_ONLY, "image", "setup_file", "processes", "extra"}),
    "dataflow": frozenset({*NEEDED["dataflow"], "image", "setup_file", "workers", "extra"}),
}
"""The settings that an engine has a use for; `engine` itself aside."""

DASK = re.compile(r"^--runner[= ]\s*(\S*\W)?dask(\W\S*|runner)?\s*$", re.IGNORECASE)
"""Beam's runner on Dask, by any of the names that Beam knows it by."""

Endpoint = Annotated[str, Field(pattern=r"^([^\s:/]+:\d{1,5})?$")]
# As Beam's check for Dataflow has them, which would refuse others in the first step only.
Project = Annotated[str, Field(pattern=r"^([a-z][-a-z0-9:.]+[a-z0-9])?$")]
CloudFolder = Annotated[str, Field(pattern=r"^(gs://[a-z0-9][-_a-z0-9.]+[a-z0-9](/.*)?)?$")]


class Beam(Settings):
    """The engine of every Beam step; see docs/beam.md.

    Args:
        engine: "local" is this process; "flink" and "spark" are reached through their Beam job servers; "portable" is
            any other job service; "dataflow" is Google's.
        endpoint: host:port of the job service.
        artifact_endpoint: host:port that files for the workers are given to; "" for the one that the job service names.
        environment: How the engine starts its workers: as containers, from a worker pool beside each of them, as
            processes, or in the process that submits the job.
        environment_config: host:port of the worker pool for "external", as the engine sees it; the command for
            "process".
        image: Container image that has this project in it, for "docker" and Dataflow.
        setup_file: setup.py of this project, instead of an image: each worker installs it, which takes minutes.
        parallelism: How many slots of Flink's task managers a job takes; what Flink's configuration says if None.
        processes: Worker processes beside each of Flink's task managers, or Spark's executors, which share its slots'
            work; one if None.
        workers: The most machines that Dataflow takes for a job; its own choice if None. With the engine "flink", the
            name that `parallelism` had.
        project: ID of the Google Cloud project.
        region: Google Cloud region.
        temp_location: gs:// folder for what Dataflow keeps on the way.
        extra: Any further options of Beam, as they are; they come last.
    """

    engine: Engine = "local"
    endpoint: Endpoint = ""
    artifact_endpoint: Endpoint = ""
    environment: Environment = "docker"
    environment_config: str = ""
    image: str = ""
    setup_file: str = ""
    parallelism: Annotated[int, Field(ge=1)] | None = None
    processes: Annotated[int, Field(ge=1)] | None = None
    workers: Annotated[int, Field(ge=1)] | None = None
    project: Project = ""
    region: str = ""
    temp_location: CloudFolder = ""
    extra: tuple[Annotated[str, Field(pattern=r"^--")], ...] = ()

    @field_validator("extra")
    @classmethod
    def _loses_nothing(cls, extra: tuple[str, ...]) -> tuple[str, ...]:
        for option in extra:
            if DASK.search(option):
                raise ValueError(
                    f"{option} loses records: Beam's runner on Dask mixes up the outputs of a step, and leaves out "
                    "what workers still hold at their end; leave it out, and name one of the engines in docs/beam.md"
                )
        return extra

    @model_validator(mode="after")
    def _fits_the_engine(self) -> "Beam":
        faults = [f"{name} must be given" for name in NEEDED.get(self.engine, ()) if not getattr(self, name)]
        faults += [
            f"{name} has no use"
            for name, field in type(self).model_fields.items()
            if name not in USED[self.engine] | {"engine"} and getattr(self, name) != field.default
        ]
        if self.engine == "flink" and self.workers and self.parallelism:
            faults.append("workers is an older name of parallelism: give that alone")
        faults += self._worker_faults()
        if faults:
            raise ValueError(f"with the engine '{self.engine}': {'; '.join(faults)}")
        return self

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options for every Beam step, as on a command line."""
        if self.engine == "local":
            return (*LOCAL, f"--sdk_container_image={NO_IMAGE}", *self.extra)
        options = {
            "job_endpoint": self.endpoint,
            "artifact_endpoint": self.artifact_endpoint,
            **self._environment_options(),
            "setup_file": self.setup_file,
            "sdk_container_image": self.image if self.image or self.setup_file else NO_IMAGE,
            "project": self.project,
            "region": self.region,
            # Beam takes a bucket alone for no folder, and makes a bucket of its own.
            "temp_location": re.sub(r"^gs://[^/]+$", r"\g<0>/", self.temp_location),
            # Older catalog files say `workers`; they never were as many processes.
            "parallelism": (self.parallelism or self.workers) if self.engine == "flink" else None,
            "sdk_worker_parallelism": self.processes,
            "environment_cache_millis": ENVIRONMENT_CACHE_MILLIS if self.engine == "flink" else None,
            "max_num_workers": self.workers if self.engine == "dataflow" else None,
        }
        given = [f"--{name}={value}" for name, value in options.items() if value]
        return (f"--runner={RUNNERS[self.engine]}", *given, *self.extra)

    @property
    def _starts_containers(self) -> bool:
        return self.engine == "dataflow" or (self.engine != "local" and self.environment == "docker")

    def _worker_faults(self) -> list[str]:
        if self._starts_containers:
            unused = ["environment_config has no use: name the image"] * bool(self.environment_config)
            return unused + ["image or setup_file must be given"] * (not self.image and not self.setup_file)
        if self.engine == "local":
            return []
        unused = [f"{name} has no use" for name in ("image", "setup_file") if getattr(self, name)]
        needs_config = self.environment in ("external", "process") and not self.environment_config
        return [
            *(f"{fault} with the environment '{self.environment}'" for fault in unused),
            *["environment_config must be given"] * needs_config,
        ]

    def _environment_options(self) -> dict[str, str]:
        if self.engine == "dataflow":
            return {}
        config = self.environment_config
        if self.environment == "process" and not config.startswith("{"):
            config = json.dumps({"command": config})
        return {"environment_type": self.environment.upper(), "environment_config": config}
