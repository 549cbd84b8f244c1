"""Defines where ML Metadata is kept; `pipeline.metadata.connection` connects to it."""

import os
from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.settings import Settings

Engine = Literal["sqlite", "postgresql", "mysql"]

PORTS = {"postgresql": 5432, "mysql": 3306}
PASSWORD_VARIABLE = "TRANSFERLINE_METADATA_PASSWORD"  # noqa: S105 (the name of a variable)


class Metadata(Settings):
    """The database of ML Metadata; see docs/metadata.md.

    Args:
        engine: "sqlite" is a file in the pipeline's folder; of the others, one database may serve many pipelines.
        host: Of the server.
        port: Of the server; the engine's usual one if None.
        database: Its name; it must exist, and is filled by the first run.
        user: Who may create tables in it.
        password_variable: The environment variable that holds the password; the settings never do.
    """

    engine: Engine = "sqlite"
    host: Annotated[str, Field(pattern=r"^\S*$")] = ""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    # ML Metadata puts the name into its statements as it is.
    database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{0,63}$")] = ""
    user: str = ""
    password_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = PASSWORD_VARIABLE

    @model_validator(mode="after")
    def _fits_the_engine(self) -> "Metadata":
        if self.engine == "sqlite":
            given = [
                name for name, field in type(self).model_fields.items() if getattr(self, name) != field.get_default()
            ]
            faults = [f"{name} has no use" for name in given]
        else:
            faults = [f"{name} must be given" for name in ("host", "database", "user") if not getattr(self, name)]
        if faults:
            raise ValueError(f"with the engine '{self.engine}': {'; '.join(faults)}")
        return self

    @property
    def is_server(self) -> bool:
        """Whether it is a server's database, and not a file of this pipeline alone."""
        return self.engine != "sqlite"

    @property
    def address(self) -> str:
        """Returns engine://user@host:port/database, for people."""
        return f"{self.engine}://{self.user}@{self.host}:{self.server_port}/{self.database}"

    @property
    def server_port(self) -> int:
        """The port, the engine's usual one where none is given."""
        return self.port or PORTS[self.engine]

    @property
    def password(self) -> str:
        """The password from the environment; "" where there is none."""
        return os.environ.get(self.password_variable, "")
