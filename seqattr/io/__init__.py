"""File formats, and nothing but formats: each file is written whole or not at all."""
