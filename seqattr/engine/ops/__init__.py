"""What is known of ops: every table that names one, and what can be said of an op without a graph."""
