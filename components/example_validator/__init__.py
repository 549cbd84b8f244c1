"""Compares statistics with the schema."""
