"""The report on a folder of scores."""
