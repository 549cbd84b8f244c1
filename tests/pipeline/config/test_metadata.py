import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides

SERVER = ("engine=postgresql", "host=db.local", "database=runs", "user=me")


def metadata(*settings):
    return apply_overrides(catalog.load("digits"), [f"metadata.{setting}" for setting in settings]).metadata


def test_a_file_of_the_pipeline_is_the_default():
    assert not metadata().is_server


@pytest.mark.parametrize(("engine", "port"), [("postgresql", 5432), ("mysql", 3306)])
def test_a_servers_address_names_no_password(engine, port, monkeypatch):
    found = metadata(*SERVER, f"engine={engine}", "password_variable=SECRET")
    given = "hush"
    monkeypatch.setenv("SECRET", given)
    assert found.address == f"{engine}://me@db.local:{port}/runs"
    assert found.password == given
    assert given not in repr(found)


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (["engine=postgresql"], "host must be given; database must be given; user must be given"),
        (["host=db.local"], "with the engine 'sqlite': host has no use"),
        ((*SERVER, "database=a;drop"), "metadata.database"),
        ((*SERVER, "password=hush"), "there is no such setting"),
        ((*SERVER, "port=70000"), "metadata.port"),
    ],
)
def test_a_fault_names_the_setting(settings, fault):
    with pytest.raises(TransferlineError) as raised:
        metadata(*settings)
    assert fault in raised.value.cause
