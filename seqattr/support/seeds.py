"""Seeds of whatever is drawn at random."""

from seqattr.errors import InputError
from seqattr.support.given import is_whole

LARGEST_SEED = 2**63 - 1  # that HDF5, numpy and torch all take


def check_seed(seed: int) -> None:
    """Raises InputError for a seed that not every generator takes."""
    if not is_whole(seed) or seed < 0:
        raise InputError(f"the seed must be a whole number from 0 on, not {seed}")
    if seed > LARGEST_SEED:
        raise InputError(f"the seed must be at most {LARGEST_SEED}, not {seed}")
