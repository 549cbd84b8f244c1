"""Writes the report: one page on which a person can base a decision."""
