"""Letters, codes, one-hot columns and regions: no files and no torch."""
