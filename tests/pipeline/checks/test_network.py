import socket
import threading

import pytest

from pipeline.checks.network import check_network

LONG = 60


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


def host_of(bound):
    return f"127.0.0.1:{bound.getsockname()[1]}"


def test_a_host_that_refuses_is_a_warning_with_the_reason():
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # and doesn't listen
        (finding,) = check_network([host_of(refusing)], seconds=LONG)
    assert finding.level == "warning"
    assert "Connection refused" in finding.text


def test_hosts_that_keep_silent_are_warnings():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        findings = check_network([host_of(silent)] * 2, seconds=0.1)
    assert [finding.level for finding in findings] == ["warning"] * 2


def test_all_hosts_are_asked_at_once():
    """None of these hangs up before all of them are asked."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    all_are_asked = threading.Barrier(len(servers))
    connected = []

    def hang_up_when_all_are_asked(server):
        with server, server.accept()[0]:
            all_are_asked.wait()
            connected.append(server)

    for server in servers:
        threading.Thread(target=hang_up_when_all_are_asked, args=[server], daemon=True).start()
    findings = check_network([host_of(server) for server in servers], seconds=LONG)
    assert len(connected) == len(servers)
    assert [finding.level for finding in findings] == ["warning"] * len(servers)


def test_no_hosts():
    assert check_network([]) == []
