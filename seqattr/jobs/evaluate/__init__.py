"""`seqattr evaluate`: checks asked of methods, unit by unit, kept, summarised, judged and shown on a page.

settings    which checks, methods and sequences
asking      from files to a `Question`
units       one check of one method each; what is done is kept in OUT/units
results     summaries, judgements and drawings of all of them
verdicts    what a method's judgements say together
page        evaluation.html
run         the job
"""
