"""Connects to the database of ML Metadata, says in words why that can't be done, and lets one writer in at a time.

The servers are asked through their Python drivers first: ML Metadata's own connectors only say that there is no
connection, and wait for minutes for a host that doesn't answer.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.errors import TransferlineError
from components.room import folder_error, full_disk, output_folder

if TYPE_CHECKING:
    from ml_metadata.metadata_store.metadata_store import MetadataStore
    from ml_metadata.proto import metadata_store_pb2

    from pipeline.config import PipelineConfig
    from pipeline.config.metadata import Metadata

ANSWER_SECONDS = 3.0
LOCK_SECONDS = 300.0
POLL_SECONDS = 0.05
ATTEMPTS = 5

POSTGRESQL_LOCK = 7_235_419_608_113
"""Any number that nobody else locks; such locks are each database's own."""

POSTGRESQL_REFUSES_LOGIN = ("28000", "28P01")
POSTGRESQL_NO_DATABASE = "3D000"
MYSQL_REFUSES_LOGIN = (1044, 1045, 1698)
MYSQL_NO_DATABASE = 1049

READ_ONLY = "attempt to write a readonly database"
"""What SQLite says where it has to write before it can read."""

MAY_FILL = (
    "SELECT to_regclass('mlmdenv') IS NOT NULL OR coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
)
"""Since PostgreSQL 15 only the owner of a database may create tables in it, unless others are let."""


def connection_config(config: PipelineConfig, *, read_only: bool = False) -> metadata_store_pb2.ConnectionConfig:
    """Returns what ML Metadata connects with, password and all: not to be logged or kept."""
    found = connection_without_password(config)
    settings = config.metadata
    if settings.engine == "postgresql" and settings.password:
        found.postgresql.password = _quoted(settings.password)
    if settings.engine == "mysql":
        found.mysql.password = settings.password
    if read_only and not settings.is_server:
        found.sqlite.connection_mode = type(found.sqlite).READONLY
    return found


def connection_without_password(config: PipelineConfig) -> metadata_store_pb2.ConnectionConfig:
    """Returns what may be kept of it. For sqlite it is the whole, and makes no folder."""
    from ml_metadata.proto import metadata_store_pb2  # noqa: PLC0415 (only commands that need it wait for it)

    settings, found = config.metadata, metadata_store_pb2.ConnectionConfig()
    match settings.engine:
        case "sqlite":
            found.sqlite.filename_uri = config.metadata_path
            found.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        case "postgresql":
            _describe_postgresql(settings, found.postgresql)
        case "mysql":
            _describe_mysql(settings, found.mysql)
    return found


def check(settings: Metadata) -> None:
    """Looks whether the database is there and can be written to; a file needs no look.

    Raises:
        TransferlineError: It isn't, or can't be; says which setting to fix.
    """
    if settings.is_server:
        with _connected(settings) as cursor:
            if settings.engine == "postgresql" and not _answer(cursor, MAY_FILL):
                raise TransferlineError(
                    f"The user {settings.user} may not create tables in the database of ML Metadata.",
                    place=settings.address,
                    cure=f"Let its owner run: GRANT CREATE ON SCHEMA public TO {settings.user}.",
                )


def has_metadata(config: PipelineConfig) -> bool:
    """Returns whether there is a database to be read; not where its file has no tables, as a full disk leaves it."""
    if config.metadata.is_server:
        return True
    path = Path(config.metadata_path)
    if not path.is_file():
        return False
    try:
        # To read is to take back what a killed writer left half, which needs the right to write.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            return bool(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.Error:  # which whoever opens it tells of
        return True


@contextmanager
def opened(config: PipelineConfig, *, read_only: bool = False) -> Iterator[MetadataStore]:
    """Opens ML Metadata; a server's empty database is filled with its tables.

    Who may write has it alone. Who only reads doesn't keep others waiting, however long the history is.

    Raises:
        TransferlineError: It can't be opened.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")  # each connection would be two lines on the screen
    from ml_metadata.errors import StatusError  # noqa: PLC0415
    from ml_metadata.metadata_store.metadata_store import MetadataStore  # noqa: PLC0415

    from pipeline.metadata.postgresql import PostgreSQLStore  # noqa: PLC0415

    kind = PostgreSQLStore if config.metadata.engine == "postgresql" else MetadataStore
    connection = connection_config(config, read_only=read_only)
    with ExitStack() as lock:
        lock.enter_context(_locked(config.metadata))
        try:
            found = kind(connection) if config.metadata.is_server else _retried(lambda: kind(connection))
        except (RuntimeError, StatusError) as error:
            raise _unopened(config, error) from error
        if read_only:
            lock.close()
        yield found


def _unopened(config: PipelineConfig, error: Exception) -> TransferlineError:
    settings = config.metadata
    if not settings.is_server and (refused := folder_error(error, [output_folder(config.home)])):
        return refused
    if not settings.is_server and READ_ONLY in str(error) and Path(f"{config.metadata_path}-journal").exists():
        return TransferlineError(
            "Who wrote to the metadata last was killed, and this user may not take back what that left half written.",
            place=config.metadata_path,
            cure="Let this user write to that file and its folder, or run the command once as its owner.",
        )
    hint = "; of MySQL, its user must log in by mysql_native_password" * (settings.engine == "mysql")
    return TransferlineError(
        f"ML Metadata can't be opened: {str(error).strip() or type(error).__name__}.",
        place=settings.address if settings.is_server else config.metadata_path,
        cure=f"Check that it is a database of ML Metadata, of a release like this one{hint}.",
    )


def _retried(connect: Callable[[], MetadataStore]) -> MetadataStore:
    """Two runs may make the tables of one file at the same time, which has no lock of ours."""
    for _ in range(ATTEMPTS - 1):
        try:
            return connect()
        except RuntimeError as error:
            if full_disk(error):
                raise
            time.sleep(random.random())  # noqa: S311 (so that the two don't meet again)
    return connect()


def forget_artifacts(config: PipelineConfig) -> None:
    """Marks all that a pipeline made as deleted, so that nothing comes from the cache or is compared with it.

    A file of metadata is removed instead, with all that it knows; a server's database is others' too.

    Raises:
        TransferlineError: The database can't be reached.
    """
    if not config.metadata.is_server:
        return
    with opened(config) as store:
        pipeline = store.get_context_by_type_and_name("pipeline", config.name)
        _mark_deleted(store, store.get_artifacts_by_context(pipeline.id) if pipeline else [])


def mark_deleted(config: PipelineConfig, numbers: Sequence[int]) -> None:
    """Marks some artifacts as deleted: none of them comes from the cache any more, or is compared with.

    Args:
        config: The pipeline.
        numbers: ML Metadata's IDs of them.

    Raises:
        TransferlineError: The database can't be reached.
    """
    if numbers:
        with opened(config) as store:
            _mark_deleted(store, store.get_artifacts_by_id(numbers))


def _mark_deleted(store: MetadataStore, artifacts: Sequence[metadata_store_pb2.Artifact]) -> None:
    for artifact in artifacts:
        artifact.state = type(artifact).DELETED
    store.put_artifacts(artifacts)


@contextmanager
def _locked(settings: Metadata) -> Iterator[None]:
    """Lets in one process at a time, among all that use the same database.

    ML Metadata has no uniqueness among types, and makes its tables without a lock: two first runs at once would leave a
    database that nothing can use. A server takes the lock back from a process that died. A file is one pipeline's own.

    Raises:
        TransferlineError: The database can't be reached, or others held the lock for minutes.
    """
    if not settings.is_server:
        yield
        return
    with _connected(settings) as cursor:
        end = time.monotonic() + LOCK_SECONDS
        while not _takes_lock(cursor, settings):
            if time.monotonic() > end:
                raise TransferlineError(
                    f"Others have been writing to the metadata for {LOCK_SECONDS:.0f} s.",
                    place=settings.address,
                    cure="Look for a hanging run among those that use this database.",
                )
            time.sleep(POLL_SECONDS)
        yield  # the lock goes with the connection


@contextmanager
def _connected(settings: Metadata) -> Iterator[Any]:
    """A cursor on a connection of its own."""
    try:
        connection = _connect(settings)
    except Exception as error:  # each driver has its own, and lets some of others through
        raise _explained(settings, error) from error
    try:
        yield connection.cursor()
    finally:
        connection.close()


def _connect(settings: Metadata) -> Any:
    common = {
        "host": settings.host,
        "port": settings.server_port,
        "user": settings.user,
        "password": settings.password,
        "database": settings.database,
    }
    if settings.engine == "postgresql":
        from pg8000 import dbapi  # noqa: PLC0415

        connection = dbapi.connect(**common, timeout=ANSWER_SECONDS)
        connection.autocommit = True
        return connection
    import pymysql  # noqa: PLC0415

    return pymysql.connect(**common, connect_timeout=ANSWER_SECONDS, autocommit=True, ssl_disabled=True)


def _takes_lock(cursor: Any, settings: Metadata) -> bool:
    if settings.engine == "postgresql":
        return bool(_answer(cursor, "SELECT pg_try_advisory_lock(%s)", POSTGRESQL_LOCK))
    name = hashlib.sha256(settings.database.encode()).hexdigest()[:32]  # such locks are the whole server's
    return _answer(cursor, "SELECT GET_LOCK(%s, 0)", f"transferline {name}") == 1


def _answer(cursor: Any, statement: str, *values: object) -> Any:
    cursor.execute(statement, values)
    return cursor.fetchone()[0]


def _explained(settings: Metadata, error: Exception) -> TransferlineError:
    code, message = _code_and_message(error)
    known = os.environ.get(settings.password_variable) is not None
    if code in (*POSTGRESQL_REFUSES_LOGIN, *MYSQL_REFUSES_LOGIN):
        cause = f"The database of ML Metadata refuses the login: {message}."
        variable = f"The environment variable {settings.password_variable}"
        state = "holds" if known else "isn't set; it should hold"
        cure = f"{variable} {state} the password: correct it, or metadata.user."
    elif code in (POSTGRESQL_NO_DATABASE, MYSQL_NO_DATABASE):
        cause = f"There is no database '{settings.database}'."
        cure = f"Create it on the server (CREATE DATABASE {settings.database}), or correct metadata.database."
    else:
        cause = f"The database of ML Metadata can't be reached: {message}."
        cure = "Start the server, or correct metadata.host and metadata.port."
    return TransferlineError(cause, place=settings.address, cure=cure)


def _code_and_message(error: Exception) -> tuple[object, str]:
    """What a driver's error says: PostgreSQL's fields by letter, or MySQL's number and text."""
    match error.args:
        case ({"C": code, "M": message}, *_):
            return code, str(message)
        case (int(number), str(message)):
            return number, message
        case _:
            return None, str(error.__cause__ or error)


def _describe_postgresql(settings: Metadata, found: metadata_store_pb2.PostgreSQLDatabaseConfig) -> None:
    found.host, found.port = _quoted(settings.host), str(settings.server_port)
    found.dbname, found.user = settings.database, _quoted(settings.user)
    found.skip_db_creation = True
    found.ssloption.sslmode = "disable"  # the wheel's libpq is built without TLS, and refuses any other


def _describe_mysql(settings: Metadata, found: metadata_store_pb2.MySQLDatabaseConfig) -> None:
    # The client library takes "localhost" for a socket file of its own choice.
    found.host = "127.0.0.1" if settings.host == "localhost" else settings.host
    found.port = settings.server_port
    found.database, found.user = settings.database, settings.user
    found.skip_db_creation = True


def _quoted(value: str) -> str:
    """A value of libpq's connection string, which ML Metadata puts together without quotes."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
