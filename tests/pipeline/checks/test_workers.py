import os
import subprocess
import sys

import forbidden_namespaces
import pytest
import worker_ports

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.checks.workers import check_workers
from pipeline.config.overrides import apply_overrides
from pipeline.runs import launch
from pipeline.runs.launch import refuse_open_ports

BY_TWO = ("trainer.strategy=multi_worker", "trainer.workers=2")
OPEN = "trainer.open_worker_ports=True"

CHECK = """
from pipeline import catalog
from pipeline.checks.workers import check_workers
from pipeline.config.overrides import apply_overrides
(finding,) = check_workers(apply_overrides(catalog.load("photos"), %r))
print(finding.level, finding.text)
"""


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)


def configured(*settings):
    return apply_overrides(catalog.load("photos"), settings)


def finding_of(*settings):
    (finding,) = check_workers(configured(*settings))
    return finding


def level_where_namespaces_are_forbidden(*settings):
    command = [sys.executable, forbidden_namespaces.__file__, sys.executable, "-c", CHECK % (settings,)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_one_process_has_no_ports():
    assert list(check_workers(configured())) == []
    refuse_open_ports(configured())


def test_workers_with_a_network_of_their_own_are_well():
    assert finding_of(*BY_TWO).level == ("fault" if worker_ports.must_be_open() else "ok")


def test_a_system_that_forbids_namespaces_is_a_fault_unless_the_user_knows():
    assert level_where_namespaces_are_forbidden(*BY_TWO).startswith("fault The system gives the workers no network")
    assert level_where_namespaces_are_forbidden(*BY_TWO, OPEN).startswith("warning Their ports are open")


@pytest.mark.parametrize("remote", ["trainer.weights=gs://bucket/weights.h5", "output_dir=gs://bucket/runs"])
def test_remote_paths_are_a_fault_unless_the_user_knows(remote):
    assert finding_of(*BY_TWO, remote).level == "fault"
    assert finding_of(*BY_TWO, remote, OPEN).level == "warning"
    refuse_open_ports(configured(*BY_TWO, remote, OPEN))


def test_a_run_with_open_ports_is_refused_before_anything_is_written(tmp_path):
    settings = (*BY_TWO, "trainer.weights=gs://bucket/weights.h5", f"output_dir={tmp_path}/runs")
    with pytest.raises(TransferlineError, match=r"gs://bucket/weights\.h5 is remote"):
        launch.run(configured(*settings))
    assert not list(tmp_path.iterdir())


def test_workers_of_a_cluster_are_a_warning(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")
    assert finding_of(*BY_TWO).level == "warning"
    assert "NetworkPolicy" in finding_of("trainer.strategy=multi_worker").cure
    assert list(check_workers(configured())) == []
