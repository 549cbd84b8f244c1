"""Starts, watches, records and shows runs on this machine."""
