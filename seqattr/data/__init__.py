"""Labelled data sets: simulated, and trained on."""
