"""FASTA: one parser of the stream, whole records, and genomes by random access."""
