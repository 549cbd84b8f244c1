"""Trains MobileNetV2 with a new head in two phases."""
