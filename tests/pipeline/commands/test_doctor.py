from pipeline.checks import doctor
from pipeline.checks.finding import fault, warning


def test_a_warning_is_no_fault(transferline, monkeypatch):
    monkeypatch.setattr(doctor, "check_network", lambda _: [warning("network", "none", "plug it in")])
    findings = transferline.json("doctor")
    assert {"subject", "level", "text", "cure"} == set(findings[0])
    assert findings[-1] == {"subject": "network", "level": "warning", "text": "none", "cure": "plug it in"}


def test_a_fault_ends_with_status_1(transferline, monkeypatch):
    monkeypatch.setattr(doctor, "check_network", lambda _: [fault("network", "none", "pull the plug out")])
    assert "1 fault" in transferline("doctor", status=1)
