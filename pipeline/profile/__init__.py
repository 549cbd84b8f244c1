"""Profiles someone's data, for `new` and `check`."""
