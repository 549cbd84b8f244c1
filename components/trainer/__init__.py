"""Transfer learning in two phases, and the export of the model that is served."""
