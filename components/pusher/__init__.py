"""Copies a blessed model into a versioned folder."""
