import os
import subprocess
import sys
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from nobody import as_nobody, open_folder
from servers import PASSWORD, mariadb, needs_mariadb, needs_postgresql, postgresql

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.metadata import PASSWORD_VARIABLE
from pipeline.config.overrides import apply_overrides
from pipeline.metadata.connection import check, connection_without_password, forget_artifacts, opened
from pipeline.metadata.history import find_history, knows_run, read_execution, read_history

KILLED_WRITER = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")  # so that the file has half of it before the end
database.execute("BEGIN")
database.execute("CREATE TABLE Half (content)")
database.executemany("INSERT INTO Half VALUES (randomblob(9000))", [()] * 9)
os.kill(os.getpid(), signal.SIGKILL)
"""
WRITER = """
import sys
from ml_metadata.proto import metadata_store_pb2 as mlmd
from pipeline import catalog
from pipeline.metadata.connection import opened
from pipeline.config.overrides import apply_overrides
config = apply_overrides(catalog.load("photos"), sys.argv[1:])
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    with opened(config) as store:
        if f"kind {number}" not in {each.name for each in store.get_execution_types()}:
            store.put_execution_type(mlmd.ExecutionType(name=f"kind {number}"))
"""


@pytest.fixture(scope="module")
def postgresql_server():
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb_server():
    with mariadb() as server:
        yield server


POSTGRESQL = pytest.param("postgresql", marks=needs_postgresql)
MARIADB = pytest.param("mariadb", marks=needs_mariadb)


@pytest.fixture(params=[POSTGRESQL, MARIADB])
def server(request, monkeypatch):
    """Each server, with an empty database `transferline`."""
    found = request.getfixturevalue(f"{request.param}_server")
    found.run("DROP DATABASE IF EXISTS transferline")
    found.create_database("transferline")
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    return found


@pytest.fixture
def configured(server, tmp_path):
    def config(*changes, name="photos"):
        settings = [*server.settings("transferline"), f"output_dir={tmp_path}", *changes]
        return apply_overrides(catalog.load("photos"), settings).model_copy(update={"name": name})

    return config


def put(store, pipeline, *uris):
    """Writes artifacts of a pipeline; returns their IDs."""
    kind = store.put_artifact_type(mlmd.ArtifactType(name="Thing"), can_add_fields=True)
    context_type = store.put_context_type(mlmd.ContextType(name="pipeline"), can_add_fields=True)
    (context,) = store.put_contexts([mlmd.Context(type_id=context_type, name=pipeline)])
    numbers = store.put_artifacts([mlmd.Artifact(type_id=kind, uri=uri, state=mlmd.Artifact.PENDING) for uri in uris])
    store.put_attributions_and_associations(
        [mlmd.Attribution(artifact_id=number, context_id=context) for number in numbers], []
    )
    return numbers


def put_executions(store, pipeline, runs):
    """Writes an execution of a Trainer for each run, with its model."""
    kinds = {name: store.put_context_type(mlmd.ContextType(name=name)) for name in ("pipeline", "pipeline_run", "node")}
    trainer = store.put_execution_type(mlmd.ExecutionType(name="Trainer"))
    model = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    for run in runs:
        names = {"pipeline": pipeline, "pipeline_run": run, "node": f"{pipeline}.Trainer"}
        event = mlmd.Event(type=mlmd.Event.OUTPUT)
        event.path.steps.add().key = "model"
        store.put_execution(
            mlmd.Execution(type_id=trainer, last_known_state=mlmd.Execution.COMPLETE),
            [(mlmd.Artifact(type_id=model, uri=f"/models/{pipeline}/{run}"), event)],
            [mlmd.Context(type_id=kinds[kind], name=name) for kind, name in names.items()],
            reuse_context_if_already_exist=True,
        )


def test_a_password_with_quotes_and_backslashes_is_taken_and_kept_out_of_the_pipeline(configured):
    check(configured().metadata)
    with opened(configured()) as store:
        assert store.get_artifacts() == []
    assert PASSWORD not in str(connection_without_password(configured()))
    assert PASSWORD not in configured().model_dump_json()


@pytest.mark.parametrize(
    ("change", "cause", "cure"),
    [
        ("metadata.database=transferline_absent", "There is no database 'transferline_absent'", "CREATE DATABASE"),
        ("metadata.user=stranger", "refuses the login", "metadata.user"),
        ("metadata.host=no.such.invalid", "can't be reached", "metadata.host"),
        ("metadata.port=1", "can't be reached", "metadata.port"),
    ],
)
def test_what_is_wrong_has_its_place_and_cure(configured, change, cause, cure):
    config = configured(change)
    with pytest.raises(TransferlineError, match=cause) as raised:
        check(config.metadata)
    assert raised.value.place == config.metadata.address
    assert cure in raised.value.cure


def test_localhost_is_this_machine_by_tcp(configured):
    with opened(configured("metadata.host=localhost")) as store:
        assert store.get_artifacts() == []


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_wrong_password_names_the_variable_and_no_password(configured, monkeypatch, password):
    monkeypatch.delenv(PASSWORD_VARIABLE)
    if password:
        monkeypatch.setenv(PASSWORD_VARIABLE, password)
    with pytest.raises(TransferlineError, match="refuses the login") as raised:
        check(configured().metadata)
    assert PASSWORD_VARIABLE in raised.value.cure
    assert ("isn't set" in raised.value.cure) == (password is None)
    assert "wrong" not in str(raised.value)


@pytest.mark.parametrize("server", [POSTGRESQL], indirect=True)
def test_a_user_who_may_not_make_tables_is_told_so(server, configured):
    server.run("ALTER DATABASE transferline OWNER TO owner")
    server.run("REVOKE CREATE ON DATABASE transferline FROM PUBLIC")
    with pytest.raises(TransferlineError, match="may not create tables") as raised:
        check(configured().metadata)
    assert "GRANT CREATE" in raised.value.cure


def test_first_runs_at_the_same_time_leave_a_database_that_can_be_used(configured, server, tmp_path):
    command = [sys.executable, "-c", WRITER, *server.settings("transferline"), f"output_dir={tmp_path}"]
    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    writers = [subprocess.Popen(command, env=environment, text=True, **pipes) for _ in range(4)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    complaints = [writer.communicate()[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4, complaints
    with opened(configured()) as store:
        names = sorted(each.name for each in store.get_execution_types())
    assert names == sorted(f"kind {number}" for number in range(10))


def test_who_only_reads_keeps_nobody_waiting(configured, monkeypatch):
    monkeypatch.setattr("pipeline.metadata.connection.LOCK_SECONDS", 1.0)
    with opened(configured(), read_only=True) as reading, opened(configured()) as writing:
        (number,) = put(writing, "photos", "/a")
        assert [each.id for each in reading.get_artifacts()] == [number]
        with pytest.raises(TransferlineError, match="Others have been writing"), opened(configured()):
            pass


def test_texts_come_back_as_they_were(configured):
    texts = ['{"a": "{\\"b\\": 1}"}', "C:\\data", "\\", "it's", "\x1b", "\x1bb\\\x1be", "é", ""]
    with opened(configured()) as store:
        kind = store.put_execution_type(mlmd.ExecutionType(name="Step", properties={"text": mlmd.STRING}))
        execution = mlmd.Execution(type_id=kind)
        for number, text in enumerate(texts):
            execution.custom_properties[str(number)].string_value = text
        execution.properties["text"].string_value = texts[0]
        given = mlmd.Execution.FromString(execution.SerializeToString())
        (number,) = store.put_executions([execution])
        assert execution == given
    with opened(configured()) as store:
        (found,) = store.get_executions_by_id([number])
    assert [found.custom_properties[str(place)].string_value for place in range(len(texts))] == texts
    assert found.properties["text"].string_value == texts[0]


def test_artifacts_come_in_the_order_in_which_they_are_asked_for_even_after_changes(configured):
    with opened(configured()) as store:
        numbers = put(store, "photos", *(f"/artifacts/{number}" for number in range(6)))
        for number in (numbers[1], numbers[4], numbers[0]):
            (artifact,) = store.get_artifacts_by_id([number])
            artifact.state = mlmd.Artifact.LIVE
            store.put_artifacts([artifact])
        assert [each.id for each in store.get_artifacts()] == numbers
        assert [each.id for each in store.get_artifacts_by_id(numbers)] == numbers


def test_what_a_pipeline_made_is_forgotten_and_what_others_made_is_not(configured):
    with opened(configured()) as store:
        mine, others = put(store, "photos", "/a", "/b"), put(store, "twin", "/c")
    forget_artifacts(configured())
    with opened(configured()) as store:
        states = {each.id: each.state for each in store.get_artifacts()}
    assert {states[number] for number in mine} == {mlmd.Artifact.DELETED}
    assert {states[number] for number in others} == {mlmd.Artifact.PENDING}


def test_a_run_that_is_not_in_the_database_is_not_known(configured):
    assert not knows_run(configured(), "20260101T000000-00001")
    assert not knows_run(configured("metadata.port=1"), "20260101T000000-00001")


def test_the_history_of_each_pipeline_of_a_server(configured):
    runs = [f"run{number}" for number in range(101)]
    with opened(configured()) as store:
        put_executions(store, "photos", runs)
        put_executions(store, "twin", runs[:1])
        step = read_execution(store, "twin", "run0", "Trainer")
    assert step.output("model").uri == "/models/twin/run0"
    found = read_history(configured()).executions
    assert [(each.node, each.run_id, each.succeeded) for each in found] == [("Trainer", run, True) for run in runs]
    assert [each.output("model").uri for each in found] == [f"/models/photos/{run}" for run in runs]


@pytest.fixture
def half_written():
    """A file of metadata whose writer was killed within a transaction, in a folder that every user can reach."""
    with open_folder() as folder:
        config = apply_overrides(catalog.load("photos"), [f"output_dir={folder}"])
        Path(config.home).mkdir()
        with opened(config) as store:
            put_executions(store, "photos", ["run1"])
        subprocess.run([sys.executable, "-c", KILLED_WRITER, config.metadata_path], check=False)
        assert Path(f"{config.metadata_path}-journal").exists()
        yield config


def test_what_a_killed_writer_left_half_is_taken_back_by_who_reads(half_written):
    (execution,) = find_history(half_written).executions
    assert execution.run_id == "run1"
    assert not Path(f"{half_written.metadata_path}-journal").exists()


def test_who_may_not_take_back_what_a_killed_writer_left_is_told_so(half_written):
    with as_nobody(), pytest.raises(TransferlineError, match="this user may not take back") as told:
        find_history(half_written)
    assert told.value.place == half_written.metadata_path
    assert find_history(half_written)


def test_a_file_of_something_else_is_told_so(tmp_path):
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}"])
    Path(config.home).mkdir()
    Path(config.metadata_path).write_text("my notes")
    with pytest.raises(TransferlineError, match="ML Metadata can't be opened") as told:
        find_history(config)
    assert "Check that it is a database of ML Metadata" in told.value.cure
