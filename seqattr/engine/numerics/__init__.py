"""Functions of tensors: secants, convolutions, kernels. No graph."""
