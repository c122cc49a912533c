"""Model files: our own format, every other that a user may have, and a small zoo to train.

Its files in the order of reading:

load         a model from a file of any format; nothing of a file is run unless the caller trusts it
recognition  which kind of file it is, by its content, and what is no model at all
native       our own format: the captured graph as plain data
claims       what such a file says of its graph, checked against the graph
geometry     input length and layout of a model that is not in our own format
weights      where a file keeps its weights, and under which names
user_class   the class that weights belong to
unpickling   what else was pickled, where its classes cannot be imported
content      what a model computes, as a hash
zoo          architectures to train
checkpoints  a training's model files, with weights and learning rate
"""
