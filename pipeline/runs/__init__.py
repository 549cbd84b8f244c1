"""A run on this machine: how it is started, watched, kept and shown."""
