"""Compares several models before one is trained."""
