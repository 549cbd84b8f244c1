"""Gives TFX a handle of ML Metadata that others can use the database beside."""

from contextlib import ExitStack
from types import TracebackType

from tfx.orchestration.metadata import Metadata

from pipeline.config import PipelineConfig
from pipeline.metadata.connection import connection_without_password, opened


class LockedMetadata(Metadata):
    """Holds the database's lock while it is entered, which TFX does before and after a step, never during its work.

    Args:
        config: The pipeline; TFX, which logs its connections, isn't told the password.
    """

    def __init__(self, config: PipelineConfig) -> None:
        super().__init__(connection_without_password(config))
        self._config = config
        self._opened = ExitStack()

    def __enter__(self) -> "LockedMetadata":
        if not self._users:
            self._store = self._opened.enter_context(opened(self._config))
        self._users += 1
        return self

    def __exit__(
        self,
        exc_type: type[Exception] | None = None,
        exc_value: Exception | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, exc_tb)
        if not self._users:
            self._opened.close()
