"""How the reasons begin for which something is quarantined that isn't counted like the rest."""

BROKEN = "the file is damaged or ends in the middle"
"""The end of a file."""

BLANK = "blank line"
"""A line without anything in it."""
