from pipeline.checks.metadata import check_metadata
from pipeline.config.metadata import Metadata


def test_a_file_needs_no_look():
    assert list(check_metadata(Metadata())) == []


def test_a_server_that_is_not_there_is_a_fault_with_its_cure():
    absent = Metadata(engine="postgresql", host="127.0.0.1", port=1, database="runs", user="me")
    (finding,) = check_metadata(absent)
    assert (finding.subject, finding.level) == ("metadata", "fault")
    assert "postgresql://me@127.0.0.1:1/runs" in finding.text
    assert "metadata.port" in finding.cure
