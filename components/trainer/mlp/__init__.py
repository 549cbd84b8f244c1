"""Trains regularised multilayer perceptrons on a packed vector of features."""
