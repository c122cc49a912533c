"""Motif files: a reader for each format, and what a collection of motifs is."""
