import socket
import time

from pipeline.checks.network import check_network


def test_hosts_that_refuse_or_keep_silent_are_warnings_after_one_wait_for_all(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as refusing, socket.socket() as silent:
        refusing.bind(("127.0.0.1", 0))  # and doesn't listen
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hosts = [f"127.0.0.1:{each.getsockname()[1]}" for each in (refusing, silent, silent)]
        began = time.monotonic()
        findings = check_network(hosts, seconds=0.5)
        took = time.monotonic() - began
    assert [finding.level for finding in findings] == ["warning"] * 3
    assert "Connection refused" in findings[0].text
    assert took < 1.5


def test_no_hosts():
    assert check_network([]) == []
