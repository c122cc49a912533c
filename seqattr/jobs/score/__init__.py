"""The main job, from windows to files.

settings       how to score, and how that is worked out
task           models, windows, references and settings, made ready
planning, plan what is fixed before anything is worked out: blocks of rows, and what run it is
calculation    the work on a block: draw, explain, record
block          a block's record: where its rows lie, and what is written of them
blocks_folder  where records are kept until the end
workers        several processes
records        the records of all blocks, as columns and row by row
assembly       from records to files
done           what is whole already
run            one run: what is done is kept, what is missing is worked out, all is assembled
"""
