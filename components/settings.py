"""Defines the base class of all settings."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen, typed group of settings that refuses keys it doesn't know.

    Numbers that aren't finite are written to JSON as Python's `json` writes them, so that they can be read again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, ser_json_inf_nan="constants")
