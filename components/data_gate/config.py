"""Defines the rules that the data must meet before anything is computed from it."""

from typing import Annotated

from pydantic import Field

from components.column_rules import ColumnBounds


class GateRules(ColumnBounds):
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
        max_unseen: Of each category that is learned from, the largest share of the values of the validation or the
            test split, 0 to 1, that training doesn't have: the model knows nothing of them. None for any; where
            training has more values than are counted, it stops nothing.
        max_missing: Of each column that is learned from, the largest share of the records of a split, 0 to 1, that
            have no value. None for any.
        max_missing_rise: By how much this share may be larger, in validation or test, than in training. None for any.
        columns: What single columns may lack or have instead, by name; those that aren't learned from among them.
    """

    max_quarantined: Annotated[float, Field(ge=0, le=1)] = 0.05
    fail_on_leak: bool = True
    fail_on_label_conflict: bool = False
    max_conflicts: Annotated[float | None, Field(ge=0, le=1)] = None
    fail_on_missing_class: bool = False
    max_labels_outside: Annotated[float | None, Field(ge=0, le=1)] = 0.05
    columns: dict[str, ColumnBounds] = Field(default_factory=dict)

    @property
    def bounds(self) -> ColumnBounds:
        """What holds for each column that is learned from."""
        return ColumnBounds(**{name: getattr(self, name) for name in ColumnBounds.model_fields})
