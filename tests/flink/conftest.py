"""Tests on Flink itself. `make flink-test` runs them with Flink's jars; without those they aren't collected."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

collect_ignore_glob = [] if "TRANSFERLINE_FLINK" in os.environ else ["test_*"]

# The network buffers of two task managers lie outside of the heap.
JVM_MEMORY = ("-Xmx1g", "-XX:MaxDirectMemorySize=2g")
MEMORY_TOOL = "org.apache.flink.runtime.util.bash.BashJavaUtils"


@dataclass(frozen=True)
class Flink:
    """Flink's jars, and what of ours is compiled for them.

    Attributes:
        jars: The folder of the jars.
        classes: The folder of the compiled classes.
    """

    jars: Path
    classes: Path

    def java(self, program, *arguments, jars="flink-dist-*.jar"):
        """What a Java program prints, line by line; with no more jars than these Flink's log isn't among it."""
        path = os.pathsep.join(map(str, (self.classes, *sorted(self.jars.rglob(jars)))))
        command = ["java", *JVM_MEMORY, "-cp", path, program, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        return done.stdout.splitlines()

    def planned(self, plan, parallelism):
        """How many tasks and results Flink makes of a job."""
        return json.loads(self.java("BatchJob", "plan", str(plan), str(parallelism))[-1])

    def run(self, plan, parallelism, options):
        """How a job ends on a cluster with these options."""
        given = [f"{name}={value}" for name, value in options.items()]
        return self.java("BatchJob", "run", str(plan), str(parallelism), *given)[-1]

    def memory(self, folder, options):
        """A task manager's options once Flink has computed its memory."""
        folder.mkdir()
        needed = {"jobmanager.rpc.address": "localhost", **options}
        (folder / "config.yaml").write_text("".join(f"{name}: {value}\n" for name, value in needed.items()))
        told = self.java(MEMORY_TOOL, "GET_TM_RESOURCE_PARAMS", "--configDir", str(folder), jars="*.jar")[-1]
        return dict(each.strip().split("=", 1) for each in told.split("-D ")[1:])


@pytest.fixture(scope="session")
def flink(tmp_path_factory):
    jars = Path(os.environ["TRANSFERLINE_FLINK"]).resolve()
    classes = tmp_path_factory.mktemp("classes")
    (distribution,) = jars.rglob("flink-dist-*.jar")
    source = Path(__file__).with_name("BatchJob.java")
    subprocess.run(["javac", "-nowarn", "-cp", distribution, "-d", classes, source], check=True, capture_output=True)
    return Flink(jars, classes)
