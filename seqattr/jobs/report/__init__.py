"""The report on a folder of scores.

Its files in the order of reading:

run        the whole: scores are read, every target is examined, figures are drawn, a page is written
settings   what a report is asked for
scores     the folder: what its run.json says, and the file of each target
blocks     an open file a block of rows at a time, and the frequencies of its bases
excerpts   the strongest stretch of each sequence, which the figures show
examine    one target: its matches measured, its seqlets found, its motifs tested
findings   what was found for each target, and the evidence of all together
pictures   the figures
page       the page
"""
