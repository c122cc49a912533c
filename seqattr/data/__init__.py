"""Labelled data sets: simulated, or read from a folder, and trained on by the loss that fits."""
