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
        max_conflicts: The largest share of records, 0 to 1, that have another label than most records with the same
            inputs: no model can be right about them. None for any; where they aren't counted, it stops nothing.
        fail_on_missing_class: Whether a class that has no record in one of the splits stops the run: nothing would say
            how well the model knows it.
        max_labels_outside: Of numbers to predict, the largest share, 0 to 1, of the records of eval or of test whose
            label is below the least or above the greatest of train; None for any. A few there always are, by chance.
    """

    max_quarantined: Annotated[float, Field(ge=0, le=1)] = 0.05
    fail_on_leak: bool = True
    fail_on_label_conflict: bool = False
    max_conflicts: Annotated[float | None, Field(ge=0, le=1)] = None
    fail_on_missing_class: bool = False
    max_labels_outside: Annotated[float | None, Field(ge=0, le=1)] = 0.05
