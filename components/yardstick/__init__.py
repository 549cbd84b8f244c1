"""Fits simple models beside the one that is trained, so that it is seen how good it has to be."""
