"""The work of each command: read, ask, write."""
