"""A rulebook applied to a graph: forward for sequences and references, then back."""
