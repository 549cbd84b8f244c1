"""Finds a pipeline's file by what someone types, a name or a path, and lists all that names find."""
