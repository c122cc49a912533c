"""seqattr measured beside its peers, in one run, on one machine: `python -m speed --help`."""
