"""The TAL-GATA experiment (Shrikumar, Greenside & Kundaje 2017, section 4.2).

Its files in the order of reading:

recipe     what is run: how many sequences, which nets, which methods and references
run        the whole in one process: simulate, train, score, collect
collect    from folders of scores to tables, figures and the page
measures   what contributions are measured by: motifs missed, motifs credited in the wrong task, noise
evidence   the measures of each net and method, read from the folders of scores
summary    means over the nets, with 95 % intervals
claims     what the paper says, and whether the means bear it out
tables     all of it as tables
figures    all of it as figures, after the paper's
page       all of it as one page
"""
