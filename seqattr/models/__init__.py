"""Model files: our own format, every other that a user may have, and a small zoo to train.

Its files in the order of reading:

load         a model from a file of any format; nothing of a file is run unless the caller trusts it
recognition  which kind of file it is, by its content
other_files, other_folders, pickled_kind, protobuf
             what a file or folder is that is no model
native       our own format: the captured graph as plain data
claims       what such a file says of its graph, checked against the graph
sources      a reader for each kind that is not our own format
origin       where a model came from, as its file in our own format keeps it
geometry     what such a file and the caller tell of it: input length, layout, targets
weights      where a file keeps its weights, and under which names
user_class   the class that weights belong to
zoo_weights  the arguments of an architecture of the zoo, found from the shapes of weights
unpickling   what else was pickled, where its classes cannot be imported
content      what a model computes, as a hash
zoo          architectures to train
checkpoints  a training's model files, with weights and learning rate
"""
