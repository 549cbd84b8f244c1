from pipeline import catalog
from pipeline.checks import doctor
from pipeline.checks.finding import ok


def test_the_hosts_are_those_of_the_catalogs_downloads_and_the_public_index():
    configs = [catalog.load(name) for name in catalog.names()]
    assert doctor.hosts(configs) == ["archive.ics.uci.edu", "pypi.org", "storage.googleapis.com"]
    assert doctor.hosts([]) == ["pypi.org", "storage.googleapis.com"]


def test_everything_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "check_network", lambda hosts: [ok("network", host) for host in hosts])
    subjects = [finding.subject for finding in doctor.examine(str(tmp_path))]
    assert {"python", "glibc", "tfx", "pip", "cores", "memory", "disk", "devices", "weights", "network"} <= set(
        subjects
    )
