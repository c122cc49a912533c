"""Runs of `score` in several blocks: what tests of these have in common."""

from seqattr.jobs.score.settings import Settings

SETTINGS = Settings(references="shuffle:2")
BLOCKS = 5  # of the run of these tests
ROWS = 33


class Stop(Exception):
    """Somebody stops the run."""
