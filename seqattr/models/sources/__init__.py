"""Model files that are not in our own format: one module for each kind, with one function, `read`.

    read(path, foreign, content) -> ReadModule

`content` is what recognition has read of the file, where that was plain data. Each raises ModelError for a
file that does not hold what it should.

state_dicts        weights that torch.save wrote, also in a training's or Lightning's checkpoint
safetensors_files  weights in a file of the package safetensors
hugging_face       a folder with a config and weights, in one file or several
pickles            a pickled module, or weights among whatever else was pickled
torchscript        what torch.jit.save wrote
exported           what torch.export.save wrote
bpnet_keras        BPNet and ChromBPNet of Keras .h5 files, into the zoo's modules
bpnet_structure    which layer has which part in them
keras_files        .h5, .keras and weights of Keras, by its torch backend
keras_models       a Keras model as a module of PyTorch, and its input that is DNA
keras_config       layers and their calls, as a Keras model's config tells them
keras_values       tensors in it, and what layers get beside them
keras_layers       from their config to layers of Keras 3
keras_operations   steps that are functions: Keras 3's own, TensorFlow's
keras_recurrent    LSTM and GRU as torch's own, one step of a graph
keras_weights      the weights of a file, put into them
keras_hdf5         HDF5 files of Keras, read as numbers and texts
"""
