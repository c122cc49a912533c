"""What scripts/fuzz.py tries: mutations, readers with their seeds and oracles, and processes for them."""
