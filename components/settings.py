"""Defines the base class of all settings."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen, typed group of settings that refuses keys it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
