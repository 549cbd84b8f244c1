"""MobileNetV2 with a new head, trained in two phases."""
