"""Defines what a model card says that nobody but its author knows."""

from components.settings import Settings


class ModelCard(Settings):
    """What to know of the model beside what was measured; the report shows it with the rest of a model card.

    The parts are those of Mitchell et al., Model Cards for Model Reporting (FAT* 2019).

    Args:
        intended_use: What the model is for, and who is to use it.
        out_of_scope: What it isn't for.
        limitations: What it is known not to do well, and what is to be thought of before it is used.
        owner: Who answers for it, and how they are reached.
    """

    intended_use: str = ""
    out_of_scope: str = ""
    limitations: str = ""
    owner: str = ""
