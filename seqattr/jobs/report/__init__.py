"""The report on a folder of scores.

Its files in the order of reading:

run          the whole: scores are read, every target is examined, figures are drawn, a page is written
settings     what a report is asked for
scores       the folder: what its run.json says, and the file of each target
blocks       an open file a block of rows at a time, and the frequencies of its bases
sources      a folder made ready for motifs: its sequences, their background, what finds hits
examine      one target: its hits and seqlets found
excerpts     the strongest stretch of each sequence, which the figures show
unexplained  the seqlets that no sure hit explains
findings     what was found for each target, and the evidence of all together
tables       what was found as tables; matches: the largest of them
pictures     the figures
boxes        the hits in these figures, for other figures of the same scores
story, rows  what the page says in words, and its tables
page         the page
"""
