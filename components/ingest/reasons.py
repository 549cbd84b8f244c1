"""Defines how the quarantine reasons begin that are counted separately."""

BROKEN = "the file is damaged or ends in the middle"
"""The end of a file."""

BLANK = "blank line"
"""A line without anything in it."""
