"""`seqattr variants`: what each variant of a file changes.

`settings` says what is asked for; `windows` cuts the windows of both alleles out of a genome, and says why
there are none; `run` has their outputs compared, block by block; `table` writes them; `null` tells what
chance does.
"""
