"""From what someone types for a pipeline, a name or a path, to its file; and the list of all that a name finds."""
