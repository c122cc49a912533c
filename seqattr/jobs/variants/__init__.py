"""`seqattr variants`: what each variant of a file changes.

`settings` says what is asked for; `windows` cuts the windows of both alleles out of a genome, and says why
there are none; `run` has their outputs compared, block by block; `table` writes them; `null` tells what
chance does, `largest` which effects are shown; `contributions` explains both alleles of some, `names` what
these are called in files; `page` shows it all, from the `summary`; `folder` sees to it that files come
together, and that nobody else's are lost.
"""
