"""Is an explanation to be believed? Comparisons with a truth that is known."""
