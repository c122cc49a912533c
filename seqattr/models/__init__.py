"""Model files: our own format, every other that a user may have, and a small zoo to train."""
