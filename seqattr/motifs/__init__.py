"""Motifs, their matches, and what contributions say of both."""
