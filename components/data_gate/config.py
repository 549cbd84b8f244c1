"""Defines the rules that the data must meet before anything is computed from it."""

from typing import Annotated

from pydantic import Field

from components.settings import Settings


class GateRules(Settings):
    """The rules of the gate between the data and Transform.

    Args:
        max_quarantined: The largest share of records, 0 to 1, that may be set aside in quarantine; hidden
            files don't count.
        fail_on_leak: Whether identical records in train and test stop the run.
        fail_on_label_conflict: Whether identical records with different labels stop the run.
    """

    max_quarantined: Annotated[float, Field(ge=0, le=1)] = 0.05
    fail_on_leak: bool = True
    fail_on_label_conflict: bool = False
