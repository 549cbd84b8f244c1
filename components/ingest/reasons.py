"""How the reasons begin for which records are quarantined, where the report goes by them."""

BROKEN = "the file is damaged or ends in the middle"
"""For the end of a file."""

BLANK = "blank line"
"""For a line without anything in it."""
